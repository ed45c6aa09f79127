"""A certificate and what is written in it, as values."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import Certificate as ParsedCertificate
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from forecourt.pki.errors import BadCertificate
from forecourt.pki.pem import Block, Broken, as_bytes, blocks, is_der
from forecourt.pki.wording import in_short, shown_name

MAX_CERTIFICATE: Final = 64 * 1024
"""Bytes. Certificates of stations have about 1 KiB; OCPP carries 5.5 KiB at most."""

MAX_BUNDLE: Final = 500
"""Blocks in a bundle; the largest collections of public roots have 150."""

MAX_BUNDLE_SIZE: Final = 2 * 1024 * 1024
"""Bytes."""

MALFORMED: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises for content that it cannot take, some of it only when that part is looked at."""

_LABELS: Final = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})
_MAX_URL: Final = 2_048


@dataclass(frozen=True, slots=True)
class Certificate:
    """An X.509 certificate, of which every part could be read. Two are equal when their bytes are.

    Nothing in it is proven: whoever made it wrote what they liked.
    """

    der: bytes
    x509: ParsedCertificate = field(compare=False, repr=False)
    fingerprint: str = field(compare=False)
    """SHA-256 of the certificate, in lower-case hexadecimal."""
    subject: str = field(compare=False)
    """As RFC 4514 writes it, the most specific part first; characters that cannot be shown are escaped."""
    issuer: str = field(compare=False)
    organisations: tuple[str, ...] = field(compare=False)
    """Every O of the subject, exactly as written (A00.FR.509)."""
    common_names: tuple[str, ...] = field(compare=False)
    """Every CN of the subject, exactly as written (A00.FR.511)."""
    serial: str = field(compare=False)
    """In upper-case hexadecimal without leading zeros; with a minus sign where RFC 5280 §4.1.2.2 is broken."""
    issuer_hash: str = field(compare=False)
    """SHA-256 of the issuer's name in DER, in lower-case hexadecimal. With the serial it names a certificate."""
    subject_hash: str = field(compare=False)
    """The same of the subject's name."""
    not_before: datetime = field(compare=False)
    not_after: datetime = field(compare=False)
    is_authority: bool = field(compare=False)
    """It belongs to a CA, by its basic constraints (RFC 5280 §4.2.1.9)."""
    is_self_issued: bool = field(compare=False)
    """Subject and issuer are the same name, as in a root."""
    key_kind: str = field(compare=False)
    """Such as ``RSA 2048``, ``EC secp256r1`` or ``Ed25519``."""
    signature_hash: str | None = field(compare=False)
    """Such as ``SHA256``; None where the signature has no hash to choose, as with Ed25519."""
    crl_urls: tuple[str, ...] = field(compare=False)
    """Where its CA offers the list of revoked certificates, over HTTP or HTTPS (RFC 5280 §4.2.1.13)."""
    ocsp_urls: tuple[str, ...] = field(compare=False)
    """Where its CA answers OCSP requests (RFC 5280 §4.2.2.1)."""

    @classmethod
    def of(cls, certificate: ParsedCertificate) -> Certificate:
        """Reads every part at once, so that none fails later. Raises BadCertificate."""
        try:
            with tolerance():
                return _facts(certificate)
        except MALFORMED as error:
            raise BadCertificate(f"A part of this certificate cannot be read: {in_short(error)}.") from error

    def has_ended(self, at: datetime) -> bool:
        """Whether its validity is over. The second that it names belongs to it (RFC 5280 §4.1.2.5)."""
        return at.replace(microsecond=0) > self.not_after

    @property
    def pem(self) -> str:
        """As PEM, with LF at the end of lines."""
        return self.x509.public_bytes(Encoding.PEM).decode("ascii")

    def __repr__(self) -> str:
        return f"<Certificate {self.subject!r} {self.fingerprint[:16]}>"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A block of a bundle that is no certificate."""

    position: int
    """Which block of the bundle, counted from 1."""
    reason: str
    """A sentence for people."""


def read_certificate(data: bytes | str) -> Certificate:
    """The one certificate in PEM or DER. PEM may have any line ends, percent-encoded ones too (OCPP 1.6 A00.FR.507).

    Raises BadCertificate.
    """
    data = as_bytes(data)
    if len(data) > MAX_CERTIFICATE:
        raise BadCertificate(f"A certificate has at most {MAX_CERTIFICATE:,} bytes, and this has {len(data):,}.")
    if is_der(data):
        return _of_der(data)
    found = blocks(data)
    if not found:
        raise BadCertificate(NOTHING_FOUND)
    if len(found) > 1:
        raise BadCertificate(f"One certificate is expected here, and {len(found)} blocks were found.")
    return _of_block(found[0])


def read_bundle(data: bytes | str) -> list[Certificate | Unreadable]:
    """The certificates in order, as in :func:`read_certificate`; a bad block does not keep the others from being read.

    Raises BadCertificate when nothing is found, and for more than ``MAX_BUNDLE`` blocks or ``MAX_BUNDLE_SIZE`` bytes.
    """
    data = as_bytes(data)
    if len(data) > MAX_BUNDLE_SIZE:
        raise BadCertificate(f"A bundle has at most {MAX_BUNDLE_SIZE:,} bytes, and this has {len(data):,}: divide it.")
    if is_der(data):
        return [_of_der(data)]
    found = blocks(data)
    if not found:
        raise BadCertificate(NOTHING_FOUND)
    if len(found) > MAX_BUNDLE:
        raise BadCertificate(f"A bundle has at most {MAX_BUNDLE} certificates, and this has {len(found):,}: divide it.")
    return [_tried(position, block) for position, block in enumerate(found, 1)]


NOTHING_FOUND: Final = (
    "There is no certificate in this: neither PEM, which begins with -----BEGIN CERTIFICATE-----, nor DER."
)


def _tried(position: int, block: Block | Broken) -> Certificate | Unreadable:
    try:
        return _of_block(block)
    except BadCertificate as error:
        return Unreadable(position, str(error))


def _of_block(block: Block | Broken) -> Certificate:
    if isinstance(block, Broken):
        raise BadCertificate(block.reason)
    if block.label not in _LABELS:
        raise BadCertificate(f"A certificate is expected here, and this block is a {block.label}.")
    if len(block.content) > MAX_CERTIFICATE:
        raise BadCertificate(f"A certificate has at most {MAX_CERTIFICATE:,} bytes, and this has more.")
    return _of_der(block.content)


def _of_der(der: bytes) -> Certificate:
    try:
        with tolerance():
            certificate = x509.load_der_x509_certificate(der)
    except MALFORMED as error:
        raise BadCertificate(f"This is no certificate that can be read: {in_short(error)}.") from error
    return Certificate.of(certificate)


@contextmanager
def tolerance() -> Iterator[None]:
    """Within it, the library says nothing of what breaks a rule of RFC 5280 but is met in the field.

    Those are serial numbers below one (§4.1.2.2), and names that are too long or too short (appendix A.1). Threads may
    leave these two filters behind for one another; they are the same ones, and silence nothing else.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Parsed a serial number", CryptographyDeprecationWarning)
        warnings.filterwarnings("ignore", "Attribute's length must be", UserWarning)
        yield


