"""How a station names certificates, made without the system's own code (security whitepaper §6.1; RFC 6960 §4.1.1)."""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def named(
    certificate: x509.Certificate, issuer: x509.Certificate | None = None, algorithm: str = "SHA256"
) -> dict[str, str]:
    """CertificateHashData. Without an issuer the certificate is its own."""

    def digest(data: bytes) -> str:
        return hashlib.new(algorithm, data).hexdigest()

    key = (issuer or certificate).public_key()
    if isinstance(key, rsa.RSAPublicKey):
        bits = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    else:
        bits = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": digest(certificate.issuer.public_bytes()),
        "issuerKeyHash": digest(bits),
        "serialNumber": format(certificate.serial_number, "X"),
    }
