"""Signatures over firmware and the certificates that they were made with are checked before they are sent
(A00.FR.706; L01.FR.04)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from forecourt.domain.firmware.model import Signed
from forecourt.domain.firmware.verification import Makers, check_signed
from forecourt.pki.certificate import Certificate
from tests.domain.firmware.making import CONTENT, Maker, a_file, signed_with
from tests.support.authority import Authority, Validity
from tests.support.clock import NOON

MAKER = Maker.new()
BY_RSA = Maker.new("RSA 2048")


def checked(signed: Signed, *anchors: Certificate, revoked: Certificate | None = None) -> tuple[str | None, str | None]:
    makers = Makers(anchors=anchors, intermediates=[], is_revoked=lambda one: one == revoked)
    check = check_signed(a_file(), signed, makers, NOON)
    assert (check.at, check.is_good) == (NOON, check.fault is None)
    return check.scheme, check.fault


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize(
    ("maker", "scheme", "expected"),
    [
        (BY_RSA, "pss", "RSASSA-PSS with"),
        (BY_RSA, "pkcs1", "RSA PKCS#1 v1.5 with"),
        (MAKER, "", "ECDSA with"),
    ],
    ids=["pss", "pkcs1", "ecdsa"],
)
def test_every_way_of_signing_that_is_met_is_known(maker: Maker, scheme: str, expected: str, digest: str) -> None:
    signed = maker.signs(scheme=scheme, digest=digest)
    assert checked(signed, maker.root.certificate) == (f"{expected} {digest.upper()}", None)


def test_a_signature_over_another_file_is_told() -> None:
    scheme, fault = checked(MAKER.signs(CONTENT + b"!"), MAKER.root.certificate)
    assert scheme is None
    assert fault is not None
    assert "was not signed with the key" in fault


def test_what_is_no_signature_is_told() -> None:
    signed = Signed(certificate=MAKER.signer.pem, signature="not base64!")
    assert checked(signed, MAKER.root.certificate) == (None, "The signature is not base64.")


def test_what_is_no_certificate_is_told() -> None:
    scheme, fault = checked(Signed(certificate="none", signature="c2ln"), MAKER.root.certificate)
    assert scheme is None
    assert fault is not None
    assert fault.startswith("The signing certificate cannot be used:")


@pytest.mark.parametrize(
    ("signed", "anchors", "expected"),
    [
        (MAKER.signs(), [], "No manufacturer root is in the store"),
        (MAKER.signs(), [BY_RSA.root.certificate], "which is not known"),
        (Maker.new(validity=Validity(timedelta(days=-9), timedelta(days=-1))), None, "expired"),
        (Maker.new(validity=Validity(timedelta(days=1), timedelta(days=9))), None, "is not valid before"),
    ],
    ids=["no root", "another root", "expired", "not yet valid"],
)
def test_a_certificate_that_stations_would_refuse_is_told(
    signed: Signed | Maker, anchors: list[Certificate] | None, expected: str
) -> None:
    """The signature itself is right, and told to be."""
    if isinstance(signed, Maker):
        scheme, fault = checked(signed.signs(), signed.root.certificate)
    else:
        scheme, fault = checked(signed, *(anchors or []))
    assert scheme == "ECDSA with SHA256"
    assert fault is not None
    assert expected in fault


def test_a_revoked_certificate_is_told() -> None:
    _, fault = checked(MAKER.signs(), MAKER.root.certificate, revoked=MAKER.signer.certificate)
    assert fault is not None
    assert fault.endswith("was revoked.")


def test_the_certificate_of_an_authority_does_not_sign_firmware() -> None:
    root = Authority.root("Maker Root", now=NOON)
    signed = Signed(certificate=root.pem, signature=signed_with(root.leaf("x", key=root.signing_key)).signature)
    scheme, fault = checked(signed, root.certificate)
    assert scheme == "ECDSA with SHA256"
    assert fault is not None
    assert "is that of a CA" in fault


def test_a_key_usage_that_forbids_to_sign_files_is_told() -> None:
    root = Authority.root("Maker Root", now=NOON)
    agrees = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=True,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    signer = root.leaf("Signer", bare=True, extensions=[(agrees, True)])
    _, fault = checked(signed_with(signer), root.certificate)
    assert fault is not None
    assert "digitalSignature" in fault


def test_an_intermediate_between_root_and_signer_is_told() -> None:
    """Remark in L01: the maker must not use any."""
    root = Authority.root("Maker Root", now=NOON)
    issuing = root.sub("Maker CA")
    signed = signed_with(issuing.leaf("Signer"))
    makers = Makers(anchors=[root.certificate], intermediates=[issuing.certificate], is_revoked=lambda _: False)
    fault = check_signed(a_file(), signed, makers, NOON).fault
    assert fault is not None
    assert fault.startswith("1 intermediate certificates stand")


def test_a_signing_certificate_may_be_trusted_itself() -> None:
    assert checked(MAKER.signs(), MAKER.signer.certificate) == ("ECDSA with SHA256", None)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    scheme, fault = checked(MAKER.signs(b"another"), BY_RSA.root.certificate)
    assert scheme is None
    assert fault is not None
    assert "was not signed" in fault
    assert "not known" in fault
