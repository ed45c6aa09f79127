"""Tests of what listeners present (A00.FR.307, A00.FR.317, A00.FR.510)."""

from __future__ import annotations

import pytest

from forecourt.domain.errors import DomainError, Kind, paragraph
from forecourt.domain.security_log import model as log
from forecourt.domain.trust import server_certificates
from tests.domain.trust.trusting import SERVER, Vicinity
from tests.domain.world import refused
from tests.support.authority import EXPIRED, FUTURE, Issued

HOST = "csms.example.com"


def a_server(world: Vicinity, key: str = "EC P-256") -> Issued:
    return world.sub.leaf(HOST, dns=[HOST], key=key)


def test_a_chain_is_presented_at_once_and_its_key_is_stored_sealed(world: Vicinity) -> None:
    server = a_server(world)
    with world.counts():
        world.serves(server)
    [served] = world.trust.snapshot().server_certificates
    assert (served.name, served.chain, served.is_enabled) == ("main", server.chain, True)
    assert served.key.fits(server.certificate)
    assert world.trust.server_certificate("main").chain == server.chain
    rows = repr(world.unit.all("SELECT * FROM server_certificate"))
    middle = server.key_pem.splitlines()[1]
    assert middle not in rows
    assert "PRIVATE KEY" not in rows
    [note] = world.notes(log.Kind.SERVER_CERTIFICATE_CHANGED)
    assert HOST in note
    assert "PRIVATE" not in note


def test_a_renewed_certificate_takes_the_place_of_the_old_one(world: Vicinity) -> None:
    world.serves(a_server(world))
    renewed = a_server(world)
    with world.counts():
        world.serves(renewed)
    assert [one.chain for one in world.trust.snapshot().server_certificates] == [renewed.chain]


def test_what_is_disabled_or_removed_is_not_presented(world: Vicinity) -> None:
    world.serves(a_server(world))
    with world.counts():
        served = world.trust.enable_server_certificate("main", is_enabled=False, asked_by="admin")
    assert "TLS listeners refuse every station" in str(served.warnings[0])
    assert world.trust.snapshot().server_certificates == ()
    with world.changes_nothing():
        world.trust.enable_server_certificate("main", is_enabled=False, asked_by="admin")
    with world.counts():
        world.trust.enable_server_certificate("main", is_enabled=True, asked_by="admin")
    assert len(world.trust.snapshot().server_certificates) == 1
    with world.counts():
        [warning] = world.trust.remove_server_certificate("main", asked_by="admin")
    assert "No server certificate is enabled" in str(warning)
    assert world.trust.server_certificates() == []
    assert world.unit.all("SELECT * FROM server_certificate") == []
    with refused(Kind.NOT_FOUND):
        world.trust.server_certificate("main")


def test_an_encrypted_key_is_opened_with_its_password(world: Vicinity) -> None:
    server = a_server(world)
    encrypted = server.encrypted_key_pem(b"correct horse")
    for password in (None, "wrong"):
        with pytest.raises(DomainError) as caught:
            world.trust.put_server_certificate(
                "main", chain_pem=server.chain_pem, key_pem=encrypted, key_password=password, asked_by="admin"
            )
        assert caught.value.kind is Kind.INVALID
        assert "password" in caught.value.sentence
        assert caught.value.__cause__ is None
    world.trust.put_server_certificate(
        "main", chain_pem=server.chain_pem, key_pem=encrypted, key_password="correct horse", asked_by="admin"
    )
    assert world.trust.snapshot().server_certificates[0].key.fits(server.certificate)


def test_a_chain_that_no_station_could_accept_is_refused(world: Vicinity) -> None:
    server = a_server(world)
    leaf, sub, root = server.pem, world.sub.pem, world.root.pem
    cases = {
        sub + leaf: "that of an authority",
        sub: "that of an authority",
        leaf + root + sub: "did not issue",
        leaf + leaf: "did not issue",
        leaf + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n": "Certificate 2 of the chain",
        leaf * 11: "at most 10",
        "nonsense": "no certificate",
    }
    for chain, about in cases.items():
        with world.changes_nothing(), refused(Kind.INVALID, field="chain", about=about):
            world.trust.put_server_certificate("main", chain_pem=chain, key_pem=server.key_pem, asked_by="admin")


def test_expired_and_weak_certificates_are_refused_with_their_own_keys(world: Vicinity) -> None:
    for issued, about in (
        (world.sub.leaf(HOST, validity=EXPIRED), "expired on"),
        (world.sub.leaf(HOST, signature_hash="SHA1"), "too weak (A00.FR.501)"),
    ):
        with refused(Kind.INVALID, field="chain", about=about):
            world.serves(issued)


