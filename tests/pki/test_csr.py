"""Certificate signing requests as stations send them (RFC 2986; A00.FR.507; A02, A03)."""

from __future__ import annotations

import hashlib
import ipaddress
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from forecourt.pki.csr import check_csr, read_csr
from forecourt.pki.csr_making import make_csr
from forecourt.pki.errors import CannotSign
from forecourt.pki.keys import KeyKind, new_private_key
from tests.support.issuing import a_key, a_name
from tests.support.odd_requests import (
    BMP,
    COMMON_NAME,
    OPERATOR,
    ORGANISATION,
    PRINTABLE,
    SERIAL,
    T61,
    UTF8,
    Request,
    a_subject,
    an_attribute,
    der,
    pem_of,
)
from tests.support.openssl import openssl
from tests.support.own_hierarchy import OwnHierarchy

GOOD = Request().der()
PEM = pem_of(GOOD)

FORMS: dict[str, str | bytes] = {
    "der": GOOD,
    "lf": PEM,
    "crlf": pem_of(GOOD, end="\r\n"),
    "cr": pem_of(GOOD, end="\r"),
    "bytes": PEM.encode(),
    "new": pem_of(GOOD, "NEW CERTIFICATE REQUEST"),
    "no line end at the end": PEM.rstrip(),
    "spaces at line ends": pem_of(GOOD, end="  \n"),
    "a NUL at the end, as from C": PEM + "\0",
    "remarks around it": f"Request of SN-1\n{PEM}\nthe end\n",
    "percent-encoded line ends": PEM.replace("\n", "%0A"),
    "percent-encoded CRLF": PEM.replace("\n", "%0D%0A"),
    "percent-encoded whole": quote(PEM, safe=""),
    "line ends escaped twice": PEM.replace("\n", "\\n"),
    "CRLF escaped twice": PEM.replace("\n", "\\r\\n"),
    "remarks that begin with 0": f"0 s:CN=SN-1\n{PEM}",
    "remarks with escapes": f"C:\\new 100%0A\n{PEM}",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_request_is_the_same_one(form: str) -> None:
    csr = read_csr(FORMS[form])
    assert csr == read_csr(GOOD)
    assert csr.pem == PEM
    check_csr(csr, common_name=SERIAL, organisation=OPERATOR)


def test_a_request_tells_what_is_in_it() -> None:
    key = a_key("RSA 2048")
    data = Request(key=key).der()
    csr = read_csr(data)
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert (csr.subject, csr.key_kind) == ("CN=SN-1,O=Forecourt Power", "RSA 2048")
    assert (csr.common_names, csr.organisations) == ((SERIAL,), (OPERATOR,))
    assert csr.digest == hashlib.sha256(data).hexdigest()
    assert csr.key_digest == hashlib.sha256(spki).hexdigest()
    assert csr.public_key == key.public_key()


def test_requests_of_one_key_are_other_requests() -> None:
    """The signature is another one each time, as with ECDSA."""
    key = a_key()
    first, second = (read_csr(Request(key=key).der()) for _ in range(2))
    assert first != second
    assert first.key_digest == second.key_digest


@pytest.mark.parametrize("key", ["RSA 2048", "RSA 3072", "EC P-256", "EC P-384", "EC P-521"])
def test_keys_that_are_strong_enough(key: str) -> None:
    """A00.FR.502, 503."""
    check_csr(read_csr(Request(key=key).der()), common_name=SERIAL, organisation=OPERATOR)


@pytest.mark.parametrize("signature_hash", ["SHA256", "SHA384", "SHA512"])
@pytest.mark.parametrize("key", ["RSA 2048", "EC P-256"])
def test_hashes_that_are_strong_enough(key: str, signature_hash: str) -> None:
    """A00.FR.506."""
    csr = read_csr(Request(key=key, signature_hash=signature_hash).der())
    check_csr(csr, common_name=SERIAL, organisation=OPERATOR)


def test_a_request_signed_with_pss() -> None:
    """A00.FR.505."""
    key = a_key("RSA 2048")
    assert isinstance(key, rsa.RSAPrivateKey)
    builder = x509.CertificateSigningRequestBuilder(a_name(SERIAL, OPERATOR))
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    made = builder.sign(key, hashes.SHA256(), rsa_padding=scheme)
    csr = read_csr(made.public_bytes(Encoding.PEM))
    check_csr(csr, common_name=SERIAL, organisation=OPERATOR)


@pytest.mark.parametrize(
    ("tag", "encoding"), [(UTF8, "utf-8"), (PRINTABLE, "ascii"), (T61, "latin-1"), (BMP, "utf-16-be")]
)
def test_names_in_any_type_of_string(tag: int, encoding: str) -> None:
    """RFC 5280 §4.1.2.4: old ones are still met. They are compared by what they say."""
    names = ((ORGANISATION, tag, OPERATOR.encode(encoding)), (COMMON_NAME, tag, SERIAL.encode(encoding)))
    csr = read_csr(Request(subject=a_subject(*names)).der())
    check_csr(csr, common_name=SERIAL, organisation=OPERATOR)


@pytest.mark.parametrize("operator", ["Ladestrom Zürich 充电", "Ladestrom\u00a0AG", "充电\u3000公司", "Ж" * 64])
def test_names_beyond_ascii(operator: str) -> None:
    """Spaces of other widths belong to their scripts; a name has 64 characters, however many bytes they take."""
    csr = read_csr(Request(organisation=operator).der())
    check_csr(csr, common_name=SERIAL, organisation=operator)


def test_accents_may_be_composed_or_not() -> None:
    """RFC 5280 §7.1."""
    csr = read_csr(Request(organisation="E\N{COMBINING ACUTE ACCENT}lectrique").der())
    check_csr(csr, common_name=SERIAL, organisation="\N{LATIN CAPITAL LETTER E WITH ACUTE}lectrique")


def test_two_names_in_one_part_of_the_subject() -> None:
    """RFC 5280 §4.1.2.4 lets an RDN have several values."""
    names = ((ORGANISATION, UTF8, OPERATOR.encode()), (COMMON_NAME, UTF8, SERIAL.encode()))
    csr = read_csr(Request(subject=a_subject(*names, is_one_rdn=True)).der())
    check_csr(csr, common_name=SERIAL, organisation=OPERATOR)


def test_what_stations_ask_for_besides() -> None:
    """All of it is in order, and nothing of it is taken over."""
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=True,
        data_encipherment=False,
        key_agreement=True,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH])
    asked = Request(
        extensions=[
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (usage, True),
            (usages, False),
            (x509.SubjectAlternativeName([x509.DNSName("sn-1")]), False),
            (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), False),
        ],
        attributes=[an_attribute("1.2.840.113549.1.9.7", der(UTF8, b"a challenge"))],
    )
    check_csr(read_csr(asked.der()), common_name=SERIAL, organisation=OPERATOR)


