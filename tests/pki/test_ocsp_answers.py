"""OCSP answers of our own, as openssl and pkilint see them (RFC 6960, RFC 5019)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from forecourt.pki.certificate import Certificate
from forecourt.pki.errors import BadOcsp, CannotSign
from forecourt.pki.keys import KeyKind
from forecourt.pki.ocsp import ocsp_request, read_ocsp
from forecourt.pki.ocsp_answers import (
    GOOD,
    MAX_OCSP_REQUEST,
    Standing,
    answer_ocsp,
    is_asked_of,
    read_question,
    revoked,
)
from forecourt.pki.profiles import STATION
from forecourt.pki.reasons import Reason
from tests.support.linting import findings_in_ocsp
from tests.support.openssl import openssl
from tests.support.own_hierarchy import KINDS, Own, OwnHierarchy

DAY = timedelta(days=1)


def serial(certificate: Certificate) -> int:
    return certificate.x509.serial_number


@dataclass
class Desk:
    """A responder, and what it knows."""

    own: OwnHierarchy
    standings: dict[int, Standing]
    by_itself: bool = False

    @property
    def responder(self) -> Own:
        return self.own.issuing if self.by_itself else self.own.responder()

    def answer(self, request: bytes) -> bytes:
        """Raises BadOcsp, and CannotSign for what is asked of another CA."""
        responder, question = self.responder, read_question(request)
        return answer_ocsp(
            question,
            self.standings.get(question.serial, GOOD),
            issuer=self.own.issuing.certificate,
            responder=responder.certificate,
            key=responder.key.for_signing,
            at=self.own.now,
            next_update=self.own.now + DAY,
        )


def a_desk(kind: KeyKind = "EC secp256r1", *, by_itself: bool = False) -> tuple[Desk, list[Certificate]]:
    """One that knows a good and a revoked certificate."""
    own = OwnHierarchy.of(kind)
    good, bad = (own.issue(STATION) for _ in range(2))
    standings = {serial(good): GOOD, serial(bad): revoked(own.now - DAY, Reason.SUPERSEDED)}
    return Desk(own, standings, by_itself), [good, bad]


@pytest.mark.parametrize("by_itself", [False, True], ids=["appointed", "the CA itself"])
@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_read_as_those_of_any_ca(kind: KeyKind, by_itself: bool, tmp_path: Path) -> None:
    desk, certificates = a_desk(kind, by_itself=by_itself)
    issuer, now = desk.own.issuing.certificate, desk.own.now
    for certificate, status in zip(certificates, ("good", "revoked"), strict=True):
        request = ocsp_request(certificate, issuer)
        assert read_question(request).serial == serial(certificate)
        made = desk.answer(request)
        found = read_ocsp(made, certificate, issuer, now)
        assert (found.status, found.this_update, found.next_update) == (status, now, now + DAY)
        assert found.revoked_at == (now - DAY if status == "revoked" else None)
        assert findings_in_ocsp(made, tmp_path) == ""


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_issuers_are_named_with_any_hash(algorithm: hashes.HashAlgorithm) -> None:
    """RFC 5019 knows SHA-1 alone; newer clients use SHA-256."""
    desk, (good, *_) = a_desk()
    issuer = desk.own.issuing.certificate
    asked = ocsp.OCSPRequestBuilder().add_certificate(good.x509, issuer.x509, algorithm).build()
    made = desk.answer(asked.public_bytes(Encoding.DER))
    assert read_ocsp(made, good, issuer, desk.own.now).status == "good"


def test_pkilint_would_find_something(tmp_path: Path) -> None:
    """So that the tests above can fail: an answer with a time of another type than it says."""
    desk, (good, *_) = a_desk()
    answer = desk.answer(ocsp_request(good, desk.own.issuing.certificate))
    altered = answer.replace(b"\x18\x0f", b"\x17\x0f", 1)
    assert altered != answer
    assert findings_in_ocsp(altered, tmp_path)


def asking_with(certificate: Certificate, issuer: Certificate, value: x509.ExtensionType, *, critical: bool) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate.x509, issuer.x509, hashes.SHA256())
    return builder.add_extension(value, critical=critical).build().public_bytes(Encoding.DER)


@pytest.mark.parametrize("critical", [False, True])
@pytest.mark.parametrize("length", [1, 32, 128])
def test_a_nonce_comes_back(length: int, critical: bool) -> None:
    """RFC 9654 §2.1."""
    desk, (good, *_) = a_desk()
    nonce = x509.OCSPNonce(bytes(range(length)))
    request = asking_with(good, desk.own.issuing.certificate, nonce, critical=critical)
    made = ocsp.load_der_ocsp_response(desk.answer(request))
    assert [extension.value for extension in made.extensions] == [nonce]


@pytest.mark.parametrize("length", [0, 129, 1_024])
def test_a_nonce_of_another_length_is_malformed(length: int) -> None:
    """RFC 9654 §2.1."""
    desk, (good, *_) = a_desk()
    request = asking_with(good, desk.own.issuing.certificate, x509.OCSPNonce(bytes(length)), critical=False)
    with pytest.raises(BadOcsp, match=f"has 1 to 128 octets, and this has {length} "):
        read_question(request)


def test_an_unknown_extension_is_passed_over_unless_it_is_critical() -> None:
    """RFC 6960 §4.1.2."""
    desk, (good, *_) = a_desk()
    issuer, strange = desk.own.issuing.certificate, x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\5\0")
    made = desk.answer(asking_with(good, issuer, strange, critical=False))
    assert read_ocsp(made, good, issuer, desk.own.now).status == "good"
    with pytest.raises(BadOcsp, match=r"critical extension that is not known here: 1\.2\.3\."):
        read_question(asking_with(good, issuer, strange, critical=True))


def test_another_ca_is_not_answered_for() -> None:
    """Not even when ours has a certificate with the same serial number, nor when only the key differs."""
    desk, _ = a_desk()
    other = OwnHierarchy.of("EC secp384r1", name="Other")
    strange = other.issue(STATION)
    desk.standings[serial(strange)] = GOOD
    namesake = OwnHierarchy.of("RSA 2048")
    assert namesake.issuing.certificate.subject_hash == desk.own.issuing.certificate.subject_hash
    for certificate, issuer in (
        (strange, other.issuing.certificate),
        (namesake.issue(STATION), namesake.issuing.certificate),
    ):
        question = ocsp_request(certificate, issuer)
        assert not is_asked_of(read_question(question), desk.own.issuing.certificate)
        assert is_asked_of(read_question(question), issuer)
        with pytest.raises(CannotSign, match="for another CA"):
            desk.answer(question)


@pytest.mark.parametrize("request_", [b"", b"\x30\x00", b"rubbish", bytes(MAX_OCSP_REQUEST + 1)])
def test_what_is_no_request_is_refused(request_: bytes) -> None:
    with pytest.raises(BadOcsp):
        read_question(request_)


def test_a_responder_needs_its_own_key() -> None:
    desk, (good, *_) = a_desk()
    own = desk.own
    with pytest.raises(CannotSign, match="is not that of"):
        answer_ocsp(
            read_question(ocsp_request(good, own.issuing.certificate)),
            GOOD,
            issuer=own.issuing.certificate,
            responder=own.responder().certificate,
            key=own.issuing.key.for_signing,
            at=own.now,
            next_update=own.now + DAY,
        )


@pytest.mark.parametrize("by_itself", [False, True], ids=["appointed", "the CA itself"])
@pytest.mark.parametrize("kind", KINDS)
def test_openssl_reads_an_answer(kind: KeyKind, by_itself: bool, tmp_path: Path) -> None:
    """The request is made by openssl, with a nonce; its answer is verified by it."""
    desk, certificates = a_desk(kind, by_itself=by_itself)
    for certificate, status in zip(certificates, ("good", "revoked"), strict=True):
        request = openssl_request(desk.own, [certificate], tmp_path)
        assert read_question(request).nonce is not None
        said = openssl_ocsp(desk.own, [certificate], desk.answer(request), tmp_path)
        assert "Response verify OK" in said
        assert "WARNING" not in said
        assert f": {status}" in said


def test_a_request_for_several_certificates_is_refused(tmp_path: Path) -> None:
    """RFC 5019 §2.1.1."""
    desk, certificates = a_desk()
    with pytest.raises(BadOcsp, match="is for several certificates"):
        read_question(openssl_request(desk.own, certificates, tmp_path))


DESK, ASKED = a_desk()


@settings(max_examples=150, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 255)), min_size=1, max_size=4))
def test_an_altered_request_is_answered_or_refused(changes: list[tuple[int, int]]) -> None:
    data = bytearray(ocsp_request(ASKED[0], DESK.own.issuing.certificate))
    for place, byte in changes:
        data[place % len(data)] = byte
    try:
        made = DESK.answer(bytes(data))
    except (BadOcsp, CannotSign):
        return
    ocsp.load_der_ocsp_response(made)


def written(directory: Path, **certificates: Certificate) -> dict[str, Path]:
    paths = {name: directory / f"{name}.pem" for name in certificates}
    for name, certificate in certificates.items():
        paths[name].write_text(certificate.pem)
    return paths


def asking(own: OwnHierarchy, certificates: Sequence[Certificate], directory: Path) -> list[str | Path]:
    paths = written(directory, issuer=own.issuing.certificate)
    command: list[str | Path] = ["ocsp", "-issuer", paths["issuer"]]
    for number, certificate in enumerate(certificates):
        command += ["-cert", written(directory, **{f"leaf{number}": certificate})[f"leaf{number}"]]
    return command


def openssl_request(own: OwnHierarchy, certificates: Sequence[Certificate], directory: Path) -> bytes:
    out = directory / "request.der"
    openssl(*asking(own, certificates, directory), "-reqout", out)
    return out.read_bytes()


def openssl_ocsp(own: OwnHierarchy, certificates: Sequence[Certificate], answer: bytes, directory: Path) -> str:
    """What openssl says when it is given the answer to its own request."""
    root, path = directory / "root.pem", directory / "answer.der"
    root.write_text(own.root.certificate.pem)
    path.write_bytes(answer)
    given = ("-reqin", directory / "request.der", "-no_nonce", "-respin", path)
    trusted = ("-CAfile", root, "-verify_other", directory / "issuer.pem")
    return openssl(*asking(own, certificates, directory), *given, *trusted)
