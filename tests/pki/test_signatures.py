"""Signatures over firmware: every scheme that is met, and none that does not hold (L01.FR.04; A00.FR.706)."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecourt.pki.errors import BadSignature, CannotSign
from forecourt.pki.keys import KeyKind
from forecourt.pki.profiles import FIRMWARE_SIGNER
from forecourt.pki.signatures import MAX_SIGNATURE, Digesting, Scheme, digests_of, sign_digest, verify_signature
from tests.support.authority import Authority
from tests.support.openssl import openssl
from tests.support.own_hierarchy import OwnHierarchy, key_of

FIRMWARE = bytes(range(256)) * 9_000
OWN = OwnHierarchy.of("EC secp256r1")
KINDS: dict[str, KeyKind] = {"RSA": "RSA 2048", "ECDSA": "EC secp256r1"}


def kind_of(scheme: Scheme) -> KeyKind:
    return KINDS["RSA" if scheme.is_rsa else "ECDSA"]


@pytest.mark.parametrize("scheme", Scheme)
def test_what_was_signed_here_is_verified(scheme: Scheme) -> None:
    signer = OWN.issue(FIRMWARE_SIGNER, "Maker", kind=kind_of(scheme))
    digests = digests_of(io.BytesIO(FIRMWARE))
    signature = sign_digest(key_of(kind_of(scheme), "Maker").for_signing, digests.of(scheme), scheme)
    assert verify_signature(digests, signature, signer) is scheme
    assert verify_signature(io.BytesIO(FIRMWARE), signature, signer) is scheme
    with pytest.raises(BadSignature, match="was not signed with the key"):
        verify_signature(io.BytesIO(FIRMWARE + b"\0"), signature, signer)


@pytest.mark.parametrize(
    ("scheme", "options"),
    [
        (Scheme.RSA_PKCS1_SHA256, ["-sha256"]),
        (Scheme.RSA_PKCS1_SHA512, ["-sha512"]),
        (Scheme.RSA_PSS_SHA256, ["-sha256", "-sigopt", "rsa_padding_mode:pss"]),
        (Scheme.RSA_PSS_SHA256, ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:0"]),
        (Scheme.RSA_PSS_SHA384, ["-sha384", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1"]),
        (Scheme.ECDSA_SHA256, ["-sha256"]),
        (Scheme.ECDSA_SHA384, ["-sha384"]),
    ],
)
def test_openssl_and_we_verify_one_another(scheme: Scheme, options: list[str], tmp_path: Path) -> None:
    """PSS with any length of salt."""
    key = key_of(kind_of(scheme), "Maker")
    signer = OWN.issue(FIRMWARE_SIGNER, "Maker", kind=kind_of(scheme))
    private, public, file, made = (tmp_path / name for name in ("key.pem", "public.pem", "firmware", "signature"))
    private.write_bytes(key.pem())
    file.write_bytes(FIRMWARE)
    openssl("dgst", *options, "-sign", private, "-out", made, file)
    assert verify_signature(io.BytesIO(FIRMWARE), made.read_bytes(), signer) is scheme
    openssl("pkey", "-in", private, "-pubout", "-out", public)
    made.write_bytes(sign_digest(key.for_signing, digests_of(io.BytesIO(FIRMWARE)).of(scheme), scheme))
    padding = ["-sigopt", "rsa_padding_mode:pss"] if scheme.is_pss else []
    assert openssl("dgst", options[0], *padding, "-verify", public, "-signature", made, file) == "Verified OK\n"


def test_digests_are_made_while_the_file_passes_by() -> None:
    digesting = Digesting()
    for start in range(0, len(FIRMWARE), 65_521):
        digesting.update(FIRMWARE[start : start + 65_521])
    assert digesting.done() == digests_of(io.BytesIO(FIRMWARE))
    assert digesting.done().sha256 == hashlib.sha256(FIRMWARE).digest()


@pytest.mark.parametrize("signature", [b"", b"rubbish", bytes(256), bytes(MAX_SIGNATURE + 1)])
@pytest.mark.parametrize("kind", KINDS.values())
def test_what_is_no_signature_is_refused(kind: KeyKind, signature: bytes) -> None:
    signer = OWN.issue(FIRMWARE_SIGNER, "Maker", kind=kind)
    with pytest.raises(BadSignature):
        verify_signature(io.BytesIO(FIRMWARE), signature, signer)


def test_the_signature_of_another_key_is_refused() -> None:
    digests = digests_of(io.BytesIO(FIRMWARE))
    other = key_of("EC secp256r1", "Somebody").for_signing
    signature = sign_digest(other, digests.sha256, Scheme.ECDSA_SHA256)
    with pytest.raises(BadSignature, match="tried were ECDSA with SHA256, 384 and 512"):
        verify_signature(digests, signature, OWN.issue(FIRMWARE_SIGNER, "Maker"))


def test_a_key_of_another_kind_verifies_nothing() -> None:
    signer = Authority.root().leaf("Maker", key="Ed25519").certificate
    with pytest.raises(BadSignature, match="is Ed25519; RSA or EC is needed"):
        verify_signature(io.BytesIO(FIRMWARE), b"x", signer)


def test_a_scheme_needs_its_own_kind_of_key_and_digest() -> None:
    ecdsa, rsa = (key_of(kind, "Maker").for_signing for kind in ("EC secp256r1", "RSA 2048"))
    for key, scheme in ((ecdsa, Scheme.RSA_PSS_SHA256), (rsa, Scheme.ECDSA_SHA256)):
        with pytest.raises(CannotSign, match="needs a key of another kind"):
            sign_digest(key, bytes(32), scheme)
    with pytest.raises(CannotSign, match="needs a digest of 32 bytes, and this has 48"):
        sign_digest(ecdsa, bytes(48), Scheme.ECDSA_SHA256)


@settings(max_examples=100, deadline=None)
@given(signature=st.binary(max_size=600))
def test_any_bytes_are_no_signature(signature: bytes) -> None:
    digests = digests_of(io.BytesIO(b"firmware"))
    for kind in KINDS.values():
        with pytest.raises(BadSignature):
            verify_signature(digests, signature, OWN.issue(FIRMWARE_SIGNER, "Maker", kind=kind))
