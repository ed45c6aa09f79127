"""What is issued here, as openssl and pkilint see it (RFC 5280; A00.FR.501–512)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.x509.oid import ExtendedKeyUsageOID

from forecourt.pki.certificate import Certificate
from forecourt.pki.csr import check_csr, read_csr
from forecourt.pki.drafts import Draft, draft, draft_cross
from forecourt.pki.errors import CannotSign
from forecourt.pki.issued import check_issued
from forecourt.pki.issuing import sign
from forecourt.pki.keys import KeyKind
from forecourt.pki.lints import lint
from forecourt.pki.path import verify_path
from forecourt.pki.profiles import FIRMWARE_SIGNER, OCSP_RESPONDER, ROOT_CA, SERVER, STATION, Profile
from tests.support.linting import findings_in_certificate, findings_in_pair
from tests.support.odd_requests import UTF8, Request, an_attribute, der
from tests.support.openssl import openssl
from tests.support.own_hierarchy import CRL_URL, ISSUER_URL, KINDS, OCSP_URL, OPERATOR, Own, OwnHierarchy, key_of

YEAR = timedelta(days=365)
HOME = x509.UniformResourceIdentifier("http://mine.example/list.crl")
HOSTS = ("charge.example", "192.0.2.1")
ENDS: dict[str, tuple[Profile, str, Sequence[str]]] = {
    "station": (STATION, "SN-1", ()),
    "server": (SERVER, "charge.example", HOSTS),
    "responder": (OCSP_RESPONDER, "OCSP", ()),
    "firmware": (FIRMWARE_SIGNER, "Firmware", ()),
}


def issued(own: OwnHierarchy, name: str, kind: KeyKind = "EC secp256r1", *, has_places: bool = True) -> Certificate:
    profile, common_name, hosts = ENDS[name]
    return own.issue(profile, common_name, kind=kind, host_names=hosts, has_places=has_places)


def openssl_verify(own: OwnHierarchy, certificate: Certificate, directory: Path, *more: str) -> str:
    root, between, leaf = (directory / f"{name}.pem" for name in ("root", "between", "leaf"))
    root.write_text(own.root.certificate.pem)
    between.write_text(own.issuing.certificate.pem)
    leaf.write_text(certificate.pem)
    trusted = ("-x509_strict", "-CAfile", root, "-untrusted", between)
    return openssl("verify", *trusted, *more, leaf, must_succeed=False).strip()


@pytest.mark.parametrize("uses_pss", [False, True], ids=["pkcs1", "pss"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ENDS)
def test_pkilint_finds_nothing(name: str, kind: KeyKind, uses_pss: bool, tmp_path: Path) -> None:
    own = OwnHierarchy.of(kind, uses_pss=uses_pss)
    for leaf_kind in ("RSA 2048", "EC secp256r1"):
        leaf = issued(own, name, leaf_kind)
        assert findings_in_certificate(leaf.der, tmp_path) == ""
        if not (uses_pss and kind.startswith("RSA")):
            assert findings_in_pair(own.issuing.certificate.der, leaf.der, tmp_path) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_pkilint_finds_nothing_in_the_cas(kind: KeyKind, tmp_path: Path) -> None:
    own = OwnHierarchy.of(kind)
    for certificate in own.chain:
        assert findings_in_certificate(certificate.der, tmp_path) == ""
    assert findings_in_pair(own.root.certificate.der, own.issuing.certificate.der, tmp_path) == ""


def test_pkilint_would_find_something(tmp_path: Path) -> None:
    """So that the tests above can fail."""
    own = OwnHierarchy.of("EC secp256r1")
    wrong = (
        x509.CertificateBuilder(
            issuer_name=own.issuing.certificate.x509.subject,
            subject_name=own.issuing.certificate.x509.subject,
            public_key=own.issuing.key.for_signing.public_key(),
            serial_number=1,
        )
        .not_valid_before(own.now)
        .not_valid_after(own.now + YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=False)
        .sign(own.root.key.for_signing, hashes.SHA256())
    )
    assert findings_in_certificate(Certificate.of(wrong).der, tmp_path)
    assert findings_in_pair(own.root.certificate.der, Certificate.of(wrong).der, tmp_path)


@pytest.mark.parametrize("uses_pss", [False, True], ids=["pkcs1", "pss"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "purpose"), [("station", "sslclient"), ("server", "sslserver"), ("responder", "ocsphelper")]
)
def test_openssl_verifies_it(name: str, purpose: str, kind: KeyKind, uses_pss: bool, tmp_path: Path) -> None:
    """With its strictest rules, for the purpose that it was issued for."""
    own = OwnHierarchy.of(kind, uses_pss=uses_pss)
    assert openssl_verify(own, issued(own, name), tmp_path, "-purpose", purpose).endswith("leaf.pem: OK")


@pytest.mark.parametrize(("name", "purpose"), [("station", "sslserver"), ("server", "sslclient")])
def test_openssl_refuses_it_for_anything_else(name: str, purpose: str, tmp_path: Path) -> None:
    own = OwnHierarchy.of("EC secp256r1")
    assert "unsuitable certificate purpose" in openssl_verify(own, issued(own, name), tmp_path, "-purpose", purpose)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["station", "server", "firmware"])
def test_our_own_path_building_takes_it(name: str, kind: KeyKind) -> None:
    own = OwnHierarchy.of(kind)
    leaf = issued(own, name)
    found = verify_path(leaf, [own.issuing.certificate], own.anchors, own.now)
    assert found == (leaf, own.issuing.certificate, own.root.certificate)


@pytest.mark.parametrize(("kind", "usage"), [("RSA 2048", {"key_encipherment"}), ("EC secp256r1", {"key_agreement"})])
def test_the_certificate_of_a_station(kind: KeyKind, usage: set[str]) -> None:
    """A00.FR.509, 511, 512: O and CN, no subjectAltName, and only what it needs."""
    own = OwnHierarchy.of("EC secp256r1")
    leaf = issued(own, "station", kind)
    assert leaf.subject == f"CN=SN-1,O={OPERATOR}"
    assert uses(leaf) == {"digital_signature"} | usage
    assert extended(leaf) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not leaf.is_authority
    assert not has(leaf, x509.SubjectAlternativeName)
    assert leaf.crl_urls == (CRL_URL,)
    assert leaf.ocsp_urls == (OCSP_URL,)
    assert leaf.not_before == own.now - timedelta(hours=1)
    assert len(leaf.serial) > 16


@pytest.mark.parametrize(("kind", "usage"), [("RSA 2048", {"key_encipherment"}), ("EC secp256r1", set())])
def test_the_certificate_of_a_server(kind: KeyKind, usage: set[str]) -> None:
    """A00.FR.510: CN and subjectAltName. RSA has suites that encipher with the key (A00.FR.317)."""
    leaf = issued(OwnHierarchy.of("EC secp256r1"), "server", kind)
    names = leaf.x509.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert leaf.common_names == ("charge.example",)
    assert names.get_values_for_type(x509.DNSName) == ["charge.example"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.1"]
    assert uses(leaf) == {"digital_signature"} | usage
    assert extended(leaf) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_the_certificate_of_a_responder() -> None:
    """RFC 6960 §4.2.2.2.1: nobody asks whether it was revoked, so it names no place to ask."""
    leaf = issued(OwnHierarchy.of("EC secp256r1"), "responder")
    assert has(leaf, x509.OCSPNoCheck)
    assert extended(leaf) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert (leaf.crl_urls, leaf.ocsp_urls) == ((), ())


def test_the_certificates_of_cas() -> None:
    own = OwnHierarchy.of("EC secp256r1")
    for certificate, length in ((own.root.certificate, None), (own.issuing.certificate, 0)):
        constraints = certificate.x509.extensions.get_extension_for_class(x509.BasicConstraints)
        assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, length)
        assert uses(certificate) == {"key_cert_sign", "crl_sign"}
        assert certificate.x509.extensions.get_extension_for_class(x509.KeyUsage).critical


def test_places_are_named_only_where_there_are_any() -> None:
    leaf = issued(OwnHierarchy.of("EC secp256r1"), "station", has_places=False)
    assert not has(leaf, x509.CRLDistributionPoints)
    assert not has(leaf, x509.AuthorityInformationAccess)
    access = issued(OwnHierarchy.of("EC secp256r1"), "station").x509.extensions
    described = access.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert [each.access_location.value for each in described] == [OCSP_URL, ISSUER_URL]


def test_nothing_of_a_request_but_its_key_is_taken_over() -> None:
    """From the request to the certificate, with everything that a request may ask for."""
    own = OwnHierarchy.of("EC secp256r1")
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
    asked = Request(
        extensions=[
            (x509.SubjectAlternativeName([x509.DNSName("SN-1")]), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]), True),
            (x509.SubjectKeyIdentifier(b"mine"), False),
            (x509.CRLDistributionPoints([x509.DistributionPoint([HOME], None, None, None)]), False),
            (strange, False),
        ],
        attributes=[an_attribute("1.2.840.113549.1.9.7", der(UTF8, b"a challenge"))],
    )
    csr = read_csr(asked.der())
    assert len(list(csr.x509.extensions)) == 5
    check_csr(csr, common_name="SN-1", organisation=OPERATOR)
    leaf, usual = own.issue_for(csr), own.issue(STATION, has_places=False)
    check_issued([leaf], csr=csr, common_name="SN-1", organisation=OPERATOR, at=own.now, anchors=None)
    for kind in (x509.SubjectAlternativeName, x509.CRLDistributionPoints, x509.UnrecognizedExtension):
        assert not has(leaf, kind)
    assert extended(leaf) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert [each.oid for each in leaf.x509.extensions] == [each.oid for each in usual.x509.extensions]
    assert b"mine" not in leaf.der
    assert b"challenge" not in leaf.der


@pytest.mark.parametrize(
    ("kind", "uses_pss", "signed_with"),
    [
        ("RSA 2048", False, ("SHA256", padding.PKCS1v15)),
        ("RSA 2048", True, ("SHA256", padding.PSS)),
        ("EC secp256r1", False, ("SHA256", ec.ECDSA)),
        ("EC secp256r1", True, ("SHA256", ec.ECDSA)),
        ("EC secp384r1", False, ("SHA384", ec.ECDSA)),
    ],
)
def test_how_a_ca_signs(kind: KeyKind, uses_pss: bool, signed_with: tuple[str, type]) -> None:
    """A00.FR.505, 506. PKCS#1 v1.5 is what the test tool takes."""
    leaf = issued(OwnHierarchy.of(kind, uses_pss=uses_pss), "station")
    parameters = leaf.x509.signature_algorithm_parameters
    assert (leaf.signature_hash, type(parameters)) == signed_with
    if isinstance(parameters, padding.PSS):
        assert parameters.mgf._algorithm.name == "sha256"


