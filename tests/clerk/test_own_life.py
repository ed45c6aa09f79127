"""The own authority when time has passed it by, when it is given up in part, and when what it signed is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.clerk import housekeeping
from forecourt.clerk.own_keys import NewKey, OwnKeys
from forecourt.clerk.signers.own import OwnSigner
from forecourt.clerk.signers.pkcs11 import TokenTrouble
from forecourt.domain.authorities.model import OWN, KeyFamily, Phase, Rank
from forecourt.domain.errors import DomainError
from forecourt.domain.signing.model import SigningState, SigningUnavailable
from forecourt.domain.trust.model import Policy
from forecourt.pki.chain import is_issued_by
from forecourt.pki.ocsp_answers import GOOD
from forecourt.pki.reasons import Reason
from forecourt.pki.revocation import check_crl, read_crl
from tests.support.own_house import ON_CURVES, OwnHouse
from tests.support.signings import a_csr, a_wanted

SHORT = replace(ON_CURVES, root_days=100, issuing_days=40, overlap_days=20, station_days=10, server_days=10)
ROLLED = KeyFamily.ECDSA


def test_every_station_certificate_gets_its_full_life_until_a_root_nobody_activated_takes_over() -> None:
    house = OwnHouse(policy=SHORT).created()
    first, following = house.has(Rank.ROOT), None
    for day in range(105):
        house.goes_by(days=1)
        leaf = house.issue(f"SN-{day}").chain[0]
        assert leaf.not_after - house.clock.now() == timedelta(days=10), day
        following = following or next(iter(house.all(Rank.ROOT, Phase.NEXT)), None)
    assert following is not None
    assert following.cross is not None
    assert is_issued_by(following.cross, first.certificate)
    assert house.has(Rank.ROOT).fingerprint == following.fingerprint, "another root than stations could learn of"


def test_a_system_that_was_off_while_its_root_ended_goes_on_at_once() -> None:
    house = OwnHouse(policy=SHORT).created()
    first = house.has(Rank.ROOT)
    house.goes_by(days=100, hours=2)
    root = house.has(Rank.ROOT)
    assert root.fingerprint != first.fingerprint
    assert root.cross is None
    assert house.issue("SN-1").chain[2:] == (root.certificate,)
    assert house.alarms() == []


def test_a_root_is_not_rolled_while_one_before_it_is_trusted() -> None:
    """Stations that know only the first one would find no way over two."""
    house = OwnHouse().created()
    first = house.has(Rank.ROOT)
    house.own_ca.roll_root(ROLLED, asked_by="test")
    house.keep()
    house.own_ca.activate(house.has(Rank.ROOT, Phase.NEXT).fingerprint, asked_by="test")
    house.keep()
    with pytest.raises(DomainError, match="retire it first"):
        house.own_ca.roll_root(ROLLED, asked_by="test")
    house.own_ca.retire(first.fingerprint, asked_by="test")
    house.own_ca.roll_root(ROLLED, asked_by="test")


def test_a_root_whose_key_is_lost_is_not_activated() -> None:
    house = OwnHouse().created()
    house.own_ca.roll_root(ROLLED, asked_by="test")
    house.keep()
    following = house.has(Rank.ROOT, Phase.NEXT)
    house.workspace.unit.execute("UPDATE own_certificate SET sealed_key = 'x' WHERE phase = 'next'")
    with pytest.raises(DomainError, match="cannot be opened"):
        house.own_ca.activate(following.fingerprint, asked_by="test")


def test_what_is_asked_for_can_be_taken_back_before_it_is_made() -> None:
    house = OwnHouse().created()
    issuing = house.has(Rank.ISSUING)
    house.own_ca.roll_issuing(ROLLED, asked_by="test")
    assert house.own_ca.rolls() == [(ROLLED, Rank.ISSUING)]
    house.own_ca.cancel_roll(ROLLED, Rank.ISSUING, asked_by="test")
    house.keep()
    assert house.has(Rank.ISSUING) == issuing
    with pytest.raises(DomainError):
        house.own_ca.cancel_roll(ROLLED, Rank.ISSUING, asked_by="test")


def test_a_family_that_is_given_up_signs_no_more_and_may_be_taken_up_again() -> None:
    house = OwnHouse(policy=replace(SHORT, families=frozenset(KeyFamily))).created()
    old = house.issue("SN-1", key="RSA 2048").chain
    root = house.has(Rank.ROOT, family=KeyFamily.RSA)
    house.change(families=frozenset({KeyFamily.ECDSA}))
    house.keep()
    ecdsa = house.has(Rank.ISSUING)
    assert house.issue("SN-2", key="RSA 2048").chain[1] == ecdsa.certificate
    assert [one.phase for one in house.own_ca.hierarchy() if one.family is KeyFamily.RSA] == [Phase.FORMER] * 2
    standing = house.own_ca.standing(house.all(Rank.ISSUING, Phase.FORMER, KeyFamily.RSA)[0], int(old[0].serial, 16))
    assert standing == GOOD
    house.change(families=frozenset(KeyFamily))
    house.keep()
    assert house.has(Rank.ROOT, family=KeyFamily.RSA) == root
    assert house.issue("SN-3", key="RSA 2048").chain[1] == old[1]
    house.change(families=frozenset({KeyFamily.ECDSA}))
    house.goes_by(days=39, hours=12)
    assert house.alarms() == []


def test_a_retired_issuing_ca_is_in_its_roots_list_and_has_a_last_one_until_it_ends() -> None:
    house = OwnHouse().created()
    root, retired = house.has(Rank.ROOT), house.has(Rank.ISSUING)
    leaf = house.issue("SN-1").chain[0]
    house.own_ca.roll_issuing(ROLLED, asked_by="test")
    house.keep()
    house.own_ca.revoke(leaf.issuer_hash, leaf.serial, Reason.SUPERSEDED, asked_by="test")
    house.own_ca.retire(retired.fingerprint, asked_by="test")
    house.lists()
    assert read_crl(house.own_ca.crl(root.address).der).is_revoked(retired.certificate)
    found = house.own_ca.find_revocation(retired.certificate.issuer_hash, retired.certificate.serial)
    assert found is not None
    assert found.reason is Reason.CESSATION_OF_OPERATION
    last = house.own_ca.crl(retired.address)
    crl = read_crl(last.der)
    check_crl(crl, retired.certificate, house.clock.now())
    assert last.next_update == retired.certificate.not_after
    assert crl.is_revoked(leaf)
    with pytest.raises(DomainError):
        house.own_ca.served(retired.address)
    with pytest.raises(DomainError, match="retired"):
        house.own_ca.opened(retired)
    house.goes_by(days=2)
    assert house.own_ca.crl(retired.address) == last
    assert house.alarms() == []


def test_a_retired_ca_whose_key_is_lost_keeps_the_list_it_has() -> None:
    house = OwnHouse().created()
    retired = house.has(Rank.ISSUING)
    house.own_ca.roll_issuing(ROLLED, asked_by="test")
    house.keep()
    house.workspace.unit.execute("UPDATE own_certificate SET sealed_key = 'x' WHERE phase = 'former'")
    house.own_ca.retire(retired.fingerprint, asked_by="test")
    house.keep()
    assert house.own_ca.crl(retired.address).number == 1
    assert house.own_ca.needed() == []
    assert house.alarms() == []


def test_what_is_revoked_in_the_store_of_trust_is_listed_too() -> None:
    """A00.FR.704."""
    house = OwnHouse().created()
    trust, own = house.workspace.services.trust, house.has(Rank.ISSUING)
    leaf = house.issue("SN-1").chain[0]
    trust.revoke_certificate(leaf, reason="key stolen", asked_by="test")
    house.lists()
    assert house.own_ca.standing(own, int(leaf.serial, 16)) != GOOD
    assert read_crl(house.own_ca.crl(own.address).der).is_revoked(leaf)
    with pytest.raises(DomainError, match="for good"):
        trust.unrevoke(leaf.issuer_hash, leaf.serial, asked_by="test")


def test_a_release_takes_out_of_the_register_only_what_the_hold_entered() -> None:
    house = OwnHouse().created()
    trust = house.workspace.services.trust
    one, other, third = (house.issue(name).chain[0] for name in ("SN-1", "SN-2", "SN-3"))
    for leaf in (one, other, third):
        house.own_ca.revoke(leaf.issuer_hash, leaf.serial, Reason.CERTIFICATE_HOLD, asked_by="test")
    house.own_ca.unrevoke(one.issuer_hash, one.serial, asked_by="test")
    trust.unrevoke(other.issuer_hash, other.serial, asked_by="test")
    house.lists()
    assert house.trusting().revoked == {(third.issuer_hash, third.serial)}
    own = house.has(Rank.ISSUING)
    crl = read_crl(house.own_ca.crl(own.address).der)
    assert [crl.is_revoked(leaf) for leaf in (one, other, third)] == [False, False, True]


def test_a_renewed_certificate_begins_after_the_one_before() -> None:
    """A02.FR.08: a station goes over to the newer one."""
    house = OwnHouse().created()
    before = house.issue("SN-1").chain[0]
    house.change(backdated=timedelta(days=30))
    house.goes_by(minutes=5)
    signing = house.workspace.services.signing
    signing.ask(a_wanted("CP-1", "SN-1", csr=a_csr("SN-1")), OWN)
    [assignment] = signing.claim("node", 10, authority=OWN)
    material = house.run(house.keeping.material())
    after = OwnSigner(material, keys=house.keys, places=house.places, clock=house.clock).sign(assignment).chain[0]
    assert before.not_before < after.not_before <= house.clock.now()


def test_what_a_ca_signed_that_was_revoked_meanwhile_is_signed_anew() -> None:
    house = OwnHouse().created()
    bad = house.has(Rank.ISSUING).certificate
    signing = house.workspace.services.signing
    number = signing.ask(a_wanted("CP-1", "SN-1", csr=a_csr("SN-1")), OWN)
    [assignment] = signing.claim("node", 10, authority=OWN)
    material = house.run(house.keeping.material())
    issued = OwnSigner(material, keys=house.keys, places=house.places, clock=house.clock).sign(assignment)
    house.own_ca.revoke(bad.issuer_hash, bad.serial, Reason.CA_COMPROMISE, asked_by="test")
    assert signing.ended(number, "node", issued)
    assert signing.get(number).state is SigningState.WAITING
    assert signing.issued_of("CP-1") == []


def test_a_cross_certificate_that_was_revoked_is_not_sent() -> None:
    house = OwnHouse().created()
    house.own_ca.roll_root(ROLLED, asked_by="test")
    house.keep()
    following = house.has(Rank.ROOT, Phase.NEXT)
    house.own_ca.activate(following.fingerprint, asked_by="test")
    house.keep()
    cross = following.cross
    assert cross is not None
    assert cross in house.issue("SN-1").chain
    house.own_ca.revoke(cross.issuer_hash, cross.serial, Reason.SUPERSEDED, asked_by="test")
    assert house.issue("SN-2").chain[2:] == (following.certificate,)


def test_a_revoked_responder_answers_no_more() -> None:
    house = OwnHouse().created()
    issuing = house.has(Rank.ISSUING)
    bad = house.own_ca.responder(issuing)
    house.own_ca.revoke(bad.certificate.issuer_hash, bad.certificate.serial, Reason.KEY_COMPROMISE, asked_by="test")
    house.keep()
    assert house.own_ca.responder(issuing).fingerprint != bad.fingerprint


def test_lists_are_good_for_clocks_that_are_late_and_never_begin_before_the_one_before() -> None:
    house = OwnHouse(policy=replace(ON_CURVES, crl_hours=0.5)).created()
    own = house.has(Rank.ISSUING)
    stored = house.own_ca.crl(own.address)
    assert stored.this_update == house.clock.now() - timedelta(hours=1)
    assert stored.next_update == house.clock.now() + timedelta(hours=0.5)
    assert house.own_ca.needed() == []
    house.change(backdated=timedelta(days=2), crl_hours=24.0)
    house.goes_by(minutes=16)
    assert house.own_ca.crl(own.address).this_update >= stored.this_update
    assert house.alarms() == []


class NoNewKeys(OwnKeys):
    """A token that signs, and makes nothing."""

    def new_ca_key(self, family: KeyFamily, *, in_token: bool) -> NewKey:
        raise TokenTrouble("The token is full.")


def test_what_cannot_be_made_holds_up_nothing_else() -> None:
    made = OwnHouse().created()
    house = OwnHouse(workspace=made.workspace, clock=made.clock, keys=NoNewKeys())
    leaf, own = house.issue("SN-1").chain[0], house.has(Rank.ISSUING)
    house.own_ca.roll_issuing(ROLLED, asked_by="test")
    house.goes_by(seconds=1)
    assert "full" in dict(house.alarms())[housekeeping.MAKING]
    house.own_ca.revoke(leaf.issuer_hash, leaf.serial, Reason.KEY_COMPROMISE, asked_by="test")
    house.goes_by(seconds=1)
    assert read_crl(house.own_ca.crl(own.address).der).is_revoked(leaf)


def test_no_hierarchy_is_made_before_it_is_known_whose_it_is() -> None:
    """A00.FR.404."""
    house = OwnHouse()
    house.change(organisation=None)
    with pytest.raises(DomainError, match="cpoName"):
        house.own_ca.create(asked_by="test")
    with pytest.raises(SigningUnavailable, match="cpoName") as waiting:
        house.issue("SN-1")
    assert waiting.value.needs_person
    house.goes_by(minutes=2)
    assert house.own_ca.hierarchy() == []
    assert "cpoName" in dict(house.alarms())["organisation"]
    house.workspace.services.trust.set_policy(Policy(cpo_name="City Power"), asked_by="test")
    house.goes_by(minutes=2)
    assert house.has(Rank.ROOT).certificate.organisations == ("City Power",)
    assert house.alarms() == []


def test_revocations_of_an_issuer_that_has_ended_are_forgotten() -> None:
    house = OwnHouse(policy=SHORT).created()
    issuing = house.has(Rank.ISSUING)
    leaf = house.issue("SN-1").chain[0]
    house.own_ca.revoke(leaf.issuer_hash, leaf.serial, Reason.SUPERSEDED, asked_by="test")
    house.workspace.unit.execute("UPDATE own_revocation SET not_after = NULL")
    house.goes_by(days=20)
    assert house.own_ca.find_revocation(leaf.issuer_hash, leaf.serial) is not None
    house.goes_by(days=25)
    assert issuing.certificate.has_ended(house.clock.now())
    assert house.own_ca.find_revocation(leaf.issuer_hash, leaf.serial) is None
