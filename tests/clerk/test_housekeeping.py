"""The own authority over its life: made once, replaced in time, and never without what it needs."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.clerk import housekeeping
from forecourt.clerk.own_keys import NewKey, OwnKeys
from forecourt.clerk.own_making import Workshop, make_list
from forecourt.clerk.signers.pkcs11 import TokenTrouble
from forecourt.domain.authorities.model import KeyFamily, OwnPolicy, Phase, Rank
from forecourt.domain.authorities.own_ca import MadeCa
from forecourt.domain.authorities.own_plan import APART, MakeList
from forecourt.domain.errors import DomainError
from forecourt.domain.signing.model import SigningUnavailable, Use
from forecourt.domain.trust.model import Origin, Policy, Purpose, RevocationMode, Role
from forecourt.gateway.revocation_desk import RevocationDesk, State
from forecourt.pki.certificate import Certificate
from forecourt.pki.chain import is_issued_by
from forecourt.pki.errors import PathRefused
from forecourt.pki.path import Anchors, verify_path
from forecourt.pki.reasons import Reason
from forecourt.pki.revocation import check_crl, read_crl
from tests.gateway.desk import Watch
from tests.support.own_house import BASE, OwnHouse, names
from tests.support.signings import a_csr, a_wanted


def test_nothing_is_made_before_somebody_wants_it() -> None:
    house = OwnHouse()
    house.keep()
    assert house.own_ca.hierarchy() == []
    house.created()
    assert len(house.own_ca.hierarchy()) == 2


@pytest.mark.parametrize("families", [{KeyFamily.ECDSA}, {KeyFamily.RSA, KeyFamily.ECDSA}])
def test_a_hierarchy_of_every_family_is_made_trusted_and_listed(families: set[KeyFamily]) -> None:
    house = OwnHouse(policy=OwnPolicy(families=frozenset(families))).created()
    for family in families:
        root, issuing = house.has(Rank.ROOT, family=family), house.has(Rank.ISSUING, family=family)
        assert is_issued_by(issuing.certificate, root.certificate)
        for own, role in ((root, Role.ANCHOR), (issuing, Role.INTERMEDIATE)):
            trusted = house.workspace.services.trust.get(own.fingerprint)
            assert (trusted.role, trusted.origin) == (role, Origin.OWN_CA)
            assert trusted.purposes == {Purpose.STATION, Purpose.SERVER}
            crl = read_crl(house.own_ca.crl(own.address).der)
            check_crl(crl, own.certificate, house.clock.now())
            assert house.own_ca.responder(own).issuer == own.fingerprint
    assert house.own_ca.needed() == []
    assert house.alarms() == []


def test_the_first_request_has_the_hierarchy_made_and_is_signed_at_once() -> None:
    house = OwnHouse()
    issued = house.issue("SN-1")
    assert len(house.all(Rank.ISSUING)) == 1
    assert names(issued.chain)[0] == "SN-1"


def test_two_nodes_that_begin_at_once_make_one_hierarchy() -> None:
    one = OwnHouse()
    other = OwnHouse(workspace=one.workspace, clock=one.clock)
    one.own_ca.create(asked_by="test")

    async def both() -> None:
        await asyncio.gather(one.keeping.make_all(), other.keeping.make_all())

    one.run(both())
    assert [own.rank for own in one.own_ca.hierarchy()] == [Rank.ROOT, Rank.ISSUING]
    assert one.own_ca.needed() == []


def test_a_crash_between_any_two_steps_is_continued(monkeypatch: pytest.MonkeyPatch) -> None:
    house = OwnHouse()
    house.own_ca.create(asked_by="test")
    monkeypatch.setattr(housekeeping, "ROUNDS", 1)  # a process that ends after every commit
    fingerprints: list[str] = []
    for _ in range(10):
        house.run(OwnHouse(workspace=house.workspace, clock=house.clock).keeping.make_all())
        found = [own.fingerprint for own in house.own_ca.hierarchy()]
        assert found[: len(fingerprints)] == fingerprints, "something was made twice"
        fingerprints = found
    assert house.own_ca.needed() == []
    assert len(fingerprints) == 2


def test_what_was_made_and_is_not_wanted_any_more_is_not_kept() -> None:
    house = OwnHouse().created()
    _, issuing = house.own_ca.hierarchy()
    task = MakeList(issuer=issuing, number=7)
    assert not house.own_ca.made(make_list(_shop(house), task, house.own_ca.opened(issuing), [], covers=0))
    assert house.own_ca.crl(issuing.address).number == 1


def _shop(house: OwnHouse) -> Workshop:
    return Workshop(
        keys=house.keys,
        places=house.places,
        policy=house.own_ca.policy(),
        organisation=house.own_ca.organisation() or "",
        at=house.clock.now(),
    )


def test_a_station_gets_a_chain_up_to_the_root_and_a_server_none() -> None:
    """A02; RFC 8446 §4.4.2."""
    house = OwnHouse().created()
    root, issuing = house.has(Rank.ROOT), house.has(Rank.ISSUING)
    assert house.issue("SN-1").chain[1:] == (issuing.certificate, root.certificate)
    assert house.issue("csms.example.com", use=Use.SERVER).chain[1:] == (issuing.certificate,)


def test_every_station_certificate_is_accepted_at_the_door_at_once() -> None:
    """Whatever the mode of revocation, and though nobody can reach the places that it names."""
    house = OwnHouse(base=BASE).created()
    issued = house.issue("SN-1")
    leaf, issuing, root = issued.chain
    assert leaf.crl_urls == (f"{BASE}/pki/{house.has(Rank.ISSUING).address}.crl",)
    house.workspace.services.trust.set_policy(Policy(revocation=RevocationMode.HARD), asked_by="test")
    trusting = house.trusting()
    path = verify_path(leaf, [], trusting.station_anchors, house.clock.now())
    assert path == (leaf, issuing, root)
    assert house.run(_look(house, path)) is State.GOOD


async def _look(house: OwnHouse, path: tuple[Certificate, ...]) -> State:
    desk: RevocationDesk = Watch(clock=house.clock).revocation
    return (await desk.look(path, house.trusting(), may_fetch=False)).state


def test_a_revoked_certificate_is_refused_at_once_and_listed_within_a_round() -> None:
    house = OwnHouse().created()
    leaf, issuing, _ = house.issue("SN-1").chain
    house.own_ca.revoke(leaf.issuer_hash, leaf.serial, Reason.KEY_COMPROMISE, asked_by="test")
    assert (leaf.issuer_hash, leaf.serial) in house.trusting().revoked
    house.lists()
    own = house.has(Rank.ISSUING)
    stored = house.own_ca.crl(own.address)
    crl = read_crl(stored.der)
    check_crl(crl, issuing, house.clock.now())
    assert stored.number == 2
    assert crl.is_revoked(leaf)
    assert any(one.digest == crl.digest for one in house.workspace.services.trust.crls())


def test_what_is_revoked_while_a_list_is_made_is_in_the_next_one() -> None:
    house = OwnHouse().created()
    first, second = (house.issue(name).chain[0] for name in ("SN-1", "SN-2"))
    own = house.has(Rank.ISSUING)
    house.own_ca.revoke(first.issuer_hash, first.serial, Reason.UNSPECIFIED, asked_by="test")
    house.clock.advance(APART)
    task = next(one for one in house.own_ca.needed() if isinstance(one, MakeList))
    covers, entries = house.own_ca.asked(own), house.own_ca.entries(own)
    house.own_ca.revoke(second.issuer_hash, second.serial, Reason.UNSPECIFIED, asked_by="test")
    shop = _shop(house)
    assert house.own_ca.made(make_list(shop, task, house.own_ca.opened(own), entries, covers=covers))
    assert not read_crl(house.own_ca.crl(own.address).der).is_revoked(second)
    house.lists()
    crl = read_crl(house.own_ca.crl(own.address).der)
    assert crl.is_revoked(first)
    assert crl.is_revoked(second)


def test_a_list_is_made_again_at_half_of_its_life_with_a_higher_number() -> None:
    """RFC 5280 §5.2.3."""
    house = OwnHouse().created()
    own = house.has(Rank.ISSUING)
    house.goes_by(hours=11)
    assert house.own_ca.crl(own.address).number == 1
    house.goes_by(hours=1)
    assert house.own_ca.crl(own.address).number == 2
    assert house.own_ca.crl(own.address).next_update == house.clock.now() + timedelta(hours=24)


def test_revocations_of_what_has_expired_leave_the_list_after_one_that_named_them() -> None:
    """RFC 5280 §3.3."""
    house = OwnHouse().created()
    leaf = house.issue("SN-1").chain[0]
    house.own_ca.revoke(leaf.issuer_hash, leaf.serial, Reason.SUPERSEDED, asked_by="test")
    own = house.has(Rank.ISSUING)
    house.goes_by(days=365, hours=1)
    assert read_crl(house.own_ca.crl(own.address).der).is_revoked(leaf)
    house.goes_by(days=4)
    house.goes_by(days=1)
    assert not read_crl(house.own_ca.crl(own.address).der).is_revoked(leaf)


def test_only_a_certificate_on_hold_comes_back() -> None:
    house = OwnHouse().created()
    held, gone = (house.issue(name).chain[0] for name in ("SN-1", "SN-2"))
    house.own_ca.revoke(held.issuer_hash, held.serial, Reason.CERTIFICATE_HOLD, asked_by="test")
    house.own_ca.revoke(gone.issuer_hash, gone.serial, Reason.KEY_COMPROMISE, asked_by="test")
    house.own_ca.unrevoke(held.issuer_hash, held.serial, asked_by="test")
    with pytest.raises(DomainError, match="for good"):
        house.own_ca.unrevoke(gone.issuer_hash, gone.serial, asked_by="test")
    assert house.trusting().revoked == {(gone.issuer_hash, gone.serial)}


def test_one_on_hold_may_be_revoked_for_good_and_nothing_twice() -> None:
    house = OwnHouse().created()
    leaf = house.issue("SN-1").chain[0]
    house.own_ca.revoke(leaf.issuer_hash, leaf.serial, Reason.CERTIFICATE_HOLD, asked_by="test")
    house.own_ca.revoke(leaf.issuer_hash, leaf.serial, Reason.KEY_COMPROMISE, asked_by="test")
    with pytest.raises(DomainError, match="already"):
        house.own_ca.revoke(leaf.issuer_hash, leaf.serial, Reason.SUPERSEDED, asked_by="test")


def test_a_new_issuing_ca_takes_over_and_the_former_ones_certificates_stay_good() -> None:
    house = OwnHouse().created()
    former = house.has(Rank.ISSUING)
    old = house.issue("SN-1").chain
    house.own_ca.roll_issuing(KeyFamily.ECDSA, asked_by="test")
    house.keep()
    new = house.issue("SN-2").chain
    assert house.has(Rank.ISSUING, Phase.FORMER) == replace(former, phase=Phase.FORMER)
    assert new[1] == house.has(Rank.ISSUING).certificate != old[1]
    for chain in (old, new):
        verify_path(chain[0], [], house.trusting().station_anchors, house.clock.now())
    house.own_ca.revoke(old[0].issuer_hash, old[0].serial, Reason.SUPERSEDED, asked_by="test")
    house.lists()
    assert read_crl(house.own_ca.crl(former.address).der).is_revoked(old[0])


def test_an_issuing_ca_is_replaced_by_itself_before_it_ends() -> None:
    policy = OwnPolicy(families=frozenset({KeyFamily.ECDSA}), issuing_days=400, station_days=100)
    house = OwnHouse(policy=policy).created()
    first = house.has(Rank.ISSUING)
    house.goes_by(days=400 - 181)
    assert house.has(Rank.ISSUING) == first
    house.goes_by(days=2)
    assert house.has(Rank.ISSUING) != first
    assert house.alarms() == []


def test_a_revoked_issuing_ca_is_replaced_and_signs_nothing_meanwhile() -> None:
    house = OwnHouse().created()
    bad = house.has(Rank.ISSUING)
    path = house.issue("SN-1").chain
    house.own_ca.revoke(bad.certificate.issuer_hash, bad.certificate.serial, Reason.CA_COMPROMISE, asked_by="test")
    assert house.own_ca.material().issuing == {}
    assert house.issue("SN-2").chain[1] != bad.certificate
    trusting = house.trusting()
    assert (bad.certificate.issuer_hash, bad.certificate.serial) in trusting.revoked
    house.goes_by(seconds=1)
    assert read_crl(house.own_ca.crl(house.has(Rank.ROOT).address).der).is_revoked(bad.certificate)
    assert house.run(_look(house, path)) is State.REVOKED


def test_a_root_is_rolled_over_without_locking_anybody_out() -> None:
    """M05.FR.09; security whitepaper M05: the next root is trusted first, and signs later."""
    house = OwnHouse().created()
    old_root = house.has(Rank.ROOT)
    old = house.issue("SN-1").chain
    house.own_ca.roll_root(KeyFamily.ECDSA, asked_by="test")
    house.keep()
    new_root = house.has(Rank.ROOT, Phase.NEXT)
    assert new_root.cross is not None
    assert is_issued_by(new_root.cross, old_root.certificate)
    assert house.issue("SN-2").chain[1:] == old[1:], "the next root signs before it is activated"
    with pytest.raises(DomainError, match="next"):
        house.own_ca.roll_root(KeyFamily.ECDSA, asked_by="test")
    house.own_ca.activate(new_root.fingerprint, asked_by="test")
    assert house.own_ca.material().issuing, "nobody can sign between the roots"
    house.keep()
    new = house.issue("SN-3").chain
    assert new[2:] == (new_root.cross, old_root.certificate)
    at = house.clock.now()
    for anchors in (Anchors([old_root.certificate], []), Anchors([new_root.certificate], [])):
        verify_path(new[0], new[1:], anchors, at)  # a station knows one of the two
    for chain in (old, new):
        verify_path(chain[0], [], house.trusting().station_anchors, at)


def test_a_retired_root_takes_everything_below_it_along() -> None:
    house = OwnHouse().created()
    old_root, old = house.has(Rank.ROOT), house.issue("SN-1").chain
    house.own_ca.roll_root(KeyFamily.ECDSA, asked_by="test")
    house.keep()
    with pytest.raises(DomainError, match="active"):
        house.own_ca.retire(old_root.fingerprint, asked_by="test")
    house.own_ca.activate(house.has(Rank.ROOT, Phase.NEXT).fingerprint, asked_by="test")
    with pytest.raises(DomainError, match="still signs"):
        house.own_ca.retire(old_root.fingerprint, asked_by="test")
    house.keep()
    with pytest.raises(DomainError, match="1 good certificate"):
        house.own_ca.retire(old_root.fingerprint, asked_by="test")
    house.own_ca.retire(old_root.fingerprint, asked_by="test", despite=True)
    house.keep()
    trusting = house.trusting()
    assert {one.fingerprint for one in old[1:]} <= trusting.distrusted
    with pytest.raises(PathRefused):
        verify_path(old[0], old[1:], trusting.station_anchors, house.clock.now())
    new = house.issue("SN-2").chain
    assert new[2:] == (house.has(Rank.ROOT).certificate,), "the cross certificate leads to a root that is gone"
    verify_path(new[0], [], trusting.station_anchors, house.clock.now())
    with pytest.raises(DomainError, match="retired"):
        house.own_ca.opened(old_root)


def test_the_next_root_is_made_in_time_and_an_operator_is_told_to_activate_it() -> None:
    policy = OwnPolicy(families=frozenset({KeyFamily.ECDSA}), root_days=1000, issuing_days=300, overlap_days=100)
    house = OwnHouse(policy=replace(policy, station_days=30, server_days=30)).created()
    house.goes_by(days=690)
    assert house.all(Rank.ROOT, Phase.NEXT) == []
    house.goes_by(days=20)
    assert len(house.all(Rank.ROOT, Phase.NEXT)) == 1
    [(subject, sentence)] = house.alarms()
    assert subject == "ecdsa root"
    assert "activate" in sentence
    house.own_ca.activate(house.has(Rank.ROOT, Phase.NEXT).fingerprint, asked_by="test")
    house.goes_by(days=1)
    assert house.alarms() == []


def test_an_expired_ca_loses_its_key_and_its_responders_go() -> None:
    policy = OwnPolicy(families=frozenset({KeyFamily.ECDSA}), issuing_days=40, overlap_days=10)
    house = OwnHouse(policy=replace(policy, station_days=10, server_days=10)).created()
    first = house.has(Rank.ISSUING)
    house.goes_by(days=31)
    house.goes_by(days=12)
    assert house.own_ca.certificate(first.fingerprint).phase is Phase.RETIRED
    with pytest.raises(DomainError):
        house.own_ca.opened(first)


class BrokenKeys(OwnKeys):
    """A token that is out of order."""

    def new_ca_key(self, family: KeyFamily, *, in_token: bool) -> NewKey:
        raise TokenTrouble("The token does not answer.")


def test_what_cannot_be_made_is_told_and_tried_again() -> None:
    house = OwnHouse(keys=BrokenKeys())
    house.own_ca.create(asked_by="test")
    house.keep()
    [(subject, sentence)] = house.alarms()
    assert subject == housekeeping.MAKING
    assert "does not answer" in sentence
    mended = OwnHouse(workspace=house.workspace, clock=house.clock)
    mended.keep()
    assert len(mended.all(Rank.ISSUING)) == 1
    assert mended.alarms() == []


class HangingKeys(OwnKeys):
    """A device that never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()

    def new_ca_key(self, family: KeyFamily, *, in_token: bool) -> NewKey:
        self.goes_on.wait(20)
        return super().new_ca_key(family, in_token=in_token)


def test_a_device_that_hangs_is_left_behind_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "LONGEST_SECONDS", 0.1)
    keys = HangingKeys()
    house = OwnHouse(keys=keys)
    house.own_ca.create(asked_by="test")
    try:
        house.keep()
        assert "took longer" in dict(house.alarms())[housekeeping.MAKING]
    finally:
        keys.goes_on.set()


def test_a_request_is_not_lost_while_nothing_can_be_made() -> None:
    house = OwnHouse(keys=BrokenKeys())
    with pytest.raises(SigningUnavailable, match="no issuing CA"):
        house.issue("SN-1")
    mended = OwnHouse(workspace=house.workspace, clock=house.clock)
    assert mended.signed(a_wanted("CP-1", "SN-1", csr=a_csr("SN-1"))).chain


def test_the_keys_of_cas_are_sealed_in_the_database() -> None:
    house = OwnHouse().created()
    rows = house.workspace.unit.all("SELECT sealed_key, pem FROM own_certificate")
    assert len(rows) == 4
    for sealed, _pem in rows:
        assert sealed.startswith("gAAAA")
        assert "PRIVATE" not in sealed
    made = MadeCa.__dataclass_fields__["key"]
    assert not made.repr