def test_a_cross_signed_root_leads_to_the_one_before(tmp_path: Path) -> None:
    """M05.FR.09: who trusts the old root only takes certificates of the new hierarchy."""
    old, new = OwnHierarchy.of("RSA 2048"), OwnHierarchy.of("EC secp384r1", name="New")
    until = old.now + timedelta(days=9_999)
    wanted = draft_cross(new.root.certificate, old.root.certificate, not_before=old.now, not_after=until)
    cross = sign(lint(replace(wanted, crl_url=CRL_URL, issuer_url=ISSUER_URL)), old.root.key.for_signing)
    assert cross.subject_hash == new.root.certificate.subject_hash
    assert cross.not_after == min(old.root.certificate.not_after, new.root.certificate.not_after)
    assert findings_in_certificate(cross.der, tmp_path) == ""
    assert findings_in_pair(old.root.certificate.der, cross.der, tmp_path) == ""
    leaf = new.issue(STATION)
    found = verify_path(leaf, [new.issuing.certificate, cross], old.anchors, old.now)
    assert found == (leaf, new.issuing.certificate, cross, old.root.certificate)
    assert verify_path(leaf, [new.issuing.certificate, cross], new.anchors, old.now)[-1] == new.root.certificate


def test_a_chain_to_a_cross_signed_root_holds_for_openssl(tmp_path: Path) -> None:
    old, new = OwnHierarchy.of("EC secp256r1"), OwnHierarchy.of("EC secp384r1", name="New")
    wanted = draft_cross(new.root.certificate, old.root.certificate, not_before=old.now, not_after=new.now + YEAR)
    cross = sign(lint(wanted), old.root.key.for_signing)
    between = Own(new.issuing.certificate, new.issuing.key)
    bundle = tmp_path / "cross.pem"
    bundle.write_text(cross.pem)
    mixed = replace(old, issuing=between)
    assert openssl_verify(mixed, new.issue(STATION), tmp_path, "-untrusted", str(bundle)).endswith("OK")