def test_the_subject_is_passed_over_where_another_is_issued() -> None:
    check_csr(
        read_csr(Request(common_name=None, organisation=None).der()),
        common_name=SERIAL,
        organisation=OPERATOR,
        checks_subject=False,
    )


def test_its_own_name_may_be_repeated_where_another_is_issued() -> None:
    """As the test tool asks; what is issued has no host names."""
    names = x509.SubjectAlternativeName([x509.DNSName("OCTT")])
    csr = read_csr(Request(common_name="OCTT", extensions=[(names, False)]).der())
    check_csr(csr, common_name=SERIAL, organisation=OPERATOR, checks_subject=False)


def test_addresses_are_the_same_in_every_spelling() -> None:
    address = x509.IPAddress(ipaddress.ip_address("2001:db8::1"))
    names = x509.SubjectAlternativeName([x509.DNSName("Charge.example"), address])
    csr = read_csr(Request(common_name="charge.example", extensions=[(names, False)]).der())
    hosts = ("charge.example", "2001:DB8:0::1")
    check_csr(csr, common_name="charge.example", organisation=OPERATOR, host_names=hosts)


def test_the_parameters_of_a_known_curve_are_that_curve(tmp_path: Path) -> None:
    """Made by openssl. What is issued names the curve, so that nobody trusts parameters (CVE-2020-0601)."""
    path, key, made = (tmp_path / name for name in ("request.pem", "key.pem", "made.pem"))
    openssl("ecparam", "-name", "prime256v1", "-param_enc", "explicit", "-genkey", "-noout", "-out", key)
    openssl("req", "-new", "-key", key, "-subj", f"/O={OPERATOR}/CN={SERIAL}", "-out", path)
    assert "Field Type: prime-field" in openssl("req", "-in", path, "-noout", "-text")
    csr = read_csr(path.read_bytes())
    check_csr(csr, common_name=SERIAL, organisation=OPERATOR)
    made.write_text(OwnHierarchy.of("EC secp256r1").issue_for(csr, SERIAL).pem)
    shown = openssl("x509", "-in", made, "-noout", "-text")
    assert "NIST CURVE: P-256" in shown
    assert "Field Type" not in shown


def test_any_name_where_none_is_known() -> None:
    csr = read_csr(Request(common_name="whoever", organisation=None).der())
    check_csr(csr, common_name=None, organisation=None)


@pytest.mark.parametrize("kind", ["RSA 2048", "EC secp256r1", "EC secp384r1"])
def test_openssl_reads_our_own_requests(kind: KeyKind, tmp_path: Path) -> None:
    key = new_private_key(kind)
    names = ("charge.example", "192.0.2.1", "2001:db8::1")
    csr = make_csr(key, common_name="charge.example", organisation=OPERATOR, host_names=names)
    assert csr.key_kind == kind
    check_csr(csr, common_name="charge.example", organisation=OPERATOR, host_names=names)
    path = tmp_path / "request.pem"
    path.write_text(csr.pem)
    shown = openssl("req", "-in", path, "-verify", "-noout", "-subject", "-nameopt", "RFC2253", "-text")
    assert "verify OK" in shown
    assert "subject=CN=charge.example,O=Forecourt Power" in shown
    assert "DNS:charge.example, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1" in shown


def test_openssl_agrees_with_what_is_read(tmp_path: Path) -> None:
    path, key = tmp_path / "request.pem", tmp_path / "key.pem"
    asking = ("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", path)
    openssl(*asking, "-subj", f"/O={OPERATOR}/CN={SERIAL}")
    csr = read_csr(path.read_bytes())
    assert csr.pem == path.read_text()
    check_csr(csr, common_name=SERIAL, organisation=OPERATOR)


@pytest.mark.parametrize(("name", "why"), [("", "0 characters"), ("x" * 65, "65 characters"), ("a ", "spaces around")])
def test_a_name_that_no_certificate_can_have_is_not_asked_for(name: str, why: str) -> None:
    with pytest.raises(CannotSign, match=rf"No certificate can have the common name \(CN\) .*: it has {why}"):
        make_csr(new_private_key("EC secp256r1"), common_name=name, organisation=None)


def test_a_host_name_that_cannot_be_written_is_not_asked_for() -> None:
    with pytest.raises(CannotSign, match="No certificate can be asked for"):
        make_csr(new_private_key("EC secp256r1"), common_name="a", organisation=None, host_names=["zürich.example"])
