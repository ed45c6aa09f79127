"""What a CA answers when it is asked for one certificate: OCSP (RFC 6960; A00.FR.704)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from forecourt.pki.certificate import MALFORMED, Certificate, tolerance
from forecourt.pki.errors import BadCertificate, BadOcsp
from forecourt.pki.strength import is_strong_hash, weakness
from forecourt.pki.wording import in_short, moment, quoted

MAX_OCSP: Final = 256 * 1024
"""Bytes of an answer, with the certificates in it."""

MAX_AGE: Final = timedelta(days=1)
"""How old an answer may be that does not say until when it holds."""

MAX_AHEAD: Final = timedelta(minutes=5)
"""How far the clock of a CA may be ahead of this one."""

MAX_ENCLOSED: Final = 10
"""Certificates in an answer that are looked at for the responder's."""

_STATUS: Final[dict[ocsp.OCSPCertStatus, Literal["good", "revoked", "unknown"]]] = {
    ocsp.OCSPCertStatus.GOOD: "good",
    ocsp.OCSPCertStatus.REVOKED: "revoked",
    ocsp.OCSPCertStatus.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class OcspAnswer:
    """What a responder said of a certificate."""

    status: Literal["good", "revoked", "unknown"]
    this_update: datetime
    next_update: datetime | None
    """Until when it may be kept; None when the responder always has newer."""
    revoked_at: datetime | None


def ocsp_request(certificate: Certificate, issuer: Certificate) -> bytes:
    """The question for a certificate, in DER.

    It names the issuer by SHA-1, the one hash that all responders know (RFC 5019 §2.1.1); nothing rests on it. There is
    no nonce: many responders answer from store. Raises BadOcsp for a certificate that cannot be asked for.
    """
    try:
        with tolerance():
            name = hashes.SHA1()  # noqa: S303 (it names the issuer, and proves nothing)
            asked = ocsp.OCSPRequestBuilder().add_certificate(certificate.x509, issuer.x509, name)
            return asked.build().public_bytes(Encoding.DER)
    except MALFORMED as error:
        who = quoted(certificate.subject)
        raise BadOcsp(f"An OCSP responder cannot be asked for the certificate {who}: {in_short(error)}.") from error


def read_ocsp(data: bytes, certificate: Certificate, issuer: Certificate, at: datetime) -> OcspAnswer:
    """What an answer says of a certificate, signed by its issuer or by whom the issuer appointed (RFC 6960 §4.2.2.2).

    A responder that was appointed is taken at its issuer's word while its certificate is valid; whether that was
    revoked is not asked. Raises BadOcsp.
    """
    if len(data) > MAX_OCSP:
        raise BadOcsp(f"An OCSP answer has at most {MAX_OCSP:,} bytes, and this has {len(data):,}.")
    try:
        with tolerance():
            answer = ocsp.load_der_ocsp_response(data)
            if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
                status = answer.response_status.name.lower().replace("_", " ")
                raise BadOcsp(f"The OCSP responder gave no answer: {status}.")
            _check_signature(answer, issuer, at)
            return _checked_time(_about(answer, certificate, issuer), at)
    except MALFORMED as error:
        raise BadOcsp(f"This is no OCSP answer that can be read: {in_short(error)}.") from error


def _about(answer: ocsp.OCSPResponse, certificate: Certificate, issuer: Certificate) -> OcspAnswer:
    """The part of the answer that is about the certificate."""
    for single in answer.responses:
        if _is_about(single, certificate, issuer):
            return OcspAnswer(
                status=_STATUS[single.certificate_status],
                this_update=single.this_update_utc,
                next_update=single.next_update_utc,
                revoked_at=single.revocation_time_utc,
            )
    raise BadOcsp(f"The OCSP answer says nothing of the certificate {quoted(certificate.subject)}.")


def _is_about(single: ocsp.OCSPSingleResponse, certificate: Certificate, issuer: Certificate) -> bool:
    """Compared with the question that would have been asked with the answer's hash."""
    if single.serial_number != int(certificate.serial, 16):
        return False
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate.x509, issuer.x509, single.hash_algorithm).build()
    return (single.issuer_name_hash, single.issuer_key_hash) == (asked.issuer_name_hash, asked.issuer_key_hash)


