"""A corpus of requests that must be refused, each for its own reason (A00.FR.501–511; A02.FR.12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from forecourt.pki.csr import CsrRule, RequestRefused, check_csr, read_csr
from tests.support.issuing import a_name
from tests.support.odd_requests import (
    COMMON_NAME,
    EXTENSION_REQUEST,
    MS_EXTENSION_REQUEST,
    OPERATOR,
    ORGANISATION,
    SEQUENCE,
    SERIAL,
    UTF8,
    Request,
    a_subject,
    an_attribute,
    an_extension,
    asked,
    assert_for_people,
    der,
    modulus,
    pem_of,
    rsa_spki,
    with_rsa,
)

GOOD: Final = Request().der()
PEM: Final = pem_of(GOOD)


def dsa_request() -> bytes:
    key = dsa.generate_private_key(2_048)
    made = x509.CertificateSigningRequestBuilder(a_name(SERIAL, OPERATOR)).sign(key, hashes.SHA256())
    return made.public_bytes(Encoding.DER)


def on_curve(curve: ec.EllipticCurve) -> bytes:
    return Request(key=ec.generate_private_key(curve)).der()


def with_many_names(count: int) -> bytes:
    names = der(SEQUENCE, *[der(0x82)] * count)
    wanted = der(SEQUENCE, an_extension("2.5.29.17", names))
    return Request(attributes=[an_attribute(EXTENSION_REQUEST, wanted)]).der()


def with_many_extensions(count: int) -> bytes:
    strange = [x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.2.{number}"), b"") for number in range(count)]
    return Request(extensions=[(each, True) for each in strange]).der()


def with_names(*names: x509.GeneralName) -> bytes:
    return Request(extensions=[(x509.SubjectAlternativeName(names), False)]).der()


def with_extension(value: x509.ExtensionType, *, critical: bool = False) -> bytes:
    return Request(extensions=[(value, critical)]).der()


def usage(*, certificates: bool = False, lists: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=lists,
        encipher_only=False,
        decipher_only=False,
    )


AUTHORITY: Final = x509.BasicConstraints(ca=True, path_length=None)
ALTERNATIVE: Final = x509.SubjectAlternativeName([x509.DNSName("other.example")])

REFUSED: Final[dict[str, tuple[Callable[[], bytes], CsrRule, str]]] = {
    "an altered signature": (
        lambda: GOOD[:-1] + bytes((GOOD[-1] ^ 1,)),
        CsrRule.SIGNATURE,
        "The signature of the request is wrong",
    ),
    "the signature of another key": (
        lambda: Request(key="RSA 2048 second", spki=rsa_spki(modulus(), 65_537)).der(),
        CsrRule.SIGNATURE,
        "has not shown that it has the private key",
    ),
    "no signature": (lambda: Request(signature=b"").der(), CsrRule.SIGNATURE, "The signature of the request is wrong"),
    "another algorithm's name": (
        lambda: Request(algorithm="1.2.840.113549.1.1.11").der(),
        CsrRule.SIGNATURE,
        "The signature of the request is wrong",
    ),
    "an unknown algorithm": (lambda: Request(algorithm="1.2.3.4").der(), CsrRule.SIGNATURE, "not known: 1.2.3.4"),
    "MD5": (lambda: Request(key="RSA 2048", signature_hash="MD5").der(), CsrRule.WEAK_HASH, "signed with MD5"),
    "SHA-1 and RSA": (lambda: Request(key="RSA 2048", signature_hash="SHA1").der(), CsrRule.WEAK_HASH, "with SHA1"),
    "SHA-1 and ECDSA": (lambda: Request(signature_hash="SHA1").der(), CsrRule.WEAK_HASH, "signed with SHA1"),
    "RSA of 1024 bits": (lambda: Request(key="RSA 1024").der(), CsrRule.WEAK_KEY, "has 1024 bits, and 2048"),
    "RSA of 2047 bits": (lambda: Request(key="RSA 2047").der(), CsrRule.WEAK_KEY, "has 2047 bits, and 2048"),
    "RSA of 20,000 bits": (lambda: with_rsa(2**20_000 + 1), CsrRule.RSA_SIZE, "8,192 are the most"),
    "the RSA exponent 3": (lambda: with_rsa(modulus(), 3), CsrRule.RSA_EXPONENT, "is 3, and 65537 is the least"),
    "an RSA exponent as long as the modulus": (
        lambda: with_rsa(modulus(), modulus() - 2),
        CsrRule.RSA_EXPONENT,
        "has 2,048 bits, and 256 are the most",
    ),
    "a curve of 192 bits": (lambda: Request(key="EC P-192").der(), CsrRule.WEAK_KEY, "192 bits, and 224"),
    "a curve that TLS does not use": (lambda: on_curve(ec.SECP256K1()), CsrRule.CURVE, "on the curve secp256k1"),
    "P-224": (
        lambda: on_curve(ec.SECP224R1()),
        CsrRule.CURVE,
        r"on the curve secp224r1, .* Make one on secp256r1, secp384r1 or secp521r1, or with RSA\.",
    ),
    "brainpool": (lambda: on_curve(ec.BrainpoolP256R1()), CsrRule.CURVE, "on the curve brainpoolP256r1"),
    "DSA": (dsa_request, CsrRule.KEY_KIND, "is DSA 2048"),
    "Ed25519": (lambda: Request(key="Ed25519").der(), CsrRule.KEY_KIND, "is Ed25519"),
    "no CN": (lambda: Request(common_name=None).der(), CsrRule.COMMON_NAME, "has no common name"),
    "an empty CN": (lambda: Request(common_name="").der(), CsrRule.COMMON_NAME, "is empty"),
    "two CN": (lambda: Request(common_name=[SERIAL, "SN-2"]).der(), CsrRule.COMMON_NAME, "has 2 values of common"),
    "the CN twice": (lambda: Request(common_name=[SERIAL, SERIAL]).der(), CsrRule.COMMON_NAME, "has 2 values"),
    "a serial number that begins with ours": (
        lambda: Request(common_name=f"{SERIAL}0").der(),
        CsrRule.COMMON_NAME,
        '"SN-10"; "SN-1" is expected',
    ),
    "a part of our serial number": (lambda: Request(common_name="SN").der(), CsrRule.COMMON_NAME, '"SN"; "SN-1" is'),
    "our serial number in other letters": (
        lambda: Request(common_name=SERIAL.lower()).der(),
        CsrRule.COMMON_NAME,
        '"sn-1"; "SN-1" is expected',
    ),
    "a space after the serial number": (
        lambda: Request(common_name=f"{SERIAL} ").der(),
        CsrRule.COMMON_NAME,
        '"SN-1 "; "SN-1" is expected',
    ),
    "a NUL in the CN": (
        lambda: Request(common_name=f"{SERIAL}\0.example").der(),
        CsrRule.COMMON_NAME,
        r'"SN-1\\00.example"; "SN-1" is expected',
    ),
    "letters that look alike": (
        lambda: Request(common_name="\N{CYRILLIC CAPITAL LETTER DZE}N-1").der(),
        CsrRule.COMMON_NAME,
        '"SN-1" is expected',
    ),
    "letters that read from right to left": (
        lambda: Request(common_name="\N{RIGHT-TO-LEFT OVERRIDE}1-NS").der(),
        CsrRule.COMMON_NAME,
        r'"\\E2\\80\\AE1-NS"',
    ),
    "an empty subject": (lambda: Request(subject=der(SEQUENCE)).der(), CsrRule.COMMON_NAME, "has no common name"),
    "no O": (lambda: Request(organisation=None).der(), CsrRule.ORGANISATION, "has no organization"),
    "two O": (lambda: Request(organisation=[OPERATOR, "Other"]).der(), CsrRule.ORGANISATION, "has 2 values of organ"),
    "another O": (lambda: Request(organisation="Forecourt").der(), CsrRule.ORGANISATION, '"Forecourt"; "Forecourt Po'),
    "another host name": (
        lambda: with_names(x509.DNSName("other.example")),
        CsrRule.ALTERNATIVE_NAME,
        'other names .* "other.example"',
    ),
    "another station's name": (lambda: with_names(x509.DNSName("SN-2")), CsrRule.ALTERNATIVE_NAME, '"SN-2"'),
    "a wildcard": (lambda: with_names(x509.DNSName("*")), CsrRule.ALTERNATIVE_NAME, r'"\*"'),
    "an address": (lambda: with_names(x509.UniformResourceIdentifier("wss://x")), CsrRule.ALTERNATIVE_NAME, "wss://x"),
    "a mailbox": (lambda: with_names(x509.RFC822Name("a@b.example")), CsrRule.ALTERNATIVE_NAME, "a@b.example"),
    "the name of a directory": (
        lambda: with_names(x509.DirectoryName(a_name("SN-2"))),
        CsrRule.ALTERNATIVE_NAME,
        "SN-2",
    ),
    "our own name, and another one": (
        lambda: with_names(x509.DNSName(SERIAL), x509.DNSName("other.example")),
        CsrRule.ALTERNATIVE_NAME,
        "other.example",
    ),
    "thousands of names": (
        lambda: with_many_names(3_900),
        CsrRule.ALTERNATIVE_NAME,
        "without a name, without a name, without a name and 3,897 more",
    ),
    "hundreds of critical extensions": (
        lambda: with_many_extensions(400),
        CsrRule.CRITICAL_EXTENSION,
        r"1\.2\.0, 1\.2\.1, 1\.2\.2 and 397 more",
    ),
    "to be a CA": (lambda: with_extension(AUTHORITY, critical=True), CsrRule.AUTHORITY, "CA:TRUE"),
    "to sign certificates": (lambda: with_extension(usage(certificates=True)), CsrRule.KEY_USAGE, "to sign"),
    "to sign lists": (lambda: with_extension(usage(lists=True)), CsrRule.KEY_USAGE, "lists of revoked ones"),
    "to sign OCSP answers": (
        lambda: with_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])),
        CsrRule.EXTENDED_KEY_USAGE,
        "1.3.6.1.5.5.7.3.9",
    ),
    "any usage": (
        lambda: with_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])),
        CsrRule.EXTENDED_KEY_USAGE,
        "2.5.29.37.0",
    ),
    "to sign code": (
        lambda: with_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.CODE_SIGNING])
        ),
        CsrRule.EXTENDED_KEY_USAGE,
        "1.3.6.1.5.5.7.3.3",
    ),
    "an unknown critical extension": (
        lambda: with_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), critical=True
        ),
        CsrRule.CRITICAL_EXTENSION,
        "1.2.3.4",
    ),
    "constraints of names": (
        lambda: with_extension(x509.NameConstraints([x509.DNSName("example")], None), critical=True),
        CsrRule.CRITICAL_EXTENSION,
        "2.5.29.30",
    ),
    "extensions in two attributes": (
        lambda: Request(extensions=[(usage(), True)], attributes=[asked([(AUTHORITY, True)])]).der(),
        CsrRule.ATTRIBUTES,
        "an attribute twice",
    ),
    "extensions in the other place": (
        lambda: Request(attributes=[an_attribute(MS_EXTENSION_REQUEST, der(SEQUENCE))]).der(),
        CsrRule.ATTRIBUTES,
        "in a second place",
    ),
    "names in one part of the subject": (
        lambda: Request(
            subject=a_subject(
                (COMMON_NAME, UTF8, SERIAL.encode()),
                (COMMON_NAME, UTF8, b"SN-2"),
                (ORGANISATION, UTF8, OPERATOR.encode()),
                is_one_rdn=True,
            )
        ).der(),
        CsrRule.COMMON_NAME,
        "has 2 values",
    ),
}


SUBJECT: Final = {CsrRule.COMMON_NAME, CsrRule.ORGANISATION}


@pytest.mark.parametrize("name", REFUSED)
def test_what_must_not_be_issued_is_refused(name: str) -> None:
    make, rule, reason = REFUSED[name]
    csr = read_csr(pem_of(make()) if len(make()) < 5_000 else make())
    with pytest.raises(RequestRefused, match=reason) as refused:
        check_csr(csr, common_name=SERIAL, organisation=OPERATOR)
    assert rule in {fault.rule for fault in refused.value.faults}
    assert_for_people(str(refused.value))


@pytest.mark.parametrize("name", [name for name, (_, rule, _) in REFUSED.items() if rule not in SUBJECT])
def test_what_is_wrong_besides_the_subject_is_refused_whoever_sets_it(name: str) -> None:
    """The subject may be set here instead of taken over; nothing else changes."""
    make, rule, reason = REFUSED[name]
    with pytest.raises(RequestRefused, match=reason) as refused:
        check_csr(read_csr(make()), common_name=SERIAL, organisation=OPERATOR, checks_subject=False)
    assert rule in {fault.rule for fault in refused.value.faults}


IMPOSSIBLE: Final[dict[str, tuple[str, str]]] = {
    "an IP address": ("192.0.2.1", "it is shaped like a URL or an IP address"),
    "an IPv6 address": ("2001:db8::1", "it is shaped like a URL or an IP address"),
    "a URL": ("wss://x", "it is shaped like a URL or an IP address"),
    "a space at the end": ("SN-1 ", "it has spaces around it"),
    "another space before it": ("\u3000SN-1", "it has spaces around it"),
    "too long": ("x" * 65, "it has 65 characters, and 1 to 64 are possible"),
    "a line end": ("SN\n1", "it has characters that cannot be shown"),
    "a line separator": ("SN\u20281", "it has characters that cannot be shown"),
    "a mark of direction": ("SN\u202e1", "it has characters that cannot be shown"),
}


@pytest.mark.parametrize("checks_subject", [True, False], ids=["asked", "set here"])
@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_no_certificate_can_be_named_is_refused_before_it_is_accepted(name: str, checks_subject: bool) -> None:
    """A00.FR.511: although it is what is on record for the station."""
    value, reason = IMPOSSIBLE[name]
    csr = read_csr(Request(common_name=value).der())
    with pytest.raises(RequestRefused, match=reason) as refused:
        check_csr(csr, common_name=value, organisation=OPERATOR, checks_subject=checks_subject)
    assert [fault.rule for fault in refused.value.faults] == [CsrRule.COMMON_NAME]
    assert_for_people(str(refused.value))


def test_an_operators_name_that_no_certificate_can_have_is_refused_as_well() -> None:
    for value, reason in (("x" * 65, "it has 65 characters"), ("Power ", "it has spaces around it")):
        csr = read_csr(Request(organisation=value).der())
        with pytest.raises(RequestRefused, match=reason) as refused:
            check_csr(csr, common_name=SERIAL, organisation=value)
        assert [fault.rule for fault in refused.value.faults] == [CsrRule.ORGANISATION]


def test_the_name_in_a_request_may_be_impossible_where_another_is_issued() -> None:
    csr = read_csr(Request(common_name="wss://x ").der())
    check_csr(csr, common_name=SERIAL, organisation=OPERATOR, checks_subject=False)


def test_every_fault_is_told() -> None:
    """So that the maker of a station need not find them one by one."""
    made = Request(common_name="SN-2", organisation=None, extensions=[(AUTHORITY, True), (ALTERNATIVE, False)])
    with pytest.raises(RequestRefused) as refused:
        check_csr(read_csr(made.der()), common_name=SERIAL, organisation=OPERATOR)
    rules = [fault.rule for fault in refused.value.faults]
    assert rules == [CsrRule.COMMON_NAME, CsrRule.ORGANISATION, CsrRule.AUTHORITY, CsrRule.ALTERNATIVE_NAME]
    assert all(fault.sentence in str(refused.value) for fault in refused.value.faults)


def test_a_refusal_has_an_end() -> None:
    """Whatever is asked, it is kept with the order, in the log and in an alarm."""
    oids = [x509.ObjectIdentifier(".".join(["1.2", *["4294967295"] * 10, str(number)])) for number in range(3)]
    strange = [(x509.UnrecognizedExtension(each, b""), True) for each in oids]
    names = x509.SubjectAlternativeName([x509.DNSName("x" * 200 + str(number)) for number in range(9)])
    made = Request(
        common_name="y" * 300,
        organisation="z" * 300,
        extensions=[(names, False), (x509.ExtendedKeyUsage(oids), False), (AUTHORITY, True), *strange],
    )
    with pytest.raises(RequestRefused) as refused:
        check_csr(read_csr(made.der()), common_name=SERIAL, organisation=OPERATOR)
    assert len(refused.value.faults) == 6
    assert 1_000 < len(str(refused.value)) < 1_020
    assert str(refused.value).endswith("… and more.")


def test_a_name_without_a_known_one_must_still_be_one() -> None:
    for common_name in (None, "", "SN\n1", ["SN-1", "SN-2"]):
        with pytest.raises(RequestRefused) as refused:
            check_csr(read_csr(Request(common_name=common_name).der()), common_name=None, organisation=None)
        assert [fault.rule for fault in refused.value.faults] == [CsrRule.COMMON_NAME]
