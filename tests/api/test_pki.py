"""What the own authority publishes, judged by openssl (RFC 5280, RFC 6960; A00.FR.704)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from forecourt.api import ocsp_desk
from forecourt.api.pki import CERTIFICATE, CRL, OCSP_REQUEST, OCSP_RESPONSE
from forecourt.domain.authorities.model import KeyFamily, OwnCertificate, OwnPolicy, OwnRevocation, Rank
from forecourt.pki.certificate import Certificate
from forecourt.pki.reasons import Reason
from forecourt.pki.revocation import read_crl
from tests.api.door import Door, House, faults, problem
from tests.support.authority import Authority
from tests.support.openssl import openssl
from tests.support.own_house import BASE, OwnHouse
from tests.support.workspace import MemoryWorkspace


class Town:
    """The own authority, and the door at which it publishes; on time, because openssl looks at the clock."""

    def __init__(self, house: House, families: frozenset[KeyFamily] = frozenset({KeyFamily.ECDSA})) -> None:
        self.door = Door(house)
        self.door.clock._now = datetime.now(UTC)
        self.door.clock._monotonic += 10_000 * house.doors  # the responder is one for all tests
        self.door.workspace = MemoryWorkspace(clock=self.door.clock)
        self.door.services.access.set_admin_password("correct horse")
        _, self.door.token = self.door.services.access.create_token("tests")
        self.own = OwnHouse(
            workspace=self.door.workspace, clock=self.door.clock, policy=OwnPolicy(families=families), base=BASE
        ).created()
        [family] = families
        self.issuing = self.own.has(Rank.ISSUING, family=family)
        self.root = self.own.has(Rank.ROOT, family=family)

    def fetch(self, path: str, **more: object) -> httpx.Response:
        return self.door.run(self._fetch("GET", path, **more))

    def ask(self, request: bytes, issuer: OwnCertificate | None = None, kind: str = OCSP_REQUEST) -> httpx.Response:
        path = f"/pki/ocsp/{(issuer or self.issuing).address}"
        return self.door.run(self._fetch("POST", path, content=request, headers={"Content-Type": kind}))

    async def _fetch(self, method: str, path: str, **more: object) -> httpx.Response:
        transport = httpx.ASGITransport(self.door.app, raise_app_exceptions=False)  # type: ignore[arg-type]  # spelt otherwise
        async with httpx.AsyncClient(transport=transport, base_url="http://ca.example") as client:
            return await client.request(method, path, **more)  # type: ignore[arg-type]  # passed on


@pytest.fixture
def town(house: House) -> Town:
    return Town(house)


def request_for(
    certificate: Certificate, issuer: Certificate, *, nonce: bytes | None = None, sha256: bool = False
) -> bytes:
    builder = ocsp.OCSPRequestBuilder()
    builder = builder.add_certificate(certificate.x509, issuer.x509, hashes.SHA256() if sha256 else hashes.SHA1())
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def status(response: httpx.Response) -> ocsp.OCSPCertStatus:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == OCSP_RESPONSE
    return ocsp.load_der_ocsp_response(response.content).certificate_status


def refusal(response: httpx.Response) -> ocsp.OCSPResponseStatus:
    assert response.status_code == 200
    return ocsp.load_der_ocsp_response(response.content).response_status


@pytest.mark.parametrize("family", KeyFamily)
def test_openssl_agrees_with_chain_list_and_answers(house: House, tmp_path: Path, family: KeyFamily) -> None:
    town = Town(house, frozenset({family}))
    own, root, issuing = town.own, town.root, town.issuing
    key = "RSA 2048" if family is KeyFamily.RSA else "EC P-256"
    good, bad = (own.issue(name, key=key).chain[0] for name in ("SN-1", "SN-2"))
    own.own_ca.revoke(bad.issuer_hash, bad.serial, Reason.KEY_COMPROMISE, asked_by="test")
    own.keep()
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


def test_good_is_only_what_was_issued(town: Town) -> None:
    """RFC 6960 §2.2."""
    leaf = town.own.issue("SN-1").chain[0]
    issuing = town.issuing.certificate
    for sha256 in (False, True):
        assert status(town.ask(request_for(leaf, issuing, sha256=sha256))) is ocsp.OCSPCertStatus.GOOD
    stranger = Authority(issuing, Authority.root(now=town.own.clock.now()).signing_key, town.own.clock.now())
    never = stranger.leaf("SN-9").certificate
    assert status(town.ask(request_for(never, issuing))) is ocsp.OCSPCertStatus.UNKNOWN
    assert status(town.ask(request_for(issuing, town.root.certificate), town.root)) is ocsp.OCSPCertStatus.GOOD


def test_a_revocation_is_answered_at_once(town: Town) -> None:
    leaf = town.own.issue("SN-1").chain[0]
    question = request_for(leaf, town.issuing.certificate)
    assert status(town.ask(question)) is ocsp.OCSPCertStatus.GOOD
    town.own.own_ca.revoke(leaf.issuer_hash, leaf.serial, Reason.SUPERSEDED, asked_by="test")
    answer = ocsp.load_der_ocsp_response(town.ask(question).content)
    assert answer.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert answer.revocation_reason is x509.ReasonFlags.superseded


def test_one_certificate_is_asked_for_at_a_time(town: Town, tmp_path: Path) -> None:
    """RFC 5019 §2.1.1: what is said of one is never said of another that is asked for beside it."""
    good, bad = (town.own.issue(name).chain[0] for name in ("SN-1", "SN-2"))
    town.own.own_ca.revoke(bad.issuer_hash, bad.serial, Reason.KEY_COMPROMISE, asked_by="test")
    issuer = tmp_path / "issuer.pem"
    issuer.write_text(town.issuing.certificate.pem)
    for number, order in enumerate(([good, bad], [bad, good], [bad])):
        asked = tmp_path / f"{number}.req"
        command: list[str | Path] = ["-no_nonce", "-issuer", issuer]
        for place, certificate in enumerate(order):
            path = tmp_path / f"{number}-{place}.pem"
            path.write_text(certificate.pem)
            command += ["-cert", path]
        openssl("ocsp", *command, "-reqout", asked)
        answer = town.ask(asked.read_bytes())
        if len(order) > 1:
            assert refusal(answer) is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
        else:
            assert status(answer) is ocsp.OCSPCertStatus.REVOKED


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
    town.own.keep()
    assert town.own.alarms() == []
    stored = town.own.own_ca.crl(town.issuing.address)
    assert stored.number == 2
    assert read_crl(stored.der).serials == {int(leaf.serial, 16)}
    assert [one["serial"] for one in town.door.get("/own-authority/revocations")["items"]] == [leaf.serial]
    notes = [note["reason"] for note in town.door.get("/security-log")["items"]]
    assert sum("was dropped: no certificate can have it" in note for note in notes) == 2


@pytest.mark.parametrize("length", [0, 129])
def test_a_nonce_that_rfc_9654_forbids_is_a_malformed_request(town: Town, length: int) -> None:
    leaf = town.own.issue("SN-1").chain[0]
    question = request_for(leaf, town.issuing.certificate, nonce=bytes(length))
    assert refusal(town.ask(question)) is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_the_same_question_is_signed_once(town: Town) -> None:
    leaf = town.own.issue("SN-1").chain[0]
    question = request_for(leaf, town.issuing.certificate)
    first = town.ask(question).content
    assert {town.ask(question).content for _ in range(20)} == {first}
    town.own.goes_by(minutes=31)
    assert town.ask(question).content != first


def test_a_question_with_a_nonce_gets_it_back_and_is_not_kept(town: Town) -> None:
    """RFC 9654."""
    leaf = town.own.issue("SN-1").chain[0]
    for nonce in (b"a" * 16, b"b" * 16):
        answer = ocsp.load_der_ocsp_response(town.ask(request_for(leaf, town.issuing.certificate, nonce=nonce)).content)
        assert answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce


def test_nobody_can_make_it_sign_without_bound(town: Town) -> None:
    leaf = town.own.issue("SN-1").chain[0]
    answers = [
        refusal(town.ask(request_for(leaf, town.issuing.certificate, nonce=number.to_bytes(16, "big"))))
        for number in range(int(ocsp_desk.BURST) + 20)
    ]
    assert answers.count(ocsp.OCSPResponseStatus.SUCCESSFUL) == ocsp_desk.BURST
    assert answers[-1] is ocsp.OCSPResponseStatus.TRY_LATER
    town.own.clock.advance(timedelta(seconds=1))
    assert status(town.ask(request_for(leaf, town.issuing.certificate))) is ocsp.OCSPCertStatus.GOOD


def test_what_is_asked_of_another_ca_is_not_answered(town: Town) -> None:
    other = Authority.root(now=town.own.clock.now())
    question = request_for(other.leaf("SN-1").certificate, other.certificate)
    assert refusal(town.ask(question)) is ocsp.OCSPResponseStatus.UNAUTHORIZED


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"0\x03\x02\x01\x01", b"0" * 1000])
def test_rubbish_is_a_malformed_request(town: Town, rubbish: bytes) -> None:
    assert refusal(town.ask(rubbish)) is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_a_large_request_and_another_kind_are_refused(town: Town) -> None:
    problem(town.ask(b"0" * 10_000), 413)
    problem(town.ask(b"{}", kind="application/json"), 415)


def test_a_question_may_stand_in_the_address(town: Town) -> None:
    """RFC 6960 appendix A.1; RFC 5019 §6."""
    leaf = town.own.issue("SN-1").chain[0]
    for sha256 in (False, True):
        question = request_for(leaf, town.issuing.certificate, sha256=sha256)
        path = f"/pki/ocsp/{town.issuing.address}/{quote(base64.b64encode(question), safe='')}"
        answer = town.fetch(path)
        assert status(answer) is ocsp.OCSPCertStatus.GOOD
        assert answer.headers["cache-control"].startswith("public, max-age=")
    problem(town.fetch(f"/pki/ocsp/{town.issuing.address}/!!!"), 400)


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


def test_a_list_can_be_asked_after_without_being_fetched(town: Town) -> None:
    """RFC 9110 §9.3.2."""
    path = f"/pki/{town.issuing.address}.crl"
    whole, head = town.fetch(path), town.door.run(town._fetch("HEAD", path))
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == whole.headers["etag"]


def test_an_answer_is_good_for_clocks_that_are_late(town: Town) -> None:
    leaf = town.own.issue("SN-1").chain[0]
    answer = ocsp.load_der_ocsp_response(town.ask(request_for(leaf, town.issuing.certificate)).content)
    now = town.own.clock.now().replace(microsecond=0)
    assert answer.this_update_utc == now - timedelta(hours=1)
    assert answer.next_update_utc == now + ocsp_desk.LIFE
