"""What is no request for a certificate at all, and what cannot be read of one, each with its own reason (RFC 2986)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from forecourt.pki.csr import MAX_CSR, BadRequest, read_csr
from tests.support.authority import Authority
from tests.support.issuing import a_key
from tests.support.odd_requests import (
    BITS,
    BMP,
    COMMON_NAME,
    EXTENSION_REQUEST,
    INTEGER,
    OCTETS,
    ORGANISATION,
    PRINTABLE,
    SEQUENCE,
    T61,
    UTF8,
    Request,
    a_subject,
    an_attribute,
    an_extension,
    assert_for_people,
    der,
    integer,
    modulus,
    oid,
    pem_of,
    with_rsa,
)

GOOD: Final = Request().der()
PEM: Final = pem_of(GOOD)
ALTERNATIVE: Final = x509.SubjectAlternativeName([x509.DNSName("other.example")])


def curve_of_its_own() -> bytes:
    """The parameters of P-256 but for the generator, which CVE-2020-0601 was about."""
    key = a_key("EC P-256").public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    field = der(SEQUENCE, oid("1.2.840.10045.1.1"), integer(P256["p"]))
    curve = der(SEQUENCE, der(OCTETS, P256["a"].to_bytes(32, "big")), der(OCTETS, P256["b"].to_bytes(32, "big")))
    parameters = der(SEQUENCE, integer(1), field, curve, der(OCTETS, point), integer(P256["n"]), integer(1))
    spki = der(SEQUENCE, der(SEQUENCE, oid("1.2.840.10045.2.1"), parameters), der(BITS, b"\x00", point))
    return Request(spki=spki).der()


P256: Final = {
    "p": 2**256 - 2**224 + 2**192 + 2**96 - 1,
    "a": 2**256 - 2**224 + 2**192 + 2**96 - 4,
    "b": 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    "n": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
}
"""The numbers of the curve (FIPS 186-4 D.1.2.3)."""


def off_the_curve() -> bytes:
    spki = bytearray.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
    return Request(spki=bytes(spki) + bytes(range(64))).der()


BAD_STRING: Final = r"can(not)? be read: a name in it has characters .* Write it as UTF8String\."

UNREADABLE: Final[dict[str, tuple[Callable[[], str | bytes], str]]] = {
    "nothing": (lambda: "", "There is no certificate signing request in this"),
    "only spaces": (lambda: " \r\n\t", "There is no certificate signing request in this"),
    "prose": (lambda: "Please sign this.", "There is no certificate signing request in this"),
    "binary": (lambda: bytes(range(256)), "There is no certificate signing request in this"),
    "zeros": (lambda: b"\x00" * 500, "There is no certificate signing request in this"),
    "base64 without lines around it": (
        lambda: "".join(PEM.splitlines()[1:-1]),
        "There is no certificate signing request in this",
    ),
    "huge": (lambda: PEM + "#" * MAX_CSR, "has at most 8,192 bytes"),
    "huge DER": (
        lambda: Request(attributes=[an_attribute("1.2.3.4", der(UTF8, b"x" * MAX_CSR))]).der(),
        "has at most 8,192 bytes",
    ),
    "cut off in the middle": (lambda: PEM[:200], "has no END line: it was cut off"),
    "DER cut off": (lambda: GOOD[:-5], "ShortData"),
    "something after the DER": (lambda: GOOD + b"\x00", "ExtraData"),
    "without an end": (lambda: b"\x30\x80" + b"\x00" * 50, "InvalidLength"),
    "a length beyond all": (lambda: b"\x30\x84\xff\xff\xff\xff", "needed: 4294967295"),
    "text that begins as DER": (lambda: "0" * 500, "There is no certificate signing request in this"),
    "no base64": (lambda: PEM.replace("M", "*"), "is not base64"),
    "another end": (lambda: PEM.replace("END CERTIFICATE REQUEST", "END CERTIFICATE"), "ends with END CERTIFICATE"),
    "two requests": (lambda: PEM + PEM, "2 blocks were found"),
    "a certificate": (lambda: Authority.root().pem, "this block is a CERTIFICATE"),
    "a private key": (lambda: Authority.root().leaf().key_pem, "this block is a PRIVATE KEY"),
    "a certificate named a request": (
        lambda: pem_of(Authority.root().certificate.der),
        "UnexpectedTag .*CertificationRequestInfo::version",
    ),
    "no field of attributes": (
        lambda: Request(has_attributes=False).der(),
        r"the field of its attributes is missing .*A0 00 \(RFC 2986 §4\.1\)",
    ),
    "of version 2": (lambda: Request(version=1).der(), "is not a valid CSR version"),
    "the same extension twice": (
        lambda: Request(extensions=[(ALTERNATIVE, False), (ALTERNATIVE, False)]).der(),
        "Duplicate 2.5.29.17 extension",
    ),
    "an attribute with two values": (
        lambda: Request(attributes=[an_attribute(EXTENSION_REQUEST, der(SEQUENCE), der(SEQUENCE, b"\x05\x00"))]).der(),
        "Only single-valued attributes",
    ),
    "rubbish in an extension": (
        lambda: Request(
            attributes=[an_attribute(EXTENSION_REQUEST, der(SEQUENCE, an_extension("2.5.29.17", b"\xff\xff")))]
        ).der(),
        "subject_alternative_name",
    ),
    "a name that is no UTF-8": (lambda: Request(subject=a_subject((COMMON_NAME, UTF8, b"\xff"))).der(), BAD_STRING),
    "a name that is no PrintableString": (
        lambda: Request(subject=a_subject((COMMON_NAME, PRINTABLE, b"SN_1"))).der(),
        BAD_STRING,
    ),
    "a name that is no T61String": (
        lambda: Request(subject=a_subject((ORGANISATION, T61, "Müller".encode("latin-1")))).der(),
        BAD_STRING,
    ),
    "half a BMPString": (lambda: Request(subject=a_subject((COMMON_NAME, BMP, b"\x00"))).der(), BAD_STRING),
    "a number as a name": (lambda: Request(subject=a_subject((COMMON_NAME, INTEGER, b"\x05"))).der(), BAD_STRING),
    "an even RSA exponent": (lambda: with_rsa(modulus(), 65_536), "e must be odd"),
    "the RSA exponent 1": (lambda: with_rsa(modulus(), 1), "e must be >= 3"),
    "the RSA exponent 0": (lambda: with_rsa(modulus(), 0), "e must be >= 3"),
    "a negative modulus": (lambda: with_rsa(-modulus()), "Could not deserialize key data"),
    "a curve with parameters of its own": (curve_of_its_own, "explicit parameters"),
    "a point that is not on its curve": (off_the_curve, "Invalid key"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_refused(name: str) -> None:
    make, reason = UNREADABLE[name]
    with pytest.raises(BadRequest, match=reason) as refused:
        read_csr(make())
    assert_for_people(str(refused.value))
