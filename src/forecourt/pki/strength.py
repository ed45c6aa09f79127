"""Which keys and signatures are strong enough (A00.FR.501–506)."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from forecourt.pki.certificate import Certificate

MIN_RSA: Final = 2_048
"""Bits of RSA and DSA keys (A00.FR.502)."""

MIN_EC: Final = 224
"""Bits of keys on elliptic curves (A00.FR.503)."""

MIN_EXPONENT: Final = 65_537
MAX_EXPONENT_BITS: Final = 256

_STRONG_HASHES: Final = frozenset(
    {"SHA224", "SHA256", "SHA384", "SHA512", "SHA512-224", "SHA512-256", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512"}
)


def weakness(certificate: Certificate) -> str | None:
    """Why a certificate is too weak to be relied upon, as a sentence for people; None when it is strong enough."""
    return weak_key(certificate.x509.public_key()) or weak_signature(certificate)


def weakness_of_anchor(certificate: Certificate) -> str | None:
    """The same of one that a path ends with. Its own signature proves nothing and nobody asks for it: only its key
    counts."""
    return weak_key(certificate.x509.public_key())


def weak_key(key: object) -> str | None:
    """The same of a public or private key of the library."""
    match key:
        case rsa.RSAPublicKey() | rsa.RSAPrivateKey() | dsa.DSAPublicKey() | dsa.DSAPrivateKey():
            if key.key_size < MIN_RSA:
                return f"Its key has {key.key_size} bits, and {MIN_RSA} are the least."
        case ec.EllipticCurvePublicKey() | ec.EllipticCurvePrivateKey():
            if key.key_size < MIN_EC:
                return f"Its key on the curve {key.curve.name} has {key.key_size} bits, and {MIN_EC} are the least."
        case (
            ed25519.Ed25519PublicKey() | ed25519.Ed25519PrivateKey() | ed448.Ed448PublicKey() | ed448.Ed448PrivateKey()
        ):
            return None
        case _:
            return "Its key is of a kind that cannot sign."
    return None


def exponent_fault(exponent: int) -> str | None:
    """Why no certificate is issued for an RSA key with this public exponent, as a sentence (FIPS 186-5 A.1.1)."""
    if exponent % 2 == 0:
        return "Its public exponent is even."
    if exponent < MIN_EXPONENT:
        return f"Its public exponent is {exponent}, and {MIN_EXPONENT} is the least."
    if exponent.bit_length() > MAX_EXPONENT_BITS:
        return f"Its public exponent has {exponent.bit_length():,} bits, and {MAX_EXPONENT_BITS} are the most."
    return None


def is_strong_hash(algorithm: hashes.HashAlgorithm | None) -> bool:
    """Whether a hash may be signed; None stands for signatures that have none to choose, as with Ed25519."""
    return algorithm is None or algorithm.name.upper() in _STRONG_HASHES


def weak_signature(certificate: Certificate) -> str | None:
    """The same of how a certificate is signed."""
    used = certificate.signature_hash
    if used is None or used in _STRONG_HASHES:
        return None
    return f"It is signed with {used}, and SHA256 or stronger is needed."
