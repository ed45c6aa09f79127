"""Answers of a CA's own OCSP responder (RFC 6960), to questions for one certificate (RFC 5019 §2.1.1)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from forecourt.pki.certificate import MALFORMED, Certificate, tolerance
from forecourt.pki.errors import BadOcsp, CannotSign
from forecourt.pki.issuing import SigningKey, hash_for, spki
from forecourt.pki.reasons import Reason
from forecourt.pki.wording import in_short, quoted

MAX_OCSP_REQUEST: Final = 4 * 1024
"""Bytes. A question has some 100."""

MAX_NONCE: Final = 128
"""Octets (RFC 9654 §2.1)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How it is with a serial number of a certificate that was issued; of others nothing is said."""

    status: Literal["good", "revoked"]
    revoked_at: datetime | None = None
    reason: Reason | None = None


GOOD: Final = Standing("good")


def revoked(revoked_at: datetime, reason: Reason) -> Standing:
    return Standing("revoked", revoked_at, reason)


@dataclass(frozen=True, slots=True)
class OcspQuestion:
    """A request, of which every part could be read."""

    asked: ocsp.OCSPRequest
    serial: int
    """Of the one certificate that it asks for."""
    nonce: x509.OCSPNonce | None
    """To be sent back; no other request has the same."""

    @property
    def hash_name(self) -> str:
        """Of the hash by which it names the issuer."""
        return self.asked.hash_algorithm.name


def read_question(request: bytes) -> OcspQuestion:
    """Raises BadOcsp for what is answered as malformed (RFC 6960 §2.3), a request for several certificates too."""
    if len(request) > MAX_OCSP_REQUEST:
        sentence = f"An OCSP request has at most {MAX_OCSP_REQUEST:,} bytes, and this has {len(request):,}."
        raise BadOcsp(sentence)
    try:
        with tolerance():
            asked = ocsp.load_der_ocsp_request(request)
            _ = asked.hash_algorithm, asked.issuer_name_hash, asked.issuer_key_hash
            question = OcspQuestion(asked, asked.serial_number, _nonce(asked.extensions))
    except NotImplementedError as error:
        raise BadOcsp("This OCSP request is for several certificates; one at a time is answered for.") from error
    except MALFORMED as error:
        raise BadOcsp(f"This is no OCSP request that can be read: {in_short(error)}.") from error
    if question.serial < 0:
        raise BadOcsp("This OCSP request asks for a serial number below zero, which no certificate of ours has.")
    return question


def _nonce(extensions: x509.Extensions) -> x509.OCSPNonce | None:
    """Raises BadOcsp for an extension that must not be passed over, and one that RFC 9654 §2.1 forbids."""
    nonce: x509.OCSPNonce | None = None
    for extension in extensions:
        if isinstance(extension.value, x509.OCSPNonce):
            nonce = extension.value
            if not 1 <= len(nonce.nonce) <= MAX_NONCE:
                raise BadOcsp(f"A nonce has 1 to {MAX_NONCE} octets, and this has {len(nonce.nonce)} (RFC 9654 §2.1).")
        elif extension.critical:
            oid = in_short(extension.oid.dotted_string)
            raise BadOcsp(f"This OCSP request has a critical extension that is not known here: {oid}.")
    return nonce


def is_asked_of(question: OcspQuestion, issuer: Certificate) -> bool:
    """Whether it names the issuer, by the hashes of its name and of its key; what does not is answered with
    ``unauthorized``, which nobody signs (RFC 6960 §2.3)."""
    asked = question.asked
    algorithm = asked.hash_algorithm
    if not isinstance(algorithm, hashes.SHA1 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512):
        return False
    name = hashlib.new(algorithm.name, issuer.x509.subject.public_bytes(), usedforsecurity=False).digest()
    own = ocsp.OCSPRequestBuilder().add_certificate(issuer.x509, issuer.x509, algorithm).build()
    return (name, own.issuer_key_hash) == (asked.issuer_name_hash, asked.issuer_key_hash)


def answer_ocsp(
    question: OcspQuestion,
    standing: Standing,
    *,
    issuer: Certificate,
    responder: Certificate,
    key: SigningKey,
    at: datetime,
    next_update: datetime,
) -> bytes:
    """The answer in DER, with the responder's certificate in it unless it is the issuer itself.

    ``standing`` is that of the question's serial number at the issuer, which the question names (`is_asked_of`).
    Without a nonce the answer is the same to all who ask for this serial number with this hash. Raises CannotSign.
    """
    if spki(key.public_key()) != spki(responder.x509.public_key()):
        raise CannotSign(f"The key to sign with is not that of {quoted(responder.subject)}. Nothing was answered.")
    asked = question.asked
    if not is_asked_of(question, issuer):
        raise CannotSign(f"The question is for another CA than {quoted(issuer.subject)}. Nothing was answered.")
    try:
        with tolerance():
            builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
                issuer_name_hash=asked.issuer_name_hash,
                issuer_key_hash=asked.issuer_key_hash,
                serial_number=question.serial,
                algorithm=asked.hash_algorithm,
                cert_status=_STATUS[standing.status],
                this_update=at,
                next_update=next_update,
                revocation_time=standing.revoked_at,
                revocation_reason=_flag(standing.reason),
            )
            builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, responder.x509)
            if responder != issuer:
                builder = builder.certificates([responder.x509])
            if question.nonce is not None:
                builder = builder.add_extension(question.nonce, critical=False)
            return builder.sign(key, hash_for(key)).public_bytes(Encoding.DER)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CannotSign(f"No OCSP answer could be made: {in_short(error)}.") from error


def refusal_of_ocsp(status: ocsp.OCSPResponseStatus) -> bytes:
    """An answer that says only why there is none; nobody signs it (RFC 6960 §2.3)."""
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)


_STATUS: Final = {
    "good": ocsp.OCSPCertStatus.GOOD,
    "revoked": ocsp.OCSPCertStatus.REVOKED,
}


def _flag(reason: Reason | None) -> x509.ReasonFlags | None:
    """What is not specified is said by saying nothing (RFC 5280 §5.3.1)."""
    return None if reason is None or reason is Reason.UNSPECIFIED else reason.flag