def test_a_key_that_is_not_the_issuers_is_refused() -> None:
    own = OwnHierarchy.of("EC secp256r1")
    with pytest.raises(CannotSign, match='is not that of "CN=Forecourt Power Issuing CA'):
        sign(lint(a_draft(own)), own.root.key.for_signing)
    with pytest.raises(CannotSign, match="is not that of the certificate"):
        sign(lint(a_root_draft(own)), own.issuing.key.for_signing)


def test_a_key_that_signs_wrongly_is_found_out() -> None:
    """As a broken token, or one with another key than it says."""

    class Broken(ec.EllipticCurvePrivateKey):
        def sign(
            self, data: bytes | bytearray | memoryview, signature_algorithm: ec.EllipticCurveSignatureAlgorithm
        ) -> bytes:
            return key_of("EC secp256r1", "other").for_signing.sign(data, signature_algorithm)  # type: ignore[call-arg, arg-type]  # the key is on a curve

        def public_key(self) -> ec.EllipticCurvePublicKey:
            public = own.issuing.key.for_signing.public_key()
            assert isinstance(public, ec.EllipticCurvePublicKey)
            return public

        curve = property(lambda self: ec.SECP256R1())
        key_size = property(lambda self: 256)

        def exchange(self, *_: object) -> bytes:
            raise NotImplementedError

        def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
            raise NotImplementedError

        def private_bytes(self, *_: object) -> bytes:
            raise NotImplementedError

        def __copy__(self) -> Broken:
            return self

        def __deepcopy__(self, _memo: dict[int, object]) -> Broken:
            return self

    own = OwnHierarchy.of("EC secp256r1")
    with pytest.raises(CannotSign, match="does not hold"):
        sign(lint(a_draft(own)), Broken())


