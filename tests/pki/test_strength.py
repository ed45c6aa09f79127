"""Keys and signatures that are too weak are told (OCPP 1.6 A00.FR.501–506)."""

from __future__ import annotations

import pytest

from forecourt.pki.certificate import read_certificate
from forecourt.pki.strength import weakness
from tests.support.authority import Authority, a_key

ROOT = Authority.root(key="RSA 2048")


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("RSA 2048", None),
        ("RSA 1024", "Its key has 1024 bits, and 2048 are the least."),
        ("RSA 2047", "Its key has 2047 bits, and 2048 are the least."),
        ("P-256", None),
        ("P-224", None),
        ("P-192", "Its key on the curve secp192r1 has 192 bits, and 224 are the least."),
        ("P-521", None),
        ("brainpoolP256r1", None),
        ("Ed25519", None),
    ],
)
def test_keys_have_2048_bits_or_224_on_a_curve(key: str, why: str | None) -> None:
    """A00.FR.502, A00.FR.503."""
    assert weakness(ROOT.leaf(key=a_key(key)).certificate) == why


@pytest.mark.parametrize("signature_hash", ["SHA1", "MD5"])
def test_signatures_with_old_hashes_are_weak(signature_hash: str) -> None:
    """A00.FR.504, A00.FR.506."""
    certificate = ROOT.leaf(signature_hash=signature_hash).certificate
    assert weakness(certificate) == f"It is signed with {signature_hash}, and SHA256 or stronger is needed."


@pytest.mark.parametrize("signature_hash", ["SHA224", "SHA256", "SHA384", "SHA512"])
def test_signatures_with_newer_hashes_are_strong(signature_hash: str) -> None:
    assert weakness(ROOT.leaf(signature_hash=signature_hash).certificate) is None
    assert weakness(Authority.root().leaf(signature_hash=signature_hash).certificate) is None


def test_signatures_with_pss_are_strong() -> None:
    """A00.FR.505."""
    assert weakness(ROOT.leaf(pss=True).certificate) is None


def test_a_signature_that_is_not_known_is_not_relied_upon() -> None:
    certificate = Authority.root().leaf().certificate
    known, unknown = bytes.fromhex("2a8648ce3d040302"), bytes.fromhex("2a8648ce3d040309")
    why = weakness(read_certificate(certificate.der.replace(known, unknown)))
    assert why is not None
    assert "unknown 1.2.840.10045.4.3.9" in why
