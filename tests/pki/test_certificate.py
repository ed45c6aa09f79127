"""Certificates are read from all that is met in the field, and what cannot be read is told (OCPP 1.6 A00.FR.507)."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from forecourt.pki.certificate import (
    MAX_BUNDLE,
    MAX_BUNDLE_SIZE,
    MAX_CERTIFICATE,
    Certificate,
    Unreadable,
    read_bundle,
    read_certificate,
)
from forecourt.pki.errors import BadCertificate
from tests.support.authority import VALID, Authority, Key, a_key

ROOT = Authority.root()
ISSUING = ROOT.sub()
STATION = ISSUING.leaf("SN-1").certificate


def refusal(data: bytes | str) -> str:
    with pytest.raises(BadCertificate) as caught:
        read_certificate(data)
    return str(caught.value)


def altered(certificate: Certificate, *, old: bytes, new: bytes) -> bytes:
    assert old in certificate.der
    assert len(old) == len(new)
    return certificate.der.replace(old, new)


FORMS: Final[dict[str, bytes | str]] = {
    "DER": STATION.der,
    "PEM": STATION.pem,
    "PEM in bytes": STATION.pem.encode(),
    "CRLF": STATION.pem.replace("\n", "\r\n"),
    "no line end after the last line": STATION.pem.rstrip(),
    "percent-encoded LF": STATION.pem.replace("\n", "%0A"),
    "percent-encoded CRLF": STATION.pem.replace("\n", "%0D%0A"),
    "percent-encoded in lower case": STATION.pem.replace("\n", "%0a"),
    "wholly percent-encoded": quote(STATION.pem, safe=""),
    "one line": "-----BEGIN CERTIFICATE-----" + "".join(STATION.pem.split("\n")[1:-2]) + "-----END CERTIFICATE-----",
    "spaces for line ends": STATION.pem.replace("\n", " "),
    "remarks around it": f"subject=CN = Ü\n{STATION.pem}100 % tested\n",
    "a byte order mark": "\ufeff" + STATION.pem,
    "the older label": STATION.pem.replace(" CERTIFICATE", " X509 CERTIFICATE"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_certificate_is_read_in_every_form(form: str) -> None:
    assert read_certificate(FORMS[form]) == STATION


def test_what_is_written_out_is_pem_with_lf() -> None:
    crlf = read_certificate(STATION.pem.replace("\n", "\r\n"))
    assert crlf.pem == STATION.x509.public_bytes(Encoding.PEM).decode()
    assert "\r" not in crlf.pem


REFUSED: Final[dict[str, tuple[bytes | str, str]]] = {
    "nothing": ("", "no certificate in this"),
    "words": ("hello", "no certificate in this"),
    "NUL": (b"\0" * 100, "no certificate in this"),
    "two": (STATION.pem * 2, "2 blocks"),
    "not base64": (STATION.pem.replace("\nMII", "\nM$I"), "not base64"),
    "base64 without its padding": ("-----BEGIN CERTIFICATE-----\nAAAAA\n-----END CERTIFICATE-----\n", "not base64"),
    "base64 of anything": ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate that can"),
    "an empty block": ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "no certificate that can be read"),
    "cut off": (STATION.pem[:300], "no END line"),
    "only its end": (STATION.pem[300:], "no BEGIN before it"),
    "two ends": (STATION.pem + "-----END CERTIFICATE-----\n", "2 blocks"),
    "another end": (STATION.pem.replace("END CERTIFICATE", "END X509 CRL"), "ends with END X509 CRL"),
    "a key": (ISSUING.leaf().key_pem, "this block is a PRIVATE KEY"),
    "DER that is cut off": (STATION.der[:-1], "no certificate that can be read"),
    "DER with more behind it": (STATION.der + b"\0", "no certificate that can be read"),
    "too large": (b"0" * (MAX_CERTIFICATE + 1), "at most 65,536 bytes, and this has 65,537"),
    "a surrogate": (STATION.pem.replace("MII", "M\ud800I"), "not base64"),
    "a common name that is no UTF-8": (altered(STATION, old=b"SN-1", new=b"S\xff-1"), "part of this certificate"),
    "a curve that is not known": (
        altered(STATION, old=bytes.fromhex("2a8648ce3d030107"), new=bytes.fromhex("2a8648ce3d03010f")),
        "not supported",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_certificate_is_refused_with_the_reason(what: str) -> None:
    data, reason = REFUSED[what]
    assert reason in refusal(data)


def test_the_content_of_a_key_is_not_in_the_refusal() -> None:
    issued = ISSUING.leaf()
    assert issued.key_pem.split("\n")[1] not in refusal(issued.key_pem)


def test_an_extension_that_is_malformed_is_found_when_the_certificate_is_read() -> None:
    certificate = ISSUING.leaf(dns=["charge.example"]).certificate
    assert "cannot be read" in refusal(altered(certificate, old=b"charge", new=b"ch\xffrge"))


def test_an_extension_that_is_there_twice_is_found_when_the_certificate_is_read() -> None:
    more = [(x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.2.3.{n}"), b"\x05\x00"), False) for n in (4, 5)]
    certificate = ISSUING.leaf(extensions=more).certificate
    twice = altered(certificate, old=bytes.fromhex("06032a0305"), new=bytes.fromhex("06032a0304"))
    assert "cannot be read" in refusal(twice)


def test_the_facts_are_those_that_openssl_shows() -> None:
    shown = subprocess.run(
        [
            "openssl",
            "x509",
            "-noout",
            "-fingerprint",
            "-sha256",
            "-serial",
            "-subject",
            "-issuer",
            "-nameopt",
            "RFC2253",
        ],
        input=STATION.pem,
        text=True,
        capture_output=True,
        check=True,
    ).stdout
    facts = dict(line.split("=", 1) for line in shown.splitlines())
    assert facts["sha256 Fingerprint"].replace(":", "").lower() == STATION.fingerprint
    assert facts["serial"].lstrip("0") == STATION.serial
    assert facts["subject"] == STATION.subject == "CN=SN-1,O=Forecourt Power"
    assert facts["issuer"] == STATION.issuer == "CN=Test Issuing CA,O=Forecourt Power"


def test_hashes_of_names_join_a_certificate_with_its_issuer() -> None:
    assert STATION.issuer_hash == ISSUING.certificate.subject_hash
    assert STATION.issuer_hash == hashlib.sha256(ISSUING.certificate.x509.subject.public_bytes()).hexdigest()
    assert ISSUING.certificate.issuer_hash == ROOT.certificate.subject_hash == ROOT.certificate.issuer_hash


def test_who_is_an_authority_is_told_by_basic_constraints() -> None:
    assert [c.is_authority for c in (ROOT.certificate, ISSUING.certificate, STATION)] == [True, True, False]
    assert [c.is_self_issued for c in (ROOT.certificate, ISSUING.certificate, STATION)] == [True, False, False]
    assert not ISSUING.leaf(bare=True).certificate.is_authority


def test_the_validity_is_in_utc_and_to_the_second() -> None:
    now = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
    certificate = Authority.root(now=now, validity=VALID).certificate
    assert (certificate.not_before, certificate.not_after) == (now - timedelta(days=1), now + timedelta(days=30))


def test_every_common_name_and_organisation_is_kept_as_written() -> None:
    names = ["SN-1", "sn-1 ", "SN-1\0.example"]
    certificate = ISSUING.leaf(names, organisation=["Power, Inc.", "Förecourt"]).certificate
    assert certificate.common_names == tuple(names)
    assert certificate.organisations == ("Power, Inc.", "Förecourt")


def test_a_certificate_without_a_subject_has_no_names() -> None:
    certificate = ISSUING.leaf(None, organisation=None).certificate
    assert (certificate.subject, certificate.common_names, certificate.organisations) == ("", (), ())


@pytest.mark.parametrize(
    ("common_name", "shown"),
    [
        ("a\nb", r"CN=a\0Ab"),
        ("\x1b[31mred", r"CN=\1B[31mred"),
        ("\u202egnp.exe", r"CN=\E2\80\AEgnp.exe"),
        ("Zürich ⚡", "CN=Zürich ⚡"),
        ("a,b=c", r"CN=a\,b=c"),
        ("a\0b", r"CN=a\00b"),
    ],
)
def test_a_subject_cannot_disturb_a_log_or_a_terminal(common_name: str, shown: str) -> None:
    """RFC 4514 §2.4: any character may be written as hex pairs."""
    certificate = ISSUING.leaf(common_name, organisation=None).certificate
    assert certificate.subject == shown
    assert certificate.common_names == (common_name,)


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (a_key("RSA 2048"), "RSA 2048"),
        (a_key("P-224"), "EC secp224r1"),
        (a_key("P-256"), "EC secp256r1"),
        (a_key("brainpoolP256r1"), "EC brainpoolP256r1"),
        (a_key("Ed25519"), "Ed25519"),
    ],
)
def test_the_kind_of_a_key_is_named(key: Key, kind: str) -> None:
    assert ISSUING.leaf(key=key).certificate.key_kind == kind


@pytest.mark.parametrize("name", ["MD5", "SHA1", "SHA256", "SHA384"])
def test_the_hash_of_the_signature_is_named(name: str) -> None:
    assert Authority.root(key="RSA 2048").leaf(signature_hash=name).certificate.signature_hash == name


def test_a_signature_without_a_choice_of_hash_has_none() -> None:
    assert Authority.root(key="Ed25519").leaf().certificate.signature_hash is None


def test_a_signature_with_pss_names_its_hash() -> None:
    assert Authority.root(key="RSA 2048").leaf(pss=True).certificate.signature_hash == "SHA256"


@pytest.mark.parametrize(("number", "written"), [(1, "1"), (0x0A0B, "A0B"), (2**158, "4" + "0" * 39)])
def test_a_serial_is_written_in_hexadecimal_without_leading_zeros(number: int, written: str) -> None:
    assert ISSUING.leaf(serial=number).certificate.serial == written


@pytest.mark.parametrize(("encoded", "written"), [("020100", "0"), ("0201ff", "-1")])
def test_a_serial_that_is_not_positive_is_read(encoded: str, written: str) -> None:
    """RFC 5280 §4.1.2.2 forbids to issue, and asks to handle them: there are roots with the serial 0."""
    certificate = ISSUING.leaf(serial=0x7F).certificate
    der = altered(certificate, old=bytes.fromhex("a00302010202017f"), new=bytes.fromhex("a003020102" + encoded))
    assert read_certificate(der).serial == written


def test_places_of_revocation_are_those_that_can_be_fetched() -> None:
    certificate = ISSUING.leaf(
        crl_urls=["http://ca.example/1.crl", "ldap://ca.example/cn=x", "HTTPS://ca.example/2.crl", "http://a b/"],
        ocsp_urls=["http://ocsp.example/", "file:///etc/passwd", "http://ocsp.example/"],
    ).certificate
    assert certificate.crl_urls == ("http://ca.example/1.crl", "HTTPS://ca.example/2.crl")
    assert certificate.ocsp_urls == ("http://ocsp.example/",)


def test_certificates_are_equal_when_their_bytes_are() -> None:
    again = read_certificate(STATION.pem)
    assert again == STATION
    assert hash(again) == hash(STATION)
    assert again is not STATION
    assert ISSUING.leaf("SN-1").certificate != STATION


def test_a_certificate_is_shown_by_its_subject() -> None:
    assert repr(STATION) == f"<Certificate 'CN=SN-1,O=Forecourt Power' {STATION.fingerprint[:16]}>"


def test_a_bundle_is_read_in_order_with_remarks_between_its_blocks() -> None:
    text = f"# root\n{ROOT.pem}\n\n# 50 % of it\n{ISSUING.pem}subject=x\r\n{STATION.pem}"
    assert read_bundle(text) == [ROOT.certificate, ISSUING.certificate, STATION]
    assert read_bundle(text.replace("\n", "%0D%0A")) == [ROOT.certificate, ISSUING.certificate, STATION]


def test_a_bundle_may_be_one_certificate_in_der() -> None:
    assert read_bundle(STATION.der) == [STATION]


def test_every_bad_block_of_a_bundle_is_told_and_the_good_ones_are_read() -> None:
    bad = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"
    found = read_bundle(ROOT.pem + bad + ISSUING.leaf().key_pem + STATION.pem[:200] + "\n" + ISSUING.pem)
    assert found[0] == ROOT.certificate
    assert found[-1] == ISSUING.certificate
    bad_ones = [each for each in found if isinstance(each, Unreadable)]
    assert [each.position for each in bad_ones] == [2, 3, 4]
    assert "no certificate that can be read" in bad_ones[0].reason
    assert "PRIVATE KEY" in bad_ones[1].reason
    assert "cut off" in bad_ones[2].reason


def test_one_block_that_is_too_large_does_not_spoil_a_bundle() -> None:
    large = "-----BEGIN CERTIFICATE-----\n" + "A" * 200_000 + "\n-----END CERTIFICATE-----\n"
    first, second = read_bundle(large + ROOT.pem)
    assert isinstance(first, Unreadable)
    assert "at most 65,536 bytes" in first.reason
    assert second == ROOT.certificate


@pytest.mark.parametrize("data", ["", "no certificate here", b"\x30\x82", b"\0", ROOT.crl()])
def test_a_bundle_without_any_block_is_refused(data: bytes | str) -> None:
    with pytest.raises(BadCertificate):
        read_bundle(data)


def test_a_bundle_has_its_limits() -> None:
    assert len(read_bundle(STATION.pem * MAX_BUNDLE)) == MAX_BUNDLE
    with pytest.raises(BadCertificate, match="at most 500 certificates, and this has 501: divide it"):
        read_bundle(STATION.pem * (MAX_BUNDLE + 1))
    with pytest.raises(BadCertificate, match="at most 2,097,152 bytes"):
        read_bundle(STATION.pem * 10_000)
    with pytest.raises(BadCertificate, match="at most 500 certificates, and this has 10,000"):
        read_bundle("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" * 10_000)
    assert len(STATION.pem) * 10_000 > MAX_BUNDLE_SIZE


def test_names_of_other_kinds_and_lengths_are_no_hindrance() -> None:
    """A country of three letters is against RFC 5280 appendix A.1, and must not put words into a log."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "NL"),
            x509.NameAttribute(x509.ObjectIdentifier("1.2.3.4"), "x"),
            x509.NameAttribute(NameOID.COMMON_NAME, "SN-1"),
        ]
    )
    issued = ISSUING.sign(subject, a_key())
    assert issued.subject == "CN=SN-1,1.2.3.4=x,C=NL"
    der = issued.der.replace(b"\x0c\x04SN-1", b"\x13\x04SN-1").replace(
        b"U\x04\x03\x13\x04SN-1", b"U\x04\x06\x13\x04SN-1"
    )
    assert read_certificate(der).subject == "C=SN-1,1.2.3.4=x,C=NL"


def test_a_percent_sign_in_a_remark_stands_for_itself() -> None:
    remark = "# %2D----BEGIN CERTIFICATE----- is 100% an example\n"
    assert read_bundle(remark + STATION.pem) == [STATION]