def test_a_validity_ends_with_that_of_the_issuer() -> None:
    own = OwnHierarchy.of("EC secp256r1")
    leaf = own.issue(STATION, days=99_999)
    assert leaf.not_after == own.issuing.certificate.not_after
    with pytest.raises(CannotSign, match="no time is left"):
        own.issue(STATION, days=-2)


def test_serial_numbers_are_random() -> None:
    own = OwnHierarchy.of("EC secp256r1")
    serials = {a_draft(own).serial for _ in range(200)}
    assert len(serials) == 200
    assert all(0 < serial < 2**128 for serial in serials)
    assert max(serial.bit_length() for serial in serials) > 120


def a_draft(own: OwnHierarchy) -> Draft:
    return draft(
        STATION,
        key_of("EC secp256r1", "SN-1").for_signing.public_key(),
        common_name="SN-1",
        organisation=OPERATOR,
        issuer=own.issuing.certificate,
        not_before=own.now,
        not_after=own.now + YEAR,
    )


def a_root_draft(own: OwnHierarchy) -> Draft:
    return draft(
        ROOT_CA,
        own.root.key.for_signing.public_key(),
        common_name="Another Root",
        organisation=OPERATOR,
        issuer=None,
        not_before=own.now,
        not_after=own.now + YEAR,
    )


def uses(certificate: Certificate) -> set[str]:
    usage = certificate.x509.extensions.get_extension_for_class(x509.KeyUsage).value
    names = ("digital_signature", "key_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "data_encipherment")
    return {name for name in names if getattr(usage, name)}


def extended(certificate: Certificate) -> list[x509.ObjectIdentifier]:
    return list(certificate.x509.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def has(certificate: Certificate, kind: type[x509.ExtensionType]) -> bool:
    return any(isinstance(extension.value, kind) for extension in certificate.x509.extensions)
