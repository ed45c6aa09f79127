"""Private keys are read in every form that tools write, and shown to nobody."""

from __future__ import annotations

import copy
import pickle
import subprocess

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from forecourt.pki.errors import BadKey
from forecourt.pki.keys import MAX_KEY, KeyKind, new_private_key, read_private_key
from tests.support.authority import Authority, Key, a_key

ROOT = Authority.root()
PASSWORD = b"correct horse"


def written(
    key: Key, form: PrivateFormat, *, encoding: Encoding = Encoding.PEM, password: bytes | None = None
) -> bytes:
    return key.private_bytes(encoding, form, BestAvailableEncryption(password) if password else NoEncryption())


@pytest.mark.parametrize("kind", ["RSA 2048", "P-256", "P-384"])
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_key_is_read_in_every_form(kind: str, form: PrivateFormat, encoding: Encoding) -> None:
    own = a_key(kind)
    key = read_private_key(written(own, form, encoding=encoding))
    assert key.kind == ROOT.leaf(key=own).certificate.key_kind
    assert key.fits(ROOT.leaf(key=own).certificate)
    assert key.pem() == written(own, PrivateFormat.PKCS8)


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_key_is_read_with_its_password(form: PrivateFormat) -> None:
    own = a_key()
    encrypted = written(own, form, password=PASSWORD)
    assert read_private_key(encrypted, PASSWORD).pem() == written(own, PrivateFormat.PKCS8)
    with pytest.raises(BadKey, match="is encrypted: its password is needed"):
        read_private_key(encrypted)
    with pytest.raises(BadKey, match="is encrypted: its password is needed"):
        read_private_key(encrypted, b"")
    with pytest.raises(BadKey, match="the password is wrong"):
        read_private_key(encrypted, b"wrong")


def test_an_encrypted_key_in_der_is_read_with_its_password() -> None:
    encrypted = written(a_key(), PrivateFormat.PKCS8, encoding=Encoding.DER, password=PASSWORD)
    assert read_private_key(encrypted, PASSWORD).kind == "EC secp256r1"


def test_a_password_that_is_not_needed_is_passed_over() -> None:
    assert read_private_key(ROOT.leaf().key_pem, PASSWORD).kind == "EC secp256r1"


def test_what_tools_write_around_a_key_is_passed_over() -> None:
    made = subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey"], capture_output=True, check=True)
    assert made.stdout.startswith(b"-----BEGIN EC PARAMETERS-----")
    assert read_private_key(made.stdout).kind == "EC secp256r1"
    assert read_private_key(b"Bag Attributes\r\n" + made.stdout.replace(b"\n", b"\r\n")).kind == "EC secp256r1"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "no private key"),
        ("hello", "no private key"),
        ("\ud800", "no private key"),
        (b"\0" * 10, "no private key"),
        (ROOT.pem, "no private key"),
        (ROOT.leaf().key_pem[:100], "no private key"),
        ("x" * (MAX_KEY + 1), "at most 65,536 bytes"),
        (
            written(a_key("Ed25519"), PrivateFormat.PKCS8),
            "Keys are RSA or on an elliptic curve .EC., and this is Ed25519",
        ),
        (written(a_key("RSA 1024"), PrivateFormat.PKCS8), "too weak. Its key has 1024 bits, and 2048 are the least"),
        (written(a_key("P-192"), PrivateFormat.PKCS8), "too weak. Its key on the curve secp192r1"),
    ],
)
def test_what_is_no_usable_key_is_refused_with_the_reason(data: bytes | str, why: str) -> None:
    with pytest.raises(BadKey, match=why):
        read_private_key(data)


def test_a_key_fits_its_certificate_and_no_other() -> None:
    one, other = ROOT.leaf(), ROOT.leaf()
    of_rsa, of_other_rsa = ROOT.leaf(key="RSA 2048"), ROOT.leaf(key="RSA 2048 second")
    for issued in (one, other, of_rsa, of_other_rsa):
        fitting = [each for each in (one, other, of_rsa, of_other_rsa) if issued.key.fits(each.certificate)]
        assert fitting == [issued]


def test_a_key_is_shown_to_nobody() -> None:
    issued = ROOT.leaf()
    lines = issued.key_pem.splitlines()[1:-1]
    key = issued.key
    assert repr(key) == str(key) == "<PrivateKey EC secp256r1>"
    assert not any(line in f"{key!r} {vars(type(key))} {issued!r}" for line in lines)
    for leave in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="does not leave the process"):
            leave(key)


def test_the_refusal_of_a_key_does_not_show_it() -> None:
    pem = ROOT.leaf(key="RSA 2048").key_pem
    damaged = pem.replace(pem.splitlines()[3], pem.splitlines()[3][:-4])
    with pytest.raises(BadKey) as caught:
        read_private_key(damaged)
    told = f"{caught.value} {caught.value.__cause__} {caught.value.__context__}"
    assert not any(line[:16] in told for line in pem.splitlines()[1:-1])


def test_a_password_has_a_limit() -> None:
    encrypted = written(a_key(), PrivateFormat.PKCS8, password=PASSWORD)
    with pytest.raises(BadKey, match="has at most 1,000 bytes"):
        read_private_key(encrypted, b"x" * 1_001)


@pytest.mark.parametrize("kind", ["RSA 2048", "EC secp256r1", "EC secp384r1"])
def test_a_new_key_is_of_its_kind_and_is_read_again(kind: KeyKind) -> None:
    key = new_private_key(kind)
    assert key.kind == kind
    again = read_private_key(key.pem())
    assert again.for_signing.public_key() == key.for_signing.public_key()
    assert again.for_signing.public_key() != new_private_key(kind).for_signing.public_key()