def _checked_time(answer: OcspAnswer, at: datetime) -> OcspAnswer:
    if answer.this_update > at + MAX_AHEAD:
        raise BadOcsp(f"The OCSP answer is of the future: {moment(answer.this_update)}.")
    until = answer.next_update or answer.this_update + MAX_AGE
    if until < at:
        raise BadOcsp(f"The OCSP answer is out of date since {moment(until)}.")
    return answer


def _check_signature(answer: ocsp.OCSPResponse, issuer: Certificate, at: datetime) -> None:
    if not all(is_strong_hash(algorithm) for algorithm in _algorithms(answer)):
        raise BadOcsp("The OCSP answer is signed with a hash that is too weak: SHA256 or stronger is needed.")
    if _is_signed_with(answer, issuer):
        return
    for enclosed in answer.certificates[:MAX_ENCLOSED]:
        try:
            responder = Certificate.of(enclosed)
        except BadCertificate:
            continue
        if _is_signed_with(answer, responder):
            _check_responder(responder, issuer, at)
            return
    raise BadOcsp(f"The OCSP answer is signed neither by {quoted(issuer.subject)} nor by a responder that it encloses.")


def _check_responder(responder: Certificate, issuer: Certificate, at: datetime) -> None:
    """That the issuer appointed the responder (RFC 6960 §4.2.2.2)."""
    who = f"The OCSP responder {quoted(responder.subject)}"
    try:
        responder.x509.verify_directly_issued_by(issuer.x509)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        raise BadOcsp(f"{who} was not appointed by {quoted(issuer.subject)}.") from None
    if not _may_answer(responder):
        raise BadOcsp(f"{who} has a certificate that is not for signing OCSP answers.")
    if not responder.not_before <= at <= responder.not_after:
        validity = f"{moment(responder.not_before)} to {moment(responder.not_after)}"
        raise BadOcsp(f"{who} has a certificate that is valid only from {validity}.")
    if (why := weakness(responder)) is not None:
        raise BadOcsp(f"{who} has a certificate that is too weak. {why}")


def _may_answer(responder: Certificate) -> bool:
    try:
        usages = responder.x509.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usages


def _algorithms(answer: ocsp.OCSPResponse) -> Sequence[hashes.HashAlgorithm | None]:
    """The hashes that it may be signed with: for RSA-PSS (A00.FR.505) the library does not tell which."""
    if answer.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS:
        return hashes.SHA256(), hashes.SHA384(), hashes.SHA512()
    return (answer.signature_hash_algorithm,)


def _is_signed_with(answer: ocsp.OCSPResponse, signer: Certificate) -> bool:
    return any(_is_signed_by(answer, signer, algorithm) for algorithm in _algorithms(answer))


def _is_signed_by(answer: ocsp.OCSPResponse, signer: Certificate, algorithm: hashes.HashAlgorithm | None) -> bool:
    key, signature, signed = signer.x509.public_key(), answer.signature, answer.tbs_response_bytes
    try:
        match key:
            case rsa.RSAPublicKey() if algorithm is not None:
                key.verify(signature, signed, _padding(answer, algorithm), algorithm)
            case ec.EllipticCurvePublicKey() if algorithm is not None:
                key.verify(signature, signed, ec.ECDSA(algorithm))
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey() if algorithm is None:
                key.verify(signature, signed)
            case _:
                return False
    except InvalidSignature:
        return False
    return True


def _padding(answer: ocsp.OCSPResponse, algorithm: hashes.HashAlgorithm) -> padding.PSS | padding.PKCS1v15:
    if answer.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS:
        return padding.PSS(padding.MGF1(algorithm), padding.PSS.AUTO)
    return padding.PKCS1v15()
