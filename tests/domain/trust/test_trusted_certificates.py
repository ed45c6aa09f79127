"""Tests of who is trusted for what, and of what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.errors import Kind
from forecourt.domain.security_log import model as log
from forecourt.domain.trust import trusted_certificates
from forecourt.domain.trust.importing import Fate
from forecourt.domain.trust.model import Origin, Purpose, Role, TrustFilter
from forecourt.pki.certificate import MAX_BUNDLE
from tests.domain.trust.trusting import SERVER, STATION, Vicinity, fates
from tests.domain.world import ALL, refused
from tests.support.authority import EXPIRED, FUTURE, Authority
from tests.support.clock import NOON

FIRMWARE = frozenset({Purpose.FIRMWARE})


def test_what_issued_itself_is_an_anchor_and_what_another_issued_an_intermediate(world: Vicinity) -> None:
    with world.counts():
        outcomes = world.takes(world.root.pem, world.sub.pem)
    assert [(one.position, one.fate, one.role) for one in outcomes] == [
        (1, Fate.ADDED, Role.ANCHOR),
        (2, Fate.ADDED, Role.INTERMEDIATE),
    ]
    snapshot = world.trust.snapshot()
    assert snapshot.version == world.trust.version()
    assert snapshot.trusted_for(Purpose.STATION, Role.ANCHOR) == (world.root.certificate,)
    assert snapshot.trusted_for(Purpose.STATION, Role.INTERMEDIATE) == (world.sub.certificate,)
    assert snapshot.trusted_for(Purpose.ONBOARDING, Role.ANCHOR) == ()
    trusted = world.trust.get(world.root.certificate.fingerprint)
    assert (trusted.purposes, trusted.origin, trusted.added_by, trusted.added_at) == (
        STATION,
        Origin.OPERATOR,
        "admin",
        NOON,
    )
    told = world.notes(log.Kind.TRUST_CHANGED)
    assert len(told) == 2
    assert world.sub.certificate.subject in told[0]


def test_an_intermediate_may_be_an_anchor_when_that_is_wanted(world: Vicinity) -> None:
    assert world.takes(world.sub.pem, role=Role.ANCHOR)[0].role is Role.ANCHOR


def test_good_ones_are_taken_and_of_the_others_it_is_told_why(world: Vicinity) -> None:
    world.trusts(world.root)
    old = world.root.sub("Old", validity=EXPIRED)
    weak = world.root.sub("Weak", signature_hash="SHA1")
    leaf = world.root.leaf("SN-1")
    late = Authority.root("Late", now=NOON, validity=FUTURE)
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    bundle = [world.root.pem, broken, old.pem, weak.pem, leaf.pem, late.pem, world.sub.pem, world.sub.pem]
    outcomes = world.takes(*bundle)
    assert [one.position for one in outcomes] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert fates(outcomes) == [
        Fate.KNOWN,
        Fate.REFUSED,
        Fate.REFUSED,
        Fate.REFUSED,
        Fate.REFUSED,
        Fate.ADDED,
        Fate.ADDED,
        Fate.KNOWN,
    ]
    for outcome, about in zip(
        outcomes,
        [
            "left as it is",
            "cannot be read",
            "expired on 2025-12-31",
            "too weak (A00.FR.501)",
            "not the certificate of an authority",
            "not valid before 2026-01-02",
            "as an intermediate",
            "more than once",
        ],
        strict=True,
    ):
        assert about in str(outcome.sentence), outcome
        assert str(outcome.sentence)[0].isupper()
        assert str(outcome.sentence).endswith((".", ";")), outcome
    assert len(world.trust.snapshot().certificates) == 3


def test_a_certificate_that_is_known_is_left_as_it_is(world: Vicinity) -> None:
    world.trusts(world.root)
    with world.changes_nothing():
        [outcome] = world.takes(world.root.pem, role=Role.INTERMEDIATE)
    assert (outcome.fate, outcome.role, outcome.is_enabled) == (Fate.KNOWN, Role.ANCHOR, True)
    assert "as anchor for stationIdentity" in str(outcome.sentence)


def test_what_is_known_for_something_else_is_trusted_for_both(world: Vicinity) -> None:
    world.trusts(world.root)
    with world.counts():
        [outcome] = world.takes(world.root.pem, purposes=SERVER | STATION)
    assert (outcome.fate, outcome.is_enabled) == (Fate.EXTENDED, True)
    assert "trusted for serverChain as well now" in str(outcome.sentence)
    assert world.trust.get(world.root.certificate.fingerprint).purposes == STATION | SERVER
    assert "is trusted for serverChain as well" in world.notes(log.Kind.TRUST_CHANGED)[0]


def test_what_is_disabled_stays_so_when_it_is_imported_again(world: Vicinity) -> None:
    world.trusts(world.root)
    world.trust.change(world.root.certificate.fingerprint, is_enabled=False, asked_by="admin")
    for purposes, fate in ((SERVER, Fate.EXTENDED), (STATION, Fate.KNOWN)):
        [outcome] = world.takes(world.root.pem, purposes=purposes)
        assert (outcome.fate, outcome.is_enabled) == (fate, False)
        assert "It is disabled, and stays so" in str(outcome.sentence)
    known = world.trust.get(world.root.certificate.fingerprint)
    assert (known.purposes, known.is_enabled) == (STATION | SERVER, False)


def test_an_anchor_may_have_signed_itself_with_a_weak_hash(world: Vicinity) -> None:
    """Its own signature proves nothing; a weak key does not help anybody."""
    weak = Authority.root("Weak hash", now=NOON, signature_hash="SHA1")
    short = Authority.root("Weak key", now=NOON, key="RSA 1024")
    outcomes = world.takes(weak.pem, short.pem)
    assert fates(outcomes) == [Fate.ADDED, Fate.REFUSED]
    assert "signed with SHA1, which proves nothing" in str(outcomes[0].sentence)


def test_a_certificate_is_good_in_the_second_with_which_it_ends(world: Vicinity) -> None:
    """RFC 5280 §4.1.2.5."""
    world.clock.advance(world.root.certificate.not_after - world.clock.now())
    assert fates(world.takes(world.root.pem)) == [Fate.ADDED]
    world.clock.advance(timedelta(seconds=1))
    assert fates(world.takes(Authority.root("Other", now=NOON).pem)) == [Fate.REFUSED]


def test_what_is_disabled_counts_for_nobody_who_presents_it(world: Vicinity) -> None:
    world.trusts(world.root, world.sub)
    world.trust.change(world.sub.certificate.fingerprint, is_enabled=False, asked_by="admin")
    assert world.trust.snapshot().distrusted == {world.sub.certificate.fingerprint}


def test_who_removes_an_intermediate_is_told_that_stations_may_present_it(world: Vicinity) -> None:
    world.trusts(world.root, world.sub)
    [warning] = world.trust.remove(world.sub.certificate.fingerprint, asked_by="admin")
    assert "still get in while its issuer is trusted" in str(warning)
    assert world.trust.snapshot().distrusted == frozenset()


def test_what_was_removed_comes_back_by_an_operator_only(world: Vicinity) -> None:
    world.trusts(world.root)
    world.trust.remove(world.root.certificate.fingerprint, asked_by="admin")
    for origin in (Origin.OCPP, Origin.OWN_CA):
        with refused(Kind.CONFLICT, about="was removed from the store by admin on 2026-01-01"):
            world.trust.add(world.root.certificate, SERVER, None, origin, "somebody")
    assert world.trust.list(TrustFilter(), ALL).items == []
    assert fates(world.takes(world.root.pem)) == [Fate.ADDED]
    assert world.trust.get(world.root.certificate.fingerprint).purposes == STATION
    with refused(Kind.NOT_FOUND):
        world.trust.remove(world.sub.certificate.fingerprint, asked_by="admin")


@pytest.mark.parametrize(("column", "value"), [("pem", "damaged"), ("purposes", " of-tomorrow "), ("role", "king")])
def test_what_cannot_be_read_any_more_is_listed_and_removed(world: Vicinity, column: str, value: str) -> None:
    world.trusts(world.root, world.sub)
    fingerprint = world.root.certificate.fingerprint
    world.unit.execute(f"UPDATE trusted_certificate SET {column} = ? WHERE fingerprint = ?", (value, fingerprint))
    snapshot = world.trust.snapshot()
    assert [one.name for one in snapshot.unusable] == [fingerprint]
    assert [one.certificate for one in snapshot.certificates] == [world.sub.certificate]
    assert [one.name for one in world.trust.unusable()] == [fingerprint]
    assert len(world.trust.list(TrustFilter(), ALL).items) == 1
    with refused(Kind.CONFLICT, about="Remove it from the store"):
        world.trust.get(fingerprint)
    assert fates(world.takes(world.root.pem)) == [Fate.REFUSED]
    with world.counts():
        world.trust.remove(fingerprint, asked_by="admin")
    assert world.trust.unusable() == []
    assert fates(world.takes(world.root.pem)) == [Fate.ADDED]


def test_a_long_name_does_not_push_out_what_became_of_it(world: Vicinity) -> None:
    long = Authority.root("x" * 64, organisation=["y" * 64] * 9, now=NOON)
    world.trusts(long)
    world.trust.remove(long.certificate.fingerprint, asked_by="admin")
    assert world.notes(log.Kind.TRUST_CHANGED)[0].endswith("was removed.")


@pytest.mark.parametrize("purpose", [Purpose.STATION, Purpose.ONBOARDING, Purpose.SERVER])
def test_who_is_no_authority_vouches_for_nobody(world: Vicinity, purpose: Purpose) -> None:
    leaf = world.root.leaf("SN-1")
    with world.changes_nothing():
        [outcome] = world.takes(leaf.pem, purposes=frozenset({purpose, Purpose.FIRMWARE}))
    assert outcome.fate is Fate.REFUSED
    assert purpose.value in str(outcome.sentence)


def test_who_signs_firmware_may_be_trusted_alone(world: Vicinity) -> None:
    signer = world.root.leaf("Maker")
    assert world.takes(signer.pem, purposes=FIRMWARE)[0].role is Role.ANCHOR
    fingerprint = signer.certificate.fingerprint
    with refused(Kind.INVALID, field="purposes"):
        world.trust.change(fingerprint, purposes=STATION, asked_by="admin")
    with refused(Kind.INVALID, field="role"):
        world.trust.change(fingerprint, role=Role.INTERMEDIATE, asked_by="admin")


@pytest.mark.parametrize("data", ["", "nonsense", b"\xff\x00"])
def test_what_holds_no_certificate_is_refused(world: Vicinity, data: str | bytes) -> None:
    with world.changes_nothing(), refused(Kind.INVALID, field="bundle", about="no certificate"):
        world.trust.import_bundle(data, STATION, None, "admin")


def test_a_certificate_that_was_cut_off_is_told_of(world: Vicinity) -> None:
    with world.changes_nothing():
        [outcome] = world.takes(world.root.pem[:-30])
    assert (outcome.fate, outcome.certificate, outcome.role) == (Fate.REFUSED, None, None)
    assert "cut off" in str(outcome.sentence)


def test_ten_thousand_certificates_are_refused_at_once(world: Vicinity) -> None:
    pem = world.root.pem
    with world.changes_nothing():
        for count in (MAX_BUNDLE + 1, 10_000):
            with refused(Kind.INVALID, field="bundle", about="divide"):
                world.trust.import_bundle(pem * count, STATION, None, "admin")


def test_somebody_must_be_trusted_for_something(world: Vicinity) -> None:
    with refused(Kind.INVALID, field="purposes", about="stationIdentity"):
        world.takes(world.root.pem, purposes=frozenset())
    world.trusts(world.root)
    with refused(Kind.INVALID, field="purposes"):
        world.trust.change(world.root.certificate.fingerprint, purposes=frozenset(), asked_by="admin")


def test_a_store_that_is_full_takes_no_more(world: Vicinity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trusted_certificates, "MAX_CERTIFICATES", 2)
    others = [Authority.root(f"Root {number}", now=NOON) for number in range(3)]
    outcomes = world.takes(*(one.pem for one in others))
    assert fates(outcomes) == [Fate.ADDED, Fate.ADDED, Fate.REFUSED]
    assert "no more are possible" in str(outcomes[2].sentence)
    world.trust.remove(others[0].certificate.fingerprint, asked_by="admin")
    assert fates(world.takes(others[2].pem)) == [Fate.ADDED]


def test_what_is_disabled_does_not_count_from_then_on(world: Vicinity) -> None:
    world.trusts(world.root)
    fingerprint = world.root.certificate.fingerprint
    with world.counts():
        changed = world.trust.change(fingerprint, is_enabled=False, asked_by="admin")
    assert not changed.trusted.is_enabled
    assert world.trust.snapshot().certificates == ()
    assert "disabled" in world.notes()[0]
    with world.changes_nothing():
        world.trust.change(fingerprint, is_enabled=False, asked_by="admin")
    with world.counts():
        world.trust.change(fingerprint, is_enabled=True, purposes=SERVER, role=Role.INTERMEDIATE, asked_by="admin")
    [trusted] = world.trust.snapshot().certificates
    assert (trusted.purposes, trusted.role) == (SERVER, Role.INTERMEDIATE)


def test_what_is_removed_does_not_count_from_then_on(world: Vicinity) -> None:
    world.trusts(world.root, world.sub)
    with world.counts():
        world.trust.remove(world.root.certificate.fingerprint.upper(), asked_by="admin")
    assert [one.certificate for one in world.trust.snapshot().certificates] == [world.sub.certificate]
    with refused(Kind.NOT_FOUND):
        world.trust.get(world.root.certificate.fingerprint)


def test_the_last_anchor_of_a_purpose_goes_with_a_warning(world: Vicinity) -> None:
    other = Authority.root("Other", now=NOON)
    world.trusts(world.root, purposes=STATION | SERVER)
    world.trusts(other)
    warnings = world.trust.change(world.root.certificate.fingerprint, is_enabled=False, asked_by="admin").warnings
    assert [str(warning).split(":")[0] for warning in warnings] == ["No anchor is left for serverChain"]
    [warning] = world.trust.remove(other.certificate.fingerprint, asked_by="admin")
    assert "every station of security profile 3 is refused" in str(warning)
    assert world.trust.remove(world.root.certificate.fingerprint, asked_by="admin") == ()


def test_a_fingerprint_may_be_written_as_browsers_do(world: Vicinity) -> None:
    world.trusts(world.root)
    fingerprint = world.root.certificate.fingerprint.upper()
    pairs = [fingerprint[start : start + 2] for start in range(0, 64, 2)]
    assert world.trust.get(":".join(pairs)).certificate == world.root.certificate


def test_one_that_another_part_of_the_system_adds_is_taken_once(world: Vicinity) -> None:
    ca = world.root.certificate
    trusted = world.trust.add(ca, STATION, None, Origin.OWN_CA, "the system")
    assert (trusted.origin, trusted.role) == (Origin.OWN_CA, Role.ANCHOR)
    with world.changes_nothing():
        assert world.trust.add(ca, STATION, Role.INTERMEDIATE, Origin.OWN_CA, "somebody") == trusted
    assert world.trust.add(ca, SERVER, None, Origin.OWN_CA, "the system").purposes == STATION | SERVER
    world.trust.change(ca.fingerprint, is_enabled=False, asked_by="admin")
    with refused(Kind.CONFLICT, about="Enable it first"):
        world.trust.add(ca, FIRMWARE, None, Origin.OWN_CA, "the system")
    with refused(Kind.INVALID, field="purposes", about="not the certificate of an authority"):
        world.trust.add(world.root.leaf().certificate, STATION, None, Origin.OPERATOR, "admin")


def test_the_list_is_searched_and_sifted(world: Vicinity) -> None:
    maker = Authority.root("Maker", organisation="Acme", now=NOON)
    world.trusts(world.root, world.sub)
    world.trusts(maker, purposes=FIRMWARE | frozenset({Purpose.ONBOARDING}))
    world.trust.change(world.sub.certificate.fingerprint, is_enabled=False, asked_by="admin")

    def names(**wanted: object) -> list[str]:
        found = world.trust.list(TrustFilter(**wanted), ALL)  # type: ignore[arg-type]  # a shorthand of this test
        return [one.certificate.common_names[0] for one in found.items]

    assert names() == ["Maker", "Test Issuing CA", "Test Root"]
    assert names(purpose=Purpose.ONBOARDING) == ["Maker"]
    assert names(purpose=Purpose.STATION, role=Role.ANCHOR) == ["Test Root"]
    assert names(is_enabled=False) == ["Test Issuing CA"]
    assert names(origin=Origin.OCPP) == []
    assert len(names(origin=Origin.OPERATOR)) == 3
    assert names(search="ACME") == ["Maker"]
    assert names(search=maker.certificate.fingerprint[:20]) == ["Maker"]
    assert names(search="%") == []
    assert names(expires_before=maker.certificate.not_after) == ["Test Issuing CA"]
