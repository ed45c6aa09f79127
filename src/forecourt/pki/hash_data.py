"""The hashes by which OCPP names a certificate (security whitepaper §6.1; RFC 6960 §4.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from forecourt.pki.certificate import MALFORMED, Certificate, tolerance
from forecourt.pki.errors import BadCertificate
from forecourt.pki.wording import in_short, quoted

HashAlgorithm = Literal["SHA256", "SHA384", "SHA512"]

_HASHES: Final[dict[HashAlgorithm, hashes.HashAlgorithm]] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class HashData:
    """A certificate as a station names it. It is compared with :func:`matches`; letters may be of either case."""

    algorithm: HashAlgorithm
    issuer_name_hash: str
    """Of the issuer's name in DER, in hexadecimal."""
    issuer_key_hash: str
    """Of the bits of the issuer's public key, in hexadecimal."""
    serial: str
    """In hexadecimal without leading zeros."""


def hash_data(certificate: Certificate, issuer: Certificate | None, algorithm: HashAlgorithm) -> HashData:
    """The hashes of a certificate; without an issuer it is a root, and its own issuer.

    Raises BadCertificate for one that cannot be named so, and for an algorithm that OCPP does not have.
    """
    above = certificate if issuer is None else issuer
    if (known := _HASHES.get(algorithm)) is None:
        raise BadCertificate(f"OCPP names no certificate by hashes of {in_short(algorithm)}.")
    try:
        with tolerance():
            asked = ocsp.OCSPRequestBuilder().add_certificate(certificate.x509, above.x509, known).build()
    except MALFORMED as error:
        who = quoted(certificate.subject)
        raise BadCertificate(f"The certificate {who} cannot be named by hashes: {in_short(error)}.") from error
    return HashData(algorithm, asked.issuer_name_hash.hex(), asked.issuer_key_hash.hex(), f"{asked.serial_number:X}")


def matches(certificate: Certificate, issuer: Certificate | None, named: HashData) -> bool:
    """Whether a station's hashes name this certificate. Case and leading zeros do not matter (edition 3, CiString)."""
    try:
        own = hash_data(certificate, issuer, named.algorithm)
    except BadCertificate:
        return False
    return _comparable(own) == _comparable(named)


def _comparable(named: HashData) -> tuple[str, str, str]:
    serial = named.serial.strip().lower().removeprefix("0x").lstrip("0")
    return named.issuer_name_hash.strip().lower(), named.issuer_key_hash.strip().lower(), serial
