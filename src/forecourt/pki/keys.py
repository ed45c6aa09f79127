"""Private keys: read, compared with a certificate, and shown to nobody."""

from __future__ import annotations

from typing import Final, Literal, NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

from forecourt.pki.certificate import Certificate, key_kind
from forecourt.pki.errors import BadKey
from forecourt.pki.pem import as_bytes
from forecourt.pki.strength import weak_key

MAX_KEY: Final = 64 * 1024
"""Bytes of what a key is read from."""

MAX_PASSWORD: Final = 1_000
"""Bytes."""


class PrivateKey:
    """A private key: RSA, or on an elliptic curve."""

    __slots__ = ("_key",)

    def __init__(self, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> None:
        self._key = key

    @property
    def kind(self) -> str:
        """As in ``Certificate.key_kind``."""
        return key_kind(self._key)

    def pem(self) -> bytes:
        """The key itself, unencrypted, in PKCS #8. For the vault and for the TLS library, and for nobody else."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def for_signing(self) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
        """The key as the library signs with it. For `issuing`, `listing`, `signatures` and `csr_making` alone."""
        return self._key

    def fits(self, certificate: Certificate) -> bool:
        """Whether the certificate was made for this key."""
        form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return self._key.public_key().public_bytes(*form) == certificate.x509.public_key().public_bytes(*form)

    def __repr__(self) -> str:
        return f"<PrivateKey {self.kind}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A private key does not leave the process.")


KeyKind = Literal["RSA 2048", "RSA 3072", "RSA 4096", "EC secp256r1", "EC secp384r1"]
"""The kinds of keys that are made here, named as in ``Certificate.key_kind``."""


def new_private_key(kind: KeyKind) -> PrivateKey:
    """A new key. RSA takes up to some seconds of computing: not to be done on a loop, nor in a unit of work."""
    match kind:
        case "EC secp256r1":
            return PrivateKey(ec.generate_private_key(ec.SECP256R1()))
        case "EC secp384r1":
            return PrivateKey(ec.generate_private_key(ec.SECP384R1()))
        case _:
            return PrivateKey(rsa.generate_private_key(65_537, int(kind.removeprefix("RSA "))))


def read_private_key(data: bytes | str, password: bytes | None = None) -> PrivateKey:
    """A key in PEM or DER, encrypted or not; a password that is not needed is passed over. Raises BadKey.

    Whoever encrypted the key chose how long it takes to decrypt it, so that doors read keys on a thread of their own.
    """
    data = as_bytes(data)
    if len(data) > MAX_KEY:
        raise BadKey(f"A private key has at most {MAX_KEY:,} bytes, and this has {len(data):,}.")
    if password is not None and len(password) > MAX_PASSWORD:
        raise BadKey(f"The password of a private key has at most {MAX_PASSWORD:,} bytes.")
    key = _loaded(data, password)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise BadKey(f"Keys are RSA or on an elliptic curve (EC), and this is {key_kind(key)}.")
    if (why := weak_key(key)) is not None:
        raise BadKey(f"The private key is too weak. {why}")
    return PrivateKey(key)


def _loaded(data: bytes, password: bytes | None) -> object:
    """Nothing of what the library says of a fault is passed on: it might quote the key."""
    load = load_pem_private_key if b"-----BEGIN " in data else load_der_private_key
    try:
        return load(data, None)
    except TypeError:
        is_encrypted = True
    except (ValueError, UnsupportedAlgorithm):
        is_encrypted = False
    if not is_encrypted:
        raise BadKey("This is no private key in PEM or DER, or one of a kind or curve that is not supported.")
    if not password:
        raise BadKey("The private key is encrypted: its password is needed.")
    try:
        return load(data, password)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        raise BadKey("The private key cannot be decrypted: the password is wrong, or the key is damaged.") from None
