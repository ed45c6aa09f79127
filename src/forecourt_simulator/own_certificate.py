"""A station's own keys and certificates: how it asks for one, what it takes, which one it shows (A02, A03)."""

from __future__ import annotations

import base64
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

Key: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

WEAK_BITS = 1024


class KeyKind(enum.Enum):
    """Which keys a station makes."""

    EC = "ec"
    """P-256: quick to make."""
    RSA = "rsa"
    """2048 bits."""


class InvalidCertificate(Exception):
    """A certificate that was delivered and is not for this station; the text says why."""


@dataclass(frozen=True, slots=True)
class Own:
    """A key and its certificate, with those of the issuers below the root."""

    key: Key
    chain: tuple[x509.Certificate, ...]

    @property
    def leaf(self) -> x509.Certificate:
        return self.chain[0]

    @property
    def common_name(self) -> str:
        return ", ".join(_names(self.leaf, NameOID.COMMON_NAME))


class OwnCertificates:
    """What the station has, and the key that waits for its certificate."""

    def __init__(self, own: Own | None = None) -> None:
        self.held: list[Own] = [] if own is None else [own]
        self._waiting: Key | None = None

    def request(
        self, *, common_name: str, organisation: str, kind: KeyKind, is_weak: bool = False, is_broken: bool = False
    ) -> str:
        """A request (PKCS#10 as PEM) for a new key, which replaces one that still waits (A02.FR.02, 03, 13)."""
        self._waiting = key = _new_key(kind, is_weak=is_weak)
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
            ]
        )
        request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
        if not is_broken:
            return request.public_bytes(Encoding.PEM).decode()
        return _with_broken_signature(request.public_bytes(Encoding.DER))

    def take(
        self, chain: str, *, roots: Sequence[x509.Certificate], organisation: str, serial_number: str, now: datetime
    ) -> Own:
        """Check a certificate that was delivered (A02.FR.06) and keep it. Raises InvalidCertificate.

        One that is not valid yet is kept as well: the station shows it from then on (A02.FR.08).
        """
        if self._waiting is None:
            raise InvalidCertificate("no certificate was asked for")
        certificates = read_chain(chain)
        own = Own(self._waiting, tuple(certificates))
        if _public(own.key.public_key()) != _public(own.leaf.public_key()):
            raise InvalidCertificate("it is for another key than the one that was asked for")
        if serial_number not in _names(own.leaf, NameOID.COMMON_NAME):
            raise InvalidCertificate(f"its common name is {own.common_name!r} and not {serial_number!r}")
        if organisation not in _names(own.leaf, NameOID.ORGANIZATION_NAME):
            raise InvalidCertificate(f"its organization is not {organisation!r}")
        if own.leaf.not_valid_after_utc < now:
            raise InvalidCertificate("it has expired")
        _verify(own, roots, max(now, own.leaf.not_valid_before_utc))
        self.held.append(own)
        self._waiting = None
        return own

    def current(self, now: datetime) -> Own | None:
        """The valid one with the newest start (A02.FR.09), of equal ones the one that came last."""
        valid = [own for own in self.held if own.leaf.not_valid_before_utc <= now <= own.leaf.not_valid_after_utc]
        return max(reversed(valid), key=lambda own: own.leaf.not_valid_before_utc, default=None)

    def newest(self) -> Own | None:
        """The one with the newest start, valid or not: it is shown when nothing better is there."""
        return max(self.held, key=lambda own: own.leaf.not_valid_before_utc, default=None)


def read_chain(text: str) -> list[x509.Certificate]:
    """Certificates as PEM, one after the other. Raises InvalidCertificate."""
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError as unreadable:
        raise InvalidCertificate("it is no certificate as PEM") from unreadable


def _new_key(kind: KeyKind, *, is_weak: bool) -> Key:
    if is_weak:
        return rsa.generate_private_key(public_exponent=65537, key_size=WEAK_BITS)
    if kind is KeyKind.RSA:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _with_broken_signature(request: bytes) -> str:
    """The signature is the last field of a request (RFC 2986 §4): its last byte is changed."""
    text = base64.encodebytes(request[:-1] + bytes([request[-1] ^ 1])).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{text}-----END CERTIFICATE REQUEST-----\n"


def _verify(own: Own, roots: Sequence[x509.Certificate], at: datetime) -> None:
    """The path to an installed root of the central system. Extensions of the leaf are left to whoever signed it."""
    if not roots:
        raise InvalidCertificate("no root of the central system is installed that it could lead to")
    issuers = ExtensionPolicy.permit_all().require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    policy = PolicyBuilder().store(Store(list(roots))).time(at)
    policy = policy.extension_policies(ca_policy=issuers, ee_policy=ExtensionPolicy.permit_all())
    try:
        policy.build_client_verifier().verify(own.leaf, list(own.chain[1:]))
    except (VerificationError, ValueError) as refused:
        raise InvalidCertificate("it does not lead to an installed root of the central system") from refused


def _public(key: object) -> bytes:
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return b""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _names(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(one.value) for one in certificate.subject.get_attributes_for_oid(oid)]