def test_a_certificate_that_is_its_own_root_is_taken_for_a_trial(world: Vicinity) -> None:
    root = world.root
    warnings = world.serves(Issued(root.certificate, root.signing_key, (root.certificate,)))
    assert any("its own authority" in warning for warning in warnings)


def test_a_key_of_another_certificate_is_refused(world: Vicinity) -> None:
    with refused(Kind.INVALID, field="privateKey", about="does not belong"):
        world.serves(a_server(world), key=a_server(world).key_pem)


@pytest.mark.parametrize("key", ["", "nonsense", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused_without_repeating_it(world: Vicinity, key: str) -> None:
    with pytest.raises(DomainError) as caught:
        world.serves(a_server(world), key=key or " ")
    assert (caught.value.kind, caught.value.field) == (Kind.INVALID, "privateKey")
    assert "c2VjcmV0" not in caught.value.sentence
    assert "nonsense" not in caught.value.sentence


@pytest.mark.parametrize("name", ["", " main", "a\nb", "x" * 101])
def test_names_are_short_and_printable(world: Vicinity, name: str) -> None:
    with refused(Kind.INVALID, field="name"):
        world.serves(a_server(world), name)


def test_there_are_not_too_many(world: Vicinity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_certificates, "MAX_SERVER_CERTIFICATES", 1)
    world.serves(a_server(world))
    world.serves(a_server(world))
    with refused(Kind.INVALID, field="name", about="no more are possible"):
        world.serves(a_server(world), "other")


def test_what_an_operator_should_know_is_told(world: Vicinity) -> None:
    def told(issued: Issued) -> str:
        return " ".join(world.serves(issued))

    server = a_server(world)
    assert "may be incomplete" in told(server)
    world.trusts(world.root, purposes=SERVER)
    assert "incomplete" not in told(server)
    assert "not valid before 2026-01-02" in told(world.sub.leaf(HOST, dns=[HOST], validity=FUTURE))
    assert "no subjectAltName" in told(world.sub.leaf(HOST))
    assert "no common name" in told(world.sub.leaf(None, dns=[HOST]))
    assert "any host of a domain" in told(world.sub.leaf("*.example.com", dns=["*.example.com"]))


def test_a_root_in_the_chain_makes_it_complete(world: Vicinity) -> None:
    server = a_server(world)
    served = world.trust.put_server_certificate(
        "main", chain_pem=server.chain_pem + world.root.pem, key_pem=server.key_pem, asked_by="admin"
    )
    assert "incomplete" not in str(paragraph(served.warnings))


def test_both_kinds_of_keys_are_wanted(world: Vicinity) -> None:
    """A00.FR.317: two of the four suites need an RSA certificate, the others one on an elliptic curve."""
    world.trusts(world.root, purposes=SERVER)
    [warning] = world.serves(a_server(world))
    assert "kind RSA" in warning
    assert world.serves(a_server(world, "RSA 2048"), "rsa") == ()
    [left] = world.trust.remove_server_certificate("main", asked_by="admin")
    assert "kind EC" in str(left)


def test_a_key_that_cannot_be_opened_leaves_out_its_certificate_alone(world: Vicinity) -> None:
    world.trusts(world.root)
    world.serves(a_server(world))
    world.serves(a_server(world), "lost")
    world.unit.execute("UPDATE server_certificate SET sealed_key = 'of another vault' WHERE name = 'lost'")
    snapshot = world.trust.snapshot()
    assert [one.name for one in snapshot.server_certificates] == ["main"]
    assert [one.name for one in snapshot.unusable] == ["lost"]
    assert "cannot be opened" in str(snapshot.unusable[0].reason)
    assert len(snapshot.certificates) == 1
    assert [one.name for one in world.trust.server_certificates()] == ["lost", "main"]


def test_a_chain_that_cannot_be_read_any_more_is_told_of_and_replaced(world: Vicinity) -> None:
    server = a_server(world)
    world.serves(server)
    world.serves(server, "other")
    world.unit.execute("UPDATE server_certificate SET chain = 'damaged' WHERE name = 'main'")
    assert [one.name for one in world.trust.server_certificates()] == ["other"]
    assert [one.name for one in world.trust.unusable()] == ["main"]
    assert [one.name for one in world.trust.snapshot().unusable] == ["main"]
    with refused(Kind.CONFLICT, about="give the server certificate once more"):
        world.trust.server_certificate("main")
    world.serves(server)
    assert world.trust.server_certificate("main").chain == server.chain
    world.unit.execute("UPDATE server_certificate SET chain = 'damaged' WHERE name = 'main'")
    with world.counts():
        world.trust.remove_server_certificate("main", asked_by="admin")
    assert world.trust.unusable() == []
    with refused(Kind.NOT_FOUND):
        world.trust.remove_server_certificate("main", asked_by="admin")