def key_usage(certificate: Certificate) -> x509.KeyUsage | None:
    """What its key may be used for (RFC 5280 §4.2.1.3); None when it does not say, and the key is for everything."""
    try:
        return certificate.x509.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def name_hash(name: x509.Name) -> str:
    """SHA-256 of a name in DER, in lower-case hexadecimal."""
    return hashlib.sha256(name.public_bytes()).hexdigest()


def _facts(certificate: ParsedCertificate) -> Certificate:
    der = certificate.public_bytes(Encoding.DER)
    subject, issuer = certificate.subject, certificate.issuer
    issuer_hash, subject_hash = name_hash(issuer), name_hash(subject)
    extensions = certificate.extensions
    return Certificate(
        der=der,
        x509=certificate,
        fingerprint=hashlib.sha256(der).hexdigest(),
        subject=shown_name(subject),
        issuer=shown_name(issuer),
        organisations=_values(subject, NameOID.ORGANIZATION_NAME),
        common_names=_values(subject, NameOID.COMMON_NAME),
        serial=f"{certificate.serial_number:X}",
        issuer_hash=issuer_hash,
        subject_hash=subject_hash,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        is_authority=_is_authority(extensions),
        is_self_issued=issuer_hash == subject_hash,
        key_kind=key_kind(certificate.public_key()),
        signature_hash=_signature_hash(certificate),
        crl_urls=_crl_urls(extensions),
        ocsp_urls=_ocsp_urls(extensions),
    )


def _values(name: x509.Name, oid: x509.ObjectIdentifier) -> tuple[str, ...]:
    values = (attribute.value for attribute in name.get_attributes_for_oid(oid))
    return tuple(value for value in values if isinstance(value, str))


def key_kind(key: object) -> str:
    """The kind of a public or private key of the library, in words."""
    match key:
        case rsa.RSAPublicKey() | rsa.RSAPrivateKey():
            return f"RSA {key.key_size}"
        case dsa.DSAPublicKey() | dsa.DSAPrivateKey():
            return f"DSA {key.key_size}"
        case ec.EllipticCurvePublicKey() | ec.EllipticCurvePrivateKey():
            return f"EC {key.curve.name}"
        case _:
            return type(key).__name__.removesuffix("PublicKey").removesuffix("PrivateKey")


def _signature_hash(certificate: ParsedCertificate) -> str | None:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return f"unknown {certificate.signature_algorithm_oid.dotted_string}"
    return None if algorithm is None else algorithm.name.upper()


def _is_authority(extensions: x509.Extensions) -> bool:
    try:
        return extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _crl_urls(extensions: x509.Extensions) -> tuple[str, ...]:
    try:
        points = extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return ()
    return _urls(name for point in points for name in point.full_name or ())


def _ocsp_urls(extensions: x509.Extensions) -> tuple[str, ...]:
    try:
        access = extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return ()
    return _urls(each.access_location for each in access if each.access_method == AuthorityInformationAccessOID.OCSP)


def _urls(names: Iterable[x509.GeneralName]) -> tuple[str, ...]:
    values = (name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))
    return tuple(dict.fromkeys(value for value in values if _is_url(value)))


def _is_url(text: str) -> bool:
    is_web = text.lower().startswith(("http://", "https://"))
    return is_web and len(text) <= _MAX_URL and text.isascii() and text.isprintable() and " " not in text
