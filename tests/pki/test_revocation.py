"""Lists of revoked certificates count when their CA signed them and they are of now (RFC 5280 §6.3; A00.FR.704)."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from forecourt.clock import SystemClock
from forecourt.pki.errors import BadCrl
from forecourt.pki.revocation import MAX_CRL, Crl, check_crl, read_crl
from tests.support.authority import Authority, Extensions, Key, Validity, a_key

ROOT = Authority.root()
ISSUING = ROOT.sub()
STATION, OTHER = ISSUING.leaf("SN-1").certificate, ISSUING.leaf("SN-2").certificate
NOW = ROOT.now
HOUR = timedelta(hours=1)
FORBIDDEN = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def refusal(crl: Crl, authority: Authority = ISSUING) -> str:
    with pytest.raises(BadCrl) as caught:
        check_crl(crl, authority.certificate, NOW)
    return str(caught.value)


def scope(
    url: str | None = None,
    *,
    users: bool = False,
    authorities: bool = False,
    attributes: bool = False,
    indirect: bool = False,
    reasons: frozenset[x509.ReasonFlags] | None = None,
) -> Extensions:
    point = x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier(url)] if url else None,
        relative_name=None,
        only_contains_user_certs=users,
        only_contains_ca_certs=authorities,
        only_some_reasons=reasons,
        indirect_crl=indirect,
        only_contains_attribute_certs=attributes,
    )
    return [(point, True)]


def as_pem(der: bytes) -> str:
    return x509.load_der_x509_crl(der).public_bytes(Encoding.PEM).decode()


def test_a_certificate_is_revoked_when_the_list_names_it() -> None:
    crl = read_crl(ISSUING.crl(STATION))
    check_crl(crl, ISSUING.certificate, NOW)
    assert crl.is_revoked(STATION)
    assert not crl.is_revoked(OTHER)
    assert crl.covers(OTHER)


def test_openssl_sees_the_same_list(tmp_path: Path) -> None:
    (tmp_path / "crl").write_text(as_pem(ISSUING.crl(STATION)))
    ISSUING.write(tmp_path)
    command = ["openssl", "crl", "-in", "crl", "-CAfile", "ca.pem", "-text", "-noout"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "verify OK" in shown.stderr
    assert f"{STATION.x509.serial_number:X}" in shown.stdout.replace(" ", "")


def test_the_serial_of_another_issuer_is_another_certificate() -> None:
    same_number = ROOT.leaf(serial=STATION.x509.serial_number).certificate
    crl = read_crl(ISSUING.crl(STATION))
    assert same_number.serial == STATION.serial
    assert not crl.is_revoked(same_number)
    assert not crl.covers(same_number)


def test_a_list_is_read_as_der_and_as_pem() -> None:
    der = ISSUING.crl(STATION)
    pem = as_pem(der)
    for form in (der, pem, pem.encode(), pem.replace("\n", "\r\n"), pem.replace("\n", "%0D%0A")):
        crl = read_crl(form)
        assert crl == read_crl(der)
        assert crl.der == der
        assert crl.is_revoked(STATION)


def test_the_facts_of_a_list() -> None:
    crl = read_crl(ISSUING.crl())
    assert crl.issuer_hash == ISSUING.certificate.subject_hash
    assert crl.issuer == "CN=Test Issuing CA,O=Forecourt Power"
    assert crl.this_update == (NOW - HOUR).replace(microsecond=0)
    assert crl.next_update == (NOW + timedelta(days=1)).replace(microsecond=0)
    assert crl.serials == frozenset()


def test_many_entries_are_looked_up_at_once() -> None:
    crl = read_crl(ISSUING.crl(*range(1, 2_001), STATION))
    assert len(crl.serials) == 2_001
    assert crl.is_revoked(ISSUING.leaf(serial=2_000).certificate)
    assert not crl.is_revoked(ISSUING.leaf(serial=2_002).certificate)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "found were 0"),
        ("hello", "found were 0"),
        (b"\0" * 50, "found were 0"),
        (b"\x30\x82", "found were 0"),
        (b"\x30\x82\x01\x01", "no list of revoked certificates"),
        (ISSUING.crl()[:-1], "no list of revoked certificates"),
        (ISSUING.certificate.der, "no list of revoked certificates"),
        (ISSUING.pem, "this is a CERTIFICATE"),
        (as_pem(ISSUING.crl()) * 2, "found were 2"),
        (as_pem(ISSUING.crl())[:100], "cut off"),
        (b"\0" * (MAX_CRL + 1), "at most 16,777,216 bytes, and this has 16,777,217"),
    ],
)
def test_what_is_no_list_is_refused_with_the_reason(data: bytes | str, why: str) -> None:
    with pytest.raises(BadCrl, match=why):
        read_crl(data)


def test_a_list_of_another_ca_proves_nothing() -> None:
    assert 'is not of "CN=Test Root,O=Forecourt Power"' in refusal(read_crl(ISSUING.crl(STATION)), ROOT)


@pytest.mark.parametrize("key", [a_key(), a_key("RSA 2048"), a_key("Ed25519"), ISSUING.leaf().signing_key])
def test_a_list_that_another_signed_proves_nothing(key: Key) -> None:
    assert refusal(read_crl(ISSUING.crl(STATION, signed_by=key))).endswith("is not signed by it.")


@pytest.mark.parametrize("key", ["RSA 2048", "P-384", "Ed25519"])
def test_lists_are_signed_with_every_kind_of_key(key: str) -> None:
    authority = Authority.root(key=key)
    check_crl(read_crl(authority.crl()), authority.certificate, NOW)


def test_a_ca_must_be_allowed_to_sign_lists() -> None:
    """RFC 5280 §6.3.3 (f)."""
    own = a_key()
    certificate = ROOT.sign(ISSUING.certificate.x509.subject, own, extensions=[(FORBIDDEN, True)])
    silent = ROOT.sign(ISSUING.certificate.x509.subject, own)
    crl = read_crl(ISSUING.crl(signed_by=own))
    check_crl(crl, silent, NOW)
    with pytest.raises(BadCrl, match="is not signed by it"):
        check_crl(crl, certificate, NOW)


@pytest.mark.parametrize(
    ("validity", "why"),
    [
        (Validity(-2 * HOUR, -HOUR), "is out of date since 20"),
        (Validity(HOUR, 2 * HOUR), "is of the future: 20"),
        (Validity(timedelta(minutes=6), HOUR), "is of the future: 20"),
        (Validity(timedelta(minutes=4), HOUR), None),
        (Validity(-HOUR, timedelta(seconds=2)), None),
    ],
)
def test_a_list_must_be_of_now(validity: Validity, why: str | None) -> None:
    """Clocks may differ by five minutes."""
    crl = read_crl(ISSUING.crl(STATION, validity=validity))
    if why is None:
        check_crl(crl, ISSUING.certificate, NOW)
    else:
        assert why in refusal(crl)


def made_by_openssl(directory: Path, authority: Authority, *options: str) -> bytes:
    authority.write(directory)
    (directory / "key").write_text(authority.leaf(key=authority.signing_key).key_pem)
    (directory / "index").write_text("")
    (directory / "config").write_text("[ca]\ndefault_ca = a\n[a]\ndatabase = index\ndefault_crl_days = 1\n")
    command = ["openssl", "ca", "-config", "config", "-gencrl", "-cert", "ca.pem", "-keyfile", "key", *options]
    return subprocess.run(command, cwd=directory, capture_output=True, check=True).stdout


def test_a_list_that_is_signed_with_an_old_hash_proves_nothing(tmp_path: Path) -> None:
    """A00.FR.504, A00.FR.506."""
    assert "hash that is too weak" in refusal(read_crl(made_by_openssl(tmp_path, ROOT, "-md", "sha1")), ROOT)


def test_a_list_may_be_signed_with_pss(tmp_path: Path) -> None:
    """A00.FR.505."""
    authority = Authority.root(key="RSA 2048")
    scheme = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
    crl = read_crl(made_by_openssl(tmp_path, authority, "-md", "sha256", *scheme))
    check_crl(crl, authority.certificate, SystemClock().now())


@pytest.mark.parametrize(
    ("extensions", "why"),
    [
        ([(x509.DeltaCRLIndicator(1), True)], "only changes"),
        ([(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)], "not known: 1.2.3.4"),
        (scope(indirect=True), "indirect or partial"),
        (scope(attributes=True), "indirect or partial"),
        (scope(reasons=frozenset({x509.ReasonFlags.key_compromise})), "indirect or partial"),
    ],
)
def test_a_list_that_needs_more_than_is_understood_is_refused(extensions: Extensions, why: str) -> None:
    """RFC 5280 §5.2: what is critical must not be passed over."""
    with pytest.raises(BadCrl, match=why):
        read_crl(ISSUING.crl(extensions=extensions))


def test_extensions_that_change_nothing_are_passed_over() -> None:
    more: Extensions = [
        (x509.CRLNumber(7), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(ISSUING.signing_key.public_key()), False),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), False),
    ]
    assert read_crl(ISSUING.crl(STATION, extensions=more)).is_revoked(STATION)


def test_a_list_speaks_only_of_its_scope() -> None:
    """RFC 5280 §5.2.5: a CA may divide its list, and a part of it says nothing of the rest."""
    here, there = "http://ca.example/1.crl", "http://ca.example/2.crl"
    leaf = ISSUING.leaf(crl_urls=[here]).certificate
    below = ISSUING.sub().certificate
    table = [
        (scope(here), leaf, True),
        (scope(there), leaf, False),
        (scope(here), STATION, False),
        (scope(users=True), leaf, True),
        (scope(users=True), below, False),
        (scope(authorities=True), leaf, False),
        (scope(authorities=True), below, True),
    ]
    for extensions, certificate, is_covered in table:
        assert read_crl(ISSUING.crl(extensions=extensions)).covers(certificate) == is_covered


def test_a_list_is_shown_without_its_content() -> None:
    assert len(repr(read_crl(ISSUING.crl(*range(1, 500))))) < 500
