"""OCSP answers of the own authority, and what strangers can make it do (RFC 6960, RFC 5019)."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from forecourt.api import ocsp_desk
from forecourt.api.ocsp_desk import OcspDesk
from forecourt.pki.certificate import Certificate
from forecourt.pki.reasons import Reason
from tests.api.door import House, problem
from tests.api.town import Town, refusal, request_for, status
from tests.support.authority import Authority
from tests.support.openssl import openssl

SUCCESSFUL = ocsp.OCSPResponseStatus.SUCCESSFUL
TRY_LATER = ocsp.OCSPResponseStatus.TRY_LATER
UNAUTHORIZED = ocsp.OCSPResponseStatus.UNAUTHORIZED


@pytest.fixture
def town(house: House) -> Town:
    return Town(house)


def test_good_is_only_what_was_issued(town: Town) -> None:
    """RFC 6960 §2.2."""
    leaf = town.own.issue("SN-1").chain[0]
    issuing = town.issuing.certificate
    for sha256 in (False, True):
        answer = town.ask(request_for(leaf, issuing, sha256=sha256))
        assert status(answer) is ocsp.OCSPCertStatus.GOOD
        named_with = ocsp.load_der_ocsp_response(answer.content).hash_algorithm
        assert isinstance(named_with, hashes.SHA256 if sha256 else hashes.SHA1), "the answer to another question"
    assert status(town.ask(request_for(issuing, town.root.certificate), town.root)) is ocsp.OCSPCertStatus.GOOD
    [other] = [one.certificate for one in town.own.own_ca._store.below(town.issuing.fingerprint)]
    assert status(town.ask(request_for(other, issuing))) is ocsp.OCSPCertStatus.GOOD, "of the responder itself"


def never_issued(town: Town) -> Certificate:
    issuing, now = town.issuing.certificate, town.own.clock.now()
    return Authority(issuing, Authority.root(now=now).signing_key, now).leaf("SN-9").certificate


def test_of_what_was_never_issued_nothing_is_said(town: Town, tmp_path: Path) -> None:
    """RFC 5019 §2.2.3: ``unauthorized``, which nobody signs."""
    never, issuer, answered = never_issued(town), tmp_path / "issuer.pem", tmp_path / "answer.der"
    answer = town.ask(request_for(never, town.issuing.certificate))
    assert refusal(answer) is UNAUTHORIZED
    assert answer.headers["cache-control"] == "no-store"
    issuer.write_text(town.issuing.certificate.pem)
    answered.write_bytes(answer.content)
    asked = ("-issuer", issuer, "-serial", f"0x{never.serial}", "-respin", answered)
    assert "unauthorized (6)" in openssl("ocsp", *asked, must_succeed=False)


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
    town.ask(request_for(leaf, town.issuing.certificate))
    for nonce in (b"a" * 16, b"b" * 16):
        answer = ocsp.load_der_ocsp_response(town.ask(request_for(leaf, town.issuing.certificate, nonce=nonce)).content)
        assert answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce


class Desk:
    """The responder of a town, asked without its door."""

    def __init__(self, town: Town, house: House) -> None:
        self.town = town
        self.desk = OcspDesk(house, house)

    def ask(self, request: bytes, peer: str = "192.0.2.1") -> bytes:
        return self.town.door.run(self.desk.answer(self.town.issuing.address, request, peer=peer)).der

    def result(self, request: bytes, peer: str = "192.0.2.1") -> ocsp.OCSPResponseStatus:
        return ocsp.load_der_ocsp_response(self.ask(request, peer)).response_status


@pytest.fixture
def desk(town: Town, house: House) -> Desk:
    return Desk(town, house)


def test_what_was_revoked_and_forgotten_after_its_end_is_never_good(desk: Desk) -> None:
    own = desk.town.own
    leaf = own.issue("SN-1").chain[0]
    question = request_for(leaf, desk.town.issuing.certificate)
    own.own_ca.revoke(leaf.issuer_hash, leaf.serial, Reason.KEY_COMPROMISE, asked_by="test")
    own.goes_by(days=366)
    answer = ocsp.load_der_ocsp_response(desk.ask(question))
    assert answer.certificate_status is ocsp.OCSPCertStatus.REVOKED
    own.goes_by(days=9)
    assert own.own_ca.find_revocation(leaf.issuer_hash, leaf.serial) is None
    assert desk.result(question) is UNAUTHORIZED


def test_who_asks_too_often_is_put_off_before_anything_is_read(desk: Desk) -> None:
    town = desk.town
    leaf = town.own.issue("SN-1").chain[0]
    question = request_for(leaf, town.issuing.certificate)
    answers = [desk.result(question) for _ in range(int(ocsp_desk.ASKED_BURST) + 2)]
    assert set(answers[:-3]) == {SUCCESSFUL}  # fractions of seconds are counted
    reads, signed = town.door.reads, desk.desk.signed
    for request in (question, b"rubbish"):
        assert desk.result(request) is TRY_LATER
    assert (town.door.reads, desk.desk.signed) == (reads, signed)
    assert desk.result(question, peer="192.0.2.2") is SUCCESSFUL
    town.own.clock.advance(timedelta(seconds=1))
    assert desk.result(question) is SUCCESSFUL


def test_one_that_makes_it_sign_keeps_no_other_waiting(desk: Desk) -> None:
    """A nonce makes every answer a new one."""
    town = desk.town
    leaf = town.own.issue("SN-1").chain[0]
    share = int(ocsp_desk.SHARE * ocsp_desk.BURST)
    asked = [request_for(leaf, town.issuing.certificate, nonce=bytes([1, number])) for number in range(share + 9)]
    answers = [desk.result(request) for request in asked]
    assert abs(answers.count(SUCCESSFUL) - share) <= 1  # fractions of seconds are counted
    assert answers[-1] is TRY_LATER
    assert desk.result(asked[0], peer="192.0.2.2") is SUCCESSFUL
    town.own.clock.advance(timedelta(seconds=1))
    assert desk.result(asked[0]) is SUCCESSFUL


def test_nobody_can_make_it_sign_without_bound(desk: Desk) -> None:
    town = desk.town
    leaf = town.own.issue("SN-1").chain[0]
    for number in range(int(1.5 * ocsp_desk.BURST)):
        desk.ask(request_for(leaf, town.issuing.certificate, nonce=bytes([2, number])), peer=f"192.0.2.{number}")
    assert abs(desk.desk.signed - ocsp_desk.BURST) <= 1
    assert desk.result(request_for(leaf, town.issuing.certificate), peer="198.51.100.1") is TRY_LATER
    town.own.clock.advance(timedelta(seconds=1))
    assert desk.result(request_for(leaf, town.issuing.certificate), peer="198.51.100.1") is SUCCESSFUL


def test_refusals_cost_no_signature(desk: Desk) -> None:
    town = desk.town
    other = Authority.root(now=town.own.clock.now())
    never, strange = never_issued(town), other.leaf("SN-1").certificate
    for number in range(int(ocsp_desk.SHARE * ocsp_desk.BURST)):
        nonce = bytes([3, number])
        assert desk.result(request_for(never, town.issuing.certificate, nonce=nonce)) is UNAUTHORIZED
        assert desk.result(request_for(strange, other.certificate, nonce=nonce)) is UNAUTHORIZED
    assert desk.desk.signed == 0
    leaf = town.own.issue("SN-1").chain[0]
    town.own.clock.advance(timedelta(seconds=1))
    assert desk.result(request_for(leaf, town.issuing.certificate)) is SUCCESSFUL


def test_a_question_that_is_written_otherwise_is_not_signed_anew(desk: Desk) -> None:
    """Nobody gets another signature for the same certificate by what the answer does not say."""
    town = desk.town
    leaf, issuing = town.own.issue("SN-1").chain[0].x509, town.issuing.certificate.x509
    answers = set()
    for number in range(5):
        builder = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuing, hashes.SHA1())
        strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), bytes([4, 1, number]))
        answers.add(desk.ask(builder.add_extension(strange, critical=False).build().public_bytes(Encoding.DER)))
    assert (len(answers), desk.desk.signed) == (1, 1)


def test_answers_that_were_asked_for_last_are_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocsp_desk, "KEPT", 2)
    town = desk.town
    one, two, three = (
        request_for(town.own.issue(name).chain[0], town.issuing.certificate) for name in ("SN-1", "SN-2", "SN-3")
    )
    for request, signed in ((one, 1), (two, 2), (one, 2), (three, 3), (one, 3), (two, 4), (one, 4), (three, 5)):
        desk.ask(request)
        assert desk.desk.signed == signed


def test_what_is_asked_of_another_ca_is_not_answered(town: Town) -> None:
    """RFC 6960 §2.3: not even when ours has issued a certificate with the same serial number."""
    other = Authority.root(now=town.own.clock.now())
    for serial in (None, town.own.issue("SN-1").chain[0].x509.serial_number):
        question = request_for(other.leaf("SN-1", serial=serial).certificate, other.certificate)
        assert refusal(town.ask(question)) is UNAUTHORIZED


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


def test_an_answer_is_good_for_clocks_that_are_late(town: Town) -> None:
    leaf = town.own.issue("SN-1").chain[0]
    answer = ocsp.load_der_ocsp_response(town.ask(request_for(leaf, town.issuing.certificate)).content)
    now = town.own.clock.now().replace(microsecond=0)
    assert answer.this_update_utc == now - timedelta(hours=1)
    assert answer.next_update_utc == now + ocsp_desk.LIFE
