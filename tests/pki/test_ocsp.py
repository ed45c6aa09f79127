"""OCSP answers count when the issuer, or whom it appointed, signed them and they are of now (RFC 6960; A00.FR.704)."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from forecourt.clock import SystemClock
from forecourt.pki.certificate import Certificate, read_certificate
from forecourt.pki.errors import BadOcsp
from forecourt.pki.ocsp import MAX_OCSP, ocsp_request, read_ocsp
from tests.support.authority import EXPIRED, FUTURE, Authority, Issued, Validity

ROOT = Authority.root()
ISSUING = ROOT.sub()
STATION, OTHER = ISSUING.leaf("SN-1").certificate, ISSUING.leaf("SN-2").certificate
NOW = ROOT.now
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def refusal(data: bytes, certificate: Certificate = STATION, authority: Authority = ISSUING) -> str:
    with pytest.raises(BadOcsp) as caught:
        read_ocsp(data, certificate, authority.certificate, NOW)
    return str(caught.value)


@pytest.mark.parametrize(("revoked", "status"), [(False, "good"), (True, "revoked"), (None, "unknown")])
@pytest.mark.parametrize("responder", [None, ISSUING.responder()], ids=["issuer", "appointed"])
def test_an_answer_tells_the_status(revoked: bool | None, status: str, responder: Issued | None) -> None:
    answer = read_ocsp(ISSUING.ocsp(STATION, revoked=revoked, responder=responder), STATION, ISSUING.certificate, NOW)
    assert answer.status == status
    assert answer.this_update == (NOW - HOUR).replace(microsecond=0)
    assert answer.next_update == (NOW + DAY).replace(microsecond=0)
    assert answer.revoked_at == (answer.this_update if revoked else None)


@pytest.mark.parametrize("key", ["RSA 2048", "P-384", "Ed25519"])
def test_answers_are_signed_with_every_kind_of_key(key: str) -> None:
    authority = Authority.root(key=key)
    leaf = authority.leaf().certificate
    assert read_ocsp(authority.ocsp(leaf), leaf, authority.certificate, NOW).status == "good"


def test_a_question_names_the_certificate_and_has_no_nonce() -> None:
    asked = ocsp.load_der_ocsp_request(ocsp_request(STATION, ISSUING.certificate))
    assert asked.serial_number == STATION.x509.serial_number
    assert isinstance(asked.hash_algorithm, hashes.SHA1)
    assert len(asked.extensions) == 0


def test_a_certificate_with_a_serial_below_one_is_asked_for_too() -> None:
    """RFC 5280 §4.1.2.2 forbids to issue, and asks to handle them."""
    der = ISSUING.leaf(serial=0x7F).certificate.der
    negative = read_certificate(der.replace(bytes.fromhex("a00302010202017f"), bytes.fromhex("a0030201020201ff")))
    assert negative.serial == "-1"
    assert bytes.fromhex("0201ff") in ocsp_request(negative, ISSUING.certificate)


class Responder:
    """That of openssl, which answers questions from files."""

    def __init__(self, directory: Path, authority: Authority) -> None:
        self._directory = directory
        authority.write(directory)
        (directory / "ca.key").write_text(ROOT.leaf(key=authority.signing_key).key_pem)
        (directory / "index").write_text("")

    def knows(self, certificate: Certificate, *, revoked: bool) -> None:
        end = f"{certificate.not_after:%y%m%d%H%M%SZ}"
        state = f"R\t{end}\t{NOW:%y%m%d%H%M%SZ}" if revoked else f"V\t{end}\t"
        serial = certificate.serial.zfill(len(certificate.serial) + len(certificate.serial) % 2)
        with (self._directory / "index").open("a") as index:
            index.write(f"{state}\t{serial}\tunknown\t/CN=x\n")

    def answer(self, question: bytes, *more: str) -> bytes:
        (self._directory / "question").write_bytes(question)
        command = ["openssl", "ocsp", "-index", "index", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key"]
        command += ["-reqin", "question", "-respout", "answer", "-ndays", "1", *more]
        subprocess.run(command, cwd=self._directory, capture_output=True, check=True)
        return (self._directory / "answer").read_bytes()


@pytest.mark.parametrize("scheme", [(), ("-rsigopt", "rsa_padding_mode:pss")], ids=["PKCS 1", "PSS"])
def test_the_responder_of_openssl_is_understood(scheme: tuple[str, ...], tmp_path: Path) -> None:
    authority = Authority.root(key="RSA 2048")
    good, revoked, unknown = (authority.leaf().certificate for _ in range(3))
    responder = Responder(tmp_path, authority)
    responder.knows(good, revoked=False)
    responder.knows(revoked, revoked=True)
    for certificate, status in ((good, "good"), (revoked, "revoked"), (unknown, "unknown")):
        data = responder.answer(ocsp_request(certificate, authority.certificate), *scheme)
        answer = read_ocsp(data, certificate, authority.certificate, SystemClock().now())
        assert answer.status == status
        assert (answer.revoked_at == NOW.replace(microsecond=0)) == (status == "revoked")


def test_one_answer_may_speak_of_several_certificates(tmp_path: Path) -> None:
    responder = Responder(tmp_path, ISSUING)
    responder.knows(STATION, revoked=False)
    responder.knows(OTHER, revoked=True)
    for name, certificate in (("one", STATION), ("two", OTHER)):
        (tmp_path / name).write_text(certificate.pem)
    command = ["openssl", "ocsp", "-issuer", "ca.pem", "-cert", "one", "-cert", "two", "-no_nonce", "-reqout", "both"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    data = responder.answer((tmp_path / "both").read_bytes())
    assert read_ocsp(data, STATION, ISSUING.certificate, SystemClock().now()).status == "good"
    assert read_ocsp(data, OTHER, ISSUING.certificate, SystemClock().now()).status == "revoked"


def test_an_answer_about_another_certificate_says_nothing() -> None:
    assert 'says nothing of the certificate "CN=SN-1' in refusal(ISSUING.ocsp(OTHER))


def test_an_answer_about_the_same_serial_of_another_issuer_says_nothing() -> None:
    """The numbers are equal and the key is, but the name of the issuer is not."""
    twin = Authority.root("Twin", key=ISSUING.signing_key)
    same = twin.leaf(serial=STATION.x509.serial_number).certificate
    assert "says nothing of" in refusal(ISSUING.ocsp(STATION), same, twin)


@pytest.mark.parametrize(
    ("responder", "encloses", "why"),
    [
        (ISSUING.responder(is_appointed=False), True, "a certificate that is not for signing OCSP answers"),
        (ISSUING.leaf(bare=True), True, "a certificate that is not for signing OCSP answers"),
        (ISSUING.responder(validity=EXPIRED), True, "a certificate that is valid only from"),
        (ISSUING.responder(validity=FUTURE), True, "a certificate that is valid only from"),
        (ROOT.responder(), True, 'was not appointed by "CN=Test Issuing CA'),
        (Authority.root("Test Issuing CA").responder(), True, 'was not appointed by "CN=Test Issuing CA'),
        (ISSUING.responder(), False, "is signed neither by"),
    ],
    ids=["for clients", "for anything", "expired", "future", "of the root", "of the same name", "not enclosed"],
)
def test_a_responder_must_be_appointed_by_the_issuer(responder: Issued, encloses: bool, why: str) -> None:
    """RFC 6960 §4.2.2.2."""
    assert why in refusal(ISSUING.ocsp(STATION, responder=responder, encloses=encloses))


def test_a_responder_with_a_weak_certificate_is_refused() -> None:
    """A00.FR.502: an appointment of a key that can be broken is one of anybody."""
    usage = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)
    weak = ISSUING.leaf("OCSP", key="RSA 1024", extensions=[usage])
    assert "a certificate that is too weak. Its key has 1024 bits" in refusal(ISSUING.ocsp(STATION, responder=weak))


def test_an_answer_that_is_signed_with_an_old_hash_proves_nothing(tmp_path: Path) -> None:
    """A00.FR.504, A00.FR.506."""
    responder = Responder(tmp_path, ISSUING)
    responder.knows(STATION, revoked=False)
    data = responder.answer(ocsp_request(STATION, ISSUING.certificate), "-rmd", "sha1")
    assert "hash that is too weak" in refusal(data)


def test_an_answer_that_was_altered_is_noticed() -> None:
    data = bytearray(ISSUING.ocsp(STATION, revoked=True))
    data[-3] ^= 1
    assert "is signed neither by" in refusal(bytes(data))


@pytest.mark.parametrize(
    ("validity", "has_end", "why"),
    [
        (Validity(-2 * HOUR, -HOUR), True, "is out of date since 20"),
        (Validity(HOUR, 2 * HOUR), True, "is of the future: 20"),
        (Validity(timedelta(minutes=4), HOUR), True, None),
        (Validity(-23 * HOUR, HOUR), False, None),
        (Validity(-25 * HOUR, HOUR), False, "is out of date since 20"),
    ],
)
def test_an_answer_must_be_of_now(validity: Validity, has_end: bool, why: str | None) -> None:
    """One that does not say until when it holds is good for a day: otherwise it could be played back for ever."""
    data = ISSUING.ocsp(STATION, validity=validity, has_end=has_end)
    if why is None:
        assert read_ocsp(data, STATION, ISSUING.certificate, NOW).status == "good"
    else:
        assert why in refusal(data)


@pytest.mark.parametrize("status", [each for each in ocsp.OCSPResponseStatus if each.value])
def test_a_responder_that_gives_no_answer_is_told(status: ocsp.OCSPResponseStatus) -> None:
    data = ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
    assert refusal(data) == f"The OCSP responder gave no answer: {status.name.lower().replace('_', ' ')}."


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"\0" * 100, STATION.der, ISSUING.crl(), ISSUING.ocsp(STATION)[:-1], b"\x30\x03\x0a\x01\x04"],
)
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    assert "no OCSP answer that can be read" in refusal(data)


def test_an_answer_has_its_limit() -> None:
    assert "at most 262,144 bytes" in refusal(b"\0" * (MAX_OCSP + 1))
