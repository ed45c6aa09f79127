"""What the own authority publishes, judged by openssl (RFC 5280, RFC 6960; A00.FR.704)."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from forecourt.api.pki import CERTIFICATE, CRL
from forecourt.domain.authorities.model import KeyFamily, OwnRevocation
from forecourt.pki.reasons import Reason
from forecourt.pki.revocation import read_crl
from tests.api.door import House, faults, problem
from tests.api.town import Town
from tests.support.openssl import openssl
from tests.support.own_house import BASE


@pytest.fixture
def town(house: House) -> Town:
    return Town(house)


@pytest.mark.parametrize("family", KeyFamily)
def test_openssl_agrees_with_chain_list_and_answers(house: House, tmp_path: Path, family: KeyFamily) -> None:
    town = Town(house, frozenset({family}))
    own, root, issuing = town.own, town.root, town.issuing
    key = "RSA 2048" if family is KeyFamily.RSA else "EC P-256"
    good, bad = (own.issue(name, key=key).chain[0] for name in ("SN-1", "SN-2"))
    own.own_ca.revoke(bad.issuer_hash, bad.serial, Reason.KEY_COMPROMISE, asked_by="test")
    own.lists()
    files = {"root": root.certificate, "issuing": issuing.certificate, "good": good, "bad": bad}
    paths = {name: tmp_path / f"{name}.pem" for name in files}
    for name, certificate in files.items():
        paths[name].write_text(certificate.pem)
    lists = tmp_path / "lists.pem"
    for one in (issuing, root):
        answer = town.fetch(f"/pki/{one.address}.crl")
        assert answer.headers["content-type"] == CRL
        (tmp_path / "list.der").write_bytes(answer.content)
        said = (
            openssl(
                "crl",
                "-inform",
                "DER",
                "-in",
                tmp_path / "list.der",
                "-CAfile",
                paths["root"],
                "-noout",
                must_succeed=False,
            )
            if one is root
            else ""
        )
        assert one is not root or "verify OK" in said
        pem = x509.load_der_x509_crl(answer.content).public_bytes(Encoding.PEM).decode()
        lists.write_text((lists.read_text() if lists.exists() else "") + pem)
    trust = (
        "-CAfile",
        paths["root"],
        "-untrusted",
        paths["issuing"],
        "-CRLfile",
        lists,
        "-crl_check_all",
        "-x509_strict",
    )
    assert openssl("verify", *trust, paths["good"]).strip().endswith("OK")
    assert "certificate revoked" in openssl("verify", *trust, paths["bad"], must_succeed=False)
    for name, word in (("good", "good"), ("bad", "revoked")):
        asked, answered = tmp_path / f"{name}.req", tmp_path / f"{name}.resp"
        arguments = ("-issuer", paths["issuing"], "-cert", paths[name])
        openssl("ocsp", *arguments, "-reqout", asked, "-no_nonce" if name == "good" else "-nonce")
        answered.write_bytes(town.ask(asked.read_bytes(), issuing).content)
        said = openssl(
            "ocsp",
            *arguments,
            "-respin",
            answered,
            "-CAfile",
            paths["root"],
            "-verify_other",
            paths["issuing"],
            "-no_nonce",
        )
        assert "Response verify OK" in said
        assert f"{paths[name]}: {word}" in said


@pytest.mark.parametrize("serial", ["0", "AB", "F" * 40, "F" * 60])
def test_only_what_was_issued_is_revoked(town: Town, serial: str) -> None:
    """RFC 5280 §4.1.2.2: with a serial number that no certificate has, no list could be made any more."""
    body = {"issuerHash": town.issuing.certificate.subject_hash, "serial": serial, "reason": "superseded"}
    assert (
        "has issued no certificate" in faults(town.door.ask("POST", "/own-authority/revocations", body), 404)["serial"]
    )
    assert town.door.get("/own-authority/revocations")["items"] == []


def test_lists_go_on_where_impossible_serial_numbers_were_taken_before(town: Town) -> None:
    leaf = town.own.issue("SN-1").chain[0]
    town.own.own_ca.revoke(leaf.issuer_hash, leaf.serial, Reason.SUPERSEDED, asked_by="test")
    for serial in ("0", "F" * 60):
        impossible = OwnRevocation(
            issuer_hash=leaf.issuer_hash,
            serial=serial,
            subject="",
            reason=Reason.SUPERSEDED,
            revoked_by="test",
            revoked_at=town.own.clock.now(),
            not_after=None,
        )
        town.own.own_ca._store.add_revocation(impossible)
    town.own.lists()
    assert town.own.alarms() == []
    stored = town.own.own_ca.crl(town.issuing.address)
    assert stored.number == 2
    assert read_crl(stored.der).serials == {int(leaf.serial, 16)}
    assert [one["serial"] for one in town.door.get("/own-authority/revocations")["items"]] == [leaf.serial]
    notes = [note["reason"] for note in town.door.get("/security-log")["items"]]
    assert sum("was dropped: no certificate can have it" in note for note in notes) == 2


@pytest.mark.parametrize("name", ["0" * 20 + ".crl", "0" * 20 + ".cer", "nothing.crl", "..%2f..%2fetc.crl", "x" * 500])
def test_nothing_else_is_published(town: Town, name: str) -> None:
    problem(town.fetch(f"/pki/{name}"), 404)
    problem(town.fetch(f"/pki/{town.issuing.address}.key"), 404)


def test_lists_and_certificates_need_no_token_and_are_in_der(town: Town) -> None:
    found = town.fetch(f"/pki/{town.issuing.address}.cer")
    assert found.headers["content-type"] == CERTIFICATE
    assert found.content == town.issuing.certificate.der
    answer = town.fetch(f"/pki/{town.issuing.address}.crl")
    assert read_crl(answer.content).issuer_hash == town.issuing.certificate.subject_hash
    assert answer.headers["cache-control"] == "public, max-age=60, no-transform"


def test_certificates_name_the_places_where_this_is(town: Town) -> None:
    leaf = town.own.issue("SN-1").chain[0]
    [crl_url], [ocsp_url] = leaf.crl_urls, leaf.ocsp_urls
    assert town.fetch(crl_url.removeprefix(BASE)).status_code == 200
    assert ocsp_url == f"{BASE}/pki/ocsp/{town.issuing.address}"


@pytest.mark.parametrize("kind", ["crl", "cer"])
def test_a_file_can_be_asked_after_without_being_fetched(town: Town, kind: str) -> None:
    """RFC 9110 §9.3.2."""
    path = f"/pki/{town.issuing.address}.{kind}"
    whole, head = town.fetch(path), town.look(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == whole.headers
    assert int(head.headers["content-length"]) == len(whole.content)


@pytest.mark.parametrize("kind", ["crl", "cer"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_a_file_is_not_given_it_again(town: Town, kind: str, method: str) -> None:
    """RFC 9110 §13.1.2, §13.1.3, §13.2.2."""
    path, ask = f"/pki/{town.issuing.address}.{kind}", town.fetch if method == "GET" else town.look
    town.own.clock.advance(timedelta(minutes=1))
    had = town.fetch(path).headers
    made_at = parsedate_to_datetime(had["last-modified"])
    now = town.own.clock.now()
    assert made_at == (now - timedelta(minutes=1)).replace(microsecond=0)
    tag, other = had["etag"], '"other"'
    for headers, is_had in (
        ({"If-None-Match": tag}, True),
        ({"If-None-Match": f"{other}, W/{tag}"}, True),
        ({"If-None-Match": "*"}, True),
        ({"If-None-Match": other}, False),
        ({"If-None-Match": other, "If-Modified-Since": had["last-modified"]}, False),
        ({"If-Modified-Since": had["last-modified"]}, True),
        ({"If-Modified-Since": format_datetime(now, usegmt=True)}, True),
        ({"If-Modified-Since": format_datetime(made_at - timedelta(seconds=1), usegmt=True)}, False),
        ({"If-Modified-Since": format_datetime(now + timedelta(hours=1), usegmt=True)}, False),
        ({"If-Modified-Since": "yesterday"}, False),
    ):
        answer = ask(path, headers=headers)
        assert answer.status_code == (304 if is_had else 200), headers
        if is_had:
            assert answer.content == b""
            assert {"content-type", "content-disposition"}.isdisjoint(answer.headers)
            for name in ("etag", "last-modified", "cache-control"):
                assert answer.headers[name] == had[name]


def test_a_new_list_is_given_to_who_has_the_one_before(town: Town) -> None:
    leaf = town.own.issue("SN-1").chain[0]
    path = f"/pki/{town.issuing.address}.crl"
    had = town.fetch(path).headers
    town.own.own_ca.revoke(leaf.issuer_hash, leaf.serial, Reason.KEY_COMPROMISE, asked_by="test")
    town.own.goes_by(seconds=1)
    for headers in ({"If-None-Match": had["etag"]}, {"If-Modified-Since": had["last-modified"]}):
        answer = town.fetch(path, headers=headers)
        assert answer.status_code == 200
        assert read_crl(answer.content).is_revoked(leaf)


def test_nobody_keeps_a_file_longer_than_it_is_good(town: Town) -> None:
    path = f"/pki/{town.issuing.address}"
    ends_at = town.own.own_ca.crl(town.issuing.address).next_update
    for left, seconds in ((timedelta(seconds=30), 30), (timedelta(seconds=-30), 0)):
        town.own.clock.advance(ends_at - left - town.own.clock.now())
        assert town.fetch(f"{path}.crl").headers["cache-control"] == f"public, max-age={seconds}, no-transform"
    assert town.fetch(f"{path}.cer").headers["cache-control"] == "public, max-age=86400, no-transform"
    town.own.clock.advance(town.issuing.certificate.not_after - timedelta(minutes=1) - town.own.clock.now())
    assert town.fetch(f"{path}.cer").headers["cache-control"] == "public, max-age=60, no-transform"


def test_a_file_that_a_clock_ahead_made_has_no_date(town: Town) -> None:
    """RFC 9110 §8.8.2.1."""
    town.own.clock.advance(timedelta(minutes=-5))
    assert "last-modified" not in town.fetch(f"/pki/{town.issuing.address}.crl").headers
