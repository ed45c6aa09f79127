"""Tests of the register of revoked certificates and of the lists of outside CAs (A00.FR.704)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from forecourt.domain.errors import Kind
from forecourt.domain.security_log import model as log
from forecourt.domain.trust import revocations
from forecourt.domain.trust.model import Purpose
from forecourt.domain.trust.revocations import read_list, read_revoked
from tests.domain.trust.trusting import SERVER, Vicinity
from tests.domain.world import ALL, refused
from tests.support.authority import Authority, Validity
from tests.support.clock import NOON


def test_a_revoked_certificate_is_revoked_at_once_and_until_it_is_taken_out(world: Vicinity) -> None:
    leaf = world.root.leaf("SN-1", serial=0x0A1B).certificate
    issuer = leaf.issuer_hash
    assert not world.trust.is_revoked(issuer, leaf.serial)
    with world.counts():
        entered = world.trust.revoke_certificate(leaf, reason="stolen", asked_by="admin")
    revoked = entered.revoked
    assert entered.warnings == ()
    assert (revoked.issuer_hash, revoked.serial, revoked.subject) == (issuer, "A1B", leaf.subject)
    assert (revoked.revoked_by, revoked.revoked_at) == ("admin", NOON)
    assert world.trust.is_revoked(issuer, leaf.serial)
    assert world.trust.snapshot().revoked == {(issuer, "A1B")}
    assert world.trust.revocations(ALL).items == [revoked]
    assert "stolen" in world.notes(log.Kind.REVOCATION_CHANGED)[0]
    with refused(Kind.CONFLICT, about="revoked already"):
        world.trust.revoke(issuer_hash=issuer, serial="a1b", reason="", asked_by="admin")
    with world.counts():
        world.trust.unrevoke(issuer, "0a:1b", asked_by="admin")
    assert world.trust.snapshot().revoked == frozenset()
    with refused(Kind.NOT_FOUND):
        world.trust.unrevoke(issuer, "A1B", asked_by="admin")


@pytest.mark.parametrize(("written", "kept"), [("00:0A:1b", "A1B"), ("0", "0"), ("00", "0"), ("ff", "FF")])
def test_serial_numbers_may_be_written_as_tools_show_them(world: Vicinity, written: str, kept: str) -> None:
    issuer = world.root.certificate.subject_hash
    entered = world.trust.revoke(issuer_hash=issuer.upper(), serial=written, reason="", asked_by="admin").revoked
    assert (entered.issuer_hash, entered.serial) == (issuer, kept)


@pytest.mark.parametrize(
    ("issuer", "serial", "field"),
    [("ab", "1", "issuerHash"), ("x" * 64, "1", "issuerHash"), ("a" * 64, "", "serial"), ("a" * 64, "xyz", "serial")],
)
def test_what_names_no_certificate_is_refused(world: Vicinity, issuer: str, serial: str, field: str) -> None:
    with refused(Kind.INVALID, field=field):
        world.trust.revoke(issuer_hash=issuer, serial=serial, reason="", asked_by="admin")


def test_what_is_no_certificate_or_no_reason_is_refused(world: Vicinity) -> None:
    with refused(Kind.INVALID, field="certificate"):
        read_revoked("nonsense")
    with refused(Kind.INVALID, field="reason"):
        world.trust.revoke_certificate(world.root.certificate, reason="x" * 256, asked_by="admin")


def test_a_register_that_is_full_takes_no_more(world: Vicinity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocations, "MAX_REVOKED", 1)
    world.trust.revoke(issuer_hash="a" * 64, serial="1", reason="", asked_by="admin")
    with refused(Kind.CONFLICT, about="no more are possible"):
        world.trust.revoke(issuer_hash="a" * 64, serial="2", reason="", asked_by="admin")


def test_the_newest_list_of_an_issuer_is_kept(world: Vicinity) -> None:
    world.trusts(world.root)
    leaf = world.root.leaf().certificate
    first = read_list(world.root.crl(leaf))
    with world.counts():
        world.trust.put_crl(first, asked_by="admin")
    with world.changes_nothing():
        world.trust.put_crl(first)
    second = read_list(world.root.crl(validity=Validity(timedelta(minutes=-1), timedelta(days=1))))
    with world.counts():
        world.trust.put_crl(second)
    assert world.trust.snapshot().crls == (second,)
    with refused(Kind.CONFLICT, field="crl", about="newer"):
        world.trust.put_crl(first)
    with world.counts():
        world.trust.remove_crl(first.issuer_hash, asked_by="admin")
    assert world.trust.crls() == []
    with refused(Kind.NOT_FOUND):
        world.trust.remove_crl(first.issuer_hash, asked_by="admin")


def test_a_list_counts_only_when_a_trusted_issuer_signed_it(world: Vicinity) -> None:
    with refused(Kind.INVALID, field="crl", about="import or enable its certificate first"):
        world.trust.put_crl(read_list(world.root.crl()))
    impostor = Authority.root(now=NOON)
    world.trusts(world.root)
    for crl in (impostor.crl(), world.root.crl(validity=Validity(timedelta(days=-9), timedelta(days=-8)))):
        with refused(Kind.INVALID, field="crl"):
            world.trust.put_crl(read_list(crl))
    with refused(Kind.INVALID, field="crl"):
        read_list("nonsense")
    assert world.trust.crls() == []


def test_of_two_trusted_issuers_with_one_name_one_must_have_signed(world: Vicinity) -> None:
    """After a root is renewed both have its name for a while."""
    renewed = Authority.root(now=NOON)
    world.trusts(world.root, renewed)
    for ca in (world.root, renewed):
        world.trust.put_crl(read_list(ca.crl()))


@pytest.mark.parametrize("is_known_by_number", [False, True])
def test_who_revokes_a_ca_is_told_that_it_counts_for_its_stations(world: Vicinity, is_known_by_number: bool) -> None:
    world.trusts(world.root, world.sub)
    sub = world.sub.certificate
    if is_known_by_number:
        entered = world.trust.revoke(issuer_hash=sub.issuer_hash, serial=sub.serial, reason="", asked_by="admin")
    else:
        entered = world.trust.revoke_certificate(sub, reason="", asked_by="admin")
    [warning] = entered.warnings
    assert "enabled intermediate for stationIdentity" in str(warning)


def test_lists_of_one_name_are_kept_by_key_and_scope(world: Vicinity) -> None:
    """RFC 5280 §5.2.1 and §5.2.5: a CA may have two keys for a while, and lists for parts of what it issued."""
    world.trusts(world.root)
    for_users = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)
    lists = [
        read_list(world.root.crl(1)),
        read_list(world.root.crl(2, extensions=[(for_users, True)])),
        read_list(world.root.crl(3, extensions=[(x509.AuthorityKeyIdentifier(b"key", None, None), False)])),
    ]
    for crl in lists:
        world.trust.put_crl(crl)
    assert set(world.trust.crls()) == set(lists)
    world.trust.remove_crl(lists[0].issuer_hash, digest=lists[1].digest, asked_by="admin")
    assert set(world.trust.crls()) == {lists[0], lists[2]}
    world.trust.remove_crl(lists[0].issuer_hash, asked_by="admin")
    assert world.trust.crls() == []


def test_lists_have_a_limit_together(world: Vicinity, monkeypatch: pytest.MonkeyPatch) -> None:
    world.trusts(world.root, world.sub)
    first, larger = read_list(world.root.crl()), read_list(world.root.crl(*range(1, 50)))
    monkeypatch.setattr(revocations, "MAX_CRL_BYTES", len(larger.der))
    world.trust.put_crl(first)
    world.trust.put_crl(larger)
    with refused(Kind.CONFLICT, field="crl", about="remove lists"):
        world.trust.put_crl(read_list(world.sub.crl()))
    monkeypatch.setattr(revocations, "MAX_CRLS", 1)
    with refused(Kind.CONFLICT, field="crl", about="1 lists are kept"):
        world.trust.put_crl(read_list(world.sub.crl()))


def test_a_list_of_whose_certificates_nobody_checks_is_refused(world: Vicinity) -> None:
    world.trusts(world.root, purposes=SERVER)
    with refused(Kind.INVALID, field="crl", about="stationIdentity, onboarding or firmwareSigning"):
        world.trust.put_crl(read_list(world.root.crl()))


def test_a_list_of_a_makers_ca_is_taken(world: Vicinity) -> None:
    """A00.FR.706."""
    world.trusts(world.root, purposes=frozenset({Purpose.FIRMWARE}))
    world.trust.put_crl(read_list(world.root.crl()))
    assert len(world.trust.crls()) == 1


def test_a_list_that_cannot_be_read_any_more_is_told_of_and_removed(world: Vicinity) -> None:
    world.trusts(world.root, world.sub)
    for ca in (world.root, world.sub):
        world.trust.put_crl(read_list(ca.crl()))
    issuer = world.root.certificate.subject_hash
    world.unit.execute("UPDATE crl SET der = ?, digest = 'x' WHERE issuer_hash = ?", (b"damaged", issuer))
    snapshot = world.trust.snapshot()
    assert len(snapshot.crls) == 1
    assert [one.name for one in snapshot.unusable] == [issuer]
    world.trust.remove_crl(issuer, asked_by="admin")
    assert world.trust.unusable() == []
