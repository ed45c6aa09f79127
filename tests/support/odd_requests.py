"""Certificate signing requests of every kind that is met, or that somebody might try (RFC 2986).

Request().der() is a good one of station SN-1; each argument changes one thing, also to what no library would make.
"""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.issuing import Extensions, Key, a_key, a_name

SERIAL: Final = "SN-1"
OPERATOR: Final = "Forecourt Power"

SEQUENCE, SET, INTEGER, BITS, OCTETS, NULL, OID = 0x30, 0x31, 0x02, 0x03, 0x04, 0x05, 0x06
UTF8, PRINTABLE, T61, BMP, BOOLEAN, CONTEXT_0 = 0x0C, 0x13, 0x14, 0x1E, 0x01, 0xA0


def der(tag: int, *parts: bytes) -> bytes:
    """One value in DER."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def integer(value: int) -> bytes:
    return der(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    encoded = bytes((first * 40 + second,))
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        encoded += bytes(reversed(groups))
    return der(OID, encoded)


COMMON_NAME, ORGANISATION = "2.5.4.3", "2.5.4.10"
EXTENSION_REQUEST, MS_EXTENSION_REQUEST = "1.2.840.113549.1.9.14", "1.3.6.1.4.1.311.2.1.14"


def attribute_value(which: str, tag: int, value: bytes) -> bytes:
    return der(SEQUENCE, oid(which), der(tag, value))


def a_subject(*parts: tuple[str, int, bytes], is_one_rdn: bool = False) -> bytes:
    """A name in DER, of values in the string types that are given."""
    values = [attribute_value(*part) for part in parts]
    if is_one_rdn:
        return der(SEQUENCE, der(SET, *sorted(values)))
    return der(SEQUENCE, *(der(SET, value) for value in values))


def an_attribute(which: str, *values: bytes) -> bytes:
    return der(SEQUENCE, oid(which), der(SET, *sorted(values)))


def an_extension(which: str, value: bytes, *, critical: bool = False) -> bytes:
    flag = der(BOOLEAN, b"\xff") if critical else b""
    return der(SEQUENCE, oid(which), flag, der(OCTETS, value))


def asked(extensions: Extensions) -> bytes:
    """The attribute that asks for extensions."""
    made = [
        an_extension(value.oid.dotted_string, value.public_bytes(), critical=critical) for value, critical in extensions
    ]
    return an_attribute(EXTENSION_REQUEST, der(SEQUENCE, *made))


def rsa_spki(modulus: int, exponent: int) -> bytes:
    """An RSA public key of any numbers."""
    numbers = der(SEQUENCE, integer(modulus), integer(exponent))
    return der(SEQUENCE, der(SEQUENCE, oid("1.2.840.113549.1.1.1"), der(NULL)), der(BITS, b"\x00", numbers))


@dataclass(frozen=True, kw_only=True)
class Request:
    """What goes into a request."""

    common_name: str | Sequence[str] | None = SERIAL
    organisation: str | Sequence[str] | None = OPERATOR
    key: str | Key = "EC P-256"
    subject: bytes | None = None
    """Instead of the two names, in DER."""
    spki: bytes | None = None
    """Instead of the key's own public half, in DER."""
    extensions: Extensions = ()
    attributes: Sequence[bytes] = ()
    """Beside the one that asks for extensions."""
    signature_hash: str = "SHA256"
    algorithm: str | None = None
    """Instead of the OID of the signature that is made."""
    signature: bytes | None = None
    version: int = 0
    has_attributes: bool = True
    """The field, which may be empty."""

    def der(self) -> bytes:
        key = a_key(self.key) if isinstance(self.key, str) else self.key
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        subject = self.subject
        if subject is None:
            subject = a_name(self.common_name, self.organisation).public_bytes()
        attributes = [asked(self.extensions)] if self.extensions else []
        field = der(CONTEXT_0, *sorted([*attributes, *self.attributes])) if self.has_attributes else b""
        info = der(
            SEQUENCE,
            integer(self.version),
            subject,
            self.spki or public,
            field,
        )
        which, made = _signed(key, info, self.signature_hash)
        parameters = der(NULL) if isinstance(key, rsa.RSAPrivateKey) else b""
        algorithm = der(SEQUENCE, oid(self.algorithm or which), parameters)
        return der(SEQUENCE, info, algorithm, der(BITS, b"\x00", made if self.signature is None else self.signature))


_RSA: Final = "1.2.840.113549.1.1."
_ECDSA: Final = "1.2.840.10045.4."
_HASHES: Final[dict[str, tuple[hashes.HashAlgorithm, str, str]]] = {
    "MD5": (hashes.MD5(), f"{_RSA}4", ""),
    "SHA1": (hashes.SHA1(), f"{_RSA}5", f"{_ECDSA}1"),
    "SHA256": (hashes.SHA256(), f"{_RSA}11", f"{_ECDSA}3.2"),
    "SHA384": (hashes.SHA384(), f"{_RSA}12", f"{_ECDSA}3.3"),
    "SHA512": (hashes.SHA512(), f"{_RSA}13", f"{_ECDSA}3.4"),
}


def _signed(key: Key, info: bytes, name: str) -> tuple[str, bytes]:
    """The OID and the signature."""
    algorithm, of_rsa, of_ecdsa = _HASHES[name]
    if isinstance(key, rsa.RSAPrivateKey):
        return of_rsa, key.sign(info, padding.PKCS1v15(), algorithm)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return of_ecdsa, key.sign(info, ec.ECDSA(algorithm))
    return "1.3.101.112", key.sign(info)


def pem_of(content: bytes, label: str = "CERTIFICATE REQUEST", end: str = "\n") -> str:
    """As PEM with any label and line ends."""
    text = base64.b64encode(content).decode("ascii")
    lines = [f"-----BEGIN {label}-----", *textwrap.wrap(text, 64), f"-----END {label}-----", ""]
    return end.join(lines)


def modulus() -> int:
    """Of a good RSA key."""
    key = a_key("RSA 2048")
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.public_key().public_numbers().n


def with_rsa(n: int, e: int = 65_537) -> bytes:
    """Signed with another key: nobody has the one to such numbers, or everybody."""
    return Request(key="RSA 2048", spki=rsa_spki(n, e)).der()


def assert_for_people(sentence: str) -> None:
    """One line that a log and a terminal can show."""
    assert sentence.isprintable()
    assert sentence.endswith(".")
    assert len(sentence) < 700
