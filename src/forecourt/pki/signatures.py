"""Signatures over files, as makers make them over firmware (security whitepaper L01.FR.04; A00.FR.706)."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from forecourt.pki.certificate import Certificate
from forecourt.pki.errors import BadSignature, CannotSign
from forecourt.pki.issuing import SigningKey
from forecourt.pki.wording import in_short, quoted

MAX_SIGNATURE: Final = 2_048
"""Bytes: RSA keys of 16,384 bits."""

_PIECE: Final = 1024 * 1024


class Scheme(enum.Enum):
    """How a file was signed."""

    RSA_PSS_SHA256 = "RSASSA-PSS with SHA256"
    """What the whitepaper asks for."""
    RSA_PKCS1_SHA256 = "RSA PKCS#1 v1.5 with SHA256"
    """What stations in the field verify."""
    ECDSA_SHA256 = "ECDSA with SHA256"
    """Instead of the ECSchnorr of the whitepaper, which nobody implements."""
    RSA_PSS_SHA384 = "RSASSA-PSS with SHA384"
    RSA_PKCS1_SHA384 = "RSA PKCS#1 v1.5 with SHA384"
    ECDSA_SHA384 = "ECDSA with SHA384"
    RSA_PSS_SHA512 = "RSASSA-PSS with SHA512"
    RSA_PKCS1_SHA512 = "RSA PKCS#1 v1.5 with SHA512"
    ECDSA_SHA512 = "ECDSA with SHA512"

    @property
    def is_rsa(self) -> bool:
        return self.name.startswith("RSA_")

    @property
    def is_pss(self) -> bool:
        return self.name.startswith("RSA_PSS_")

    @property
    def hash_name(self) -> str:
        """As :mod:`hashlib` names it."""
        return self.name.rpartition("_")[2].lower()


@dataclass(frozen=True, slots=True)
class Digests:
    """A file as signatures see it."""

    sha256: bytes
    sha384: bytes
    sha512: bytes

    def of(self, scheme: Scheme) -> bytes:
        return {"sha256": self.sha256, "sha384": self.sha384, "sha512": self.sha512}[scheme.hash_name]


class Digesting:
    """Makes the digests of a file while it passes by."""

    __slots__ = ("_hashes",)

    def __init__(self) -> None:
        self._hashes = (hashlib.sha256(), hashlib.sha384(), hashlib.sha512())

    def update(self, piece: bytes) -> None:
        for each in self._hashes:
            each.update(piece)

    def done(self) -> Digests:
        sha256, sha384, sha512 = self._hashes
        return Digests(sha256.digest(), sha384.digest(), sha512.digest())


class Readable(Protocol):
    """A file, opened to be read as bytes."""

    def read(self, size: int, /) -> bytes: ...


def digests_of(file: Readable) -> Digests:
    """Reads a file to its end."""
    digesting = Digesting()
    while piece := file.read(_PIECE):
        digesting.update(piece)
    return digesting.done()


def verify_signature(signed: Digests | Readable, signature: bytes, certificate: Certificate) -> Scheme:
    """How a file was signed with the key of a certificate: whichever scheme fits, because nobody tells which it is.

    Nothing is said of the certificate itself. Raises BadSignature.
    """
    key = certificate.x509.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise BadSignature(f"The key of {quoted(certificate.subject)} is {certificate.key_kind}; RSA or EC is needed.")
    if not signature or len(signature) > MAX_SIGNATURE:
        raise BadSignature(f"A signature has 1 to {MAX_SIGNATURE:,} bytes, and this has {len(signature):,}.")
    digests = signed if isinstance(signed, Digests) else digests_of(signed)
    for scheme in Scheme:
        if _fits(key, scheme, digests.of(scheme), signature):
            return scheme
    tried = "RSASSA-PSS and PKCS#1 v1.5" if isinstance(key, rsa.RSAPublicKey) else "ECDSA"
    who = quoted(certificate.subject)
    raise BadSignature(f"The file was not signed with the key of {who}: tried were {tried} with SHA256, 384 and 512.")


def sign_digest(key: SigningKey, digest: bytes, scheme: Scheme) -> bytes:
    """Signs a file of which the digest is given, with the hash of the scheme. Raises CannotSign."""
    algorithm = _HASHES[scheme.hash_name]
    if len(digest) != algorithm.digest_size:
        raise CannotSign(f"{scheme.value} needs a digest of {algorithm.digest_size} bytes, and this has {len(digest)}.")
    try:
        if isinstance(key, rsa.RSAPrivateKey) and scheme.is_rsa:
            return key.sign(digest, _padding(scheme, salt=algorithm.digest_size), Prehashed(algorithm))
        if isinstance(key, ec.EllipticCurvePrivateKey) and not scheme.is_rsa:
            return key.sign(digest, ec.ECDSA(Prehashed(algorithm)))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CannotSign(f"The file could not be signed: {in_short(error)}.") from error
    raise CannotSign(f"{scheme.value} needs a key of another kind.")


_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def _fits(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, scheme: Scheme, digest: bytes, signature: bytes) -> bool:
    algorithm = _HASHES[scheme.hash_name]
    try:
        if isinstance(key, rsa.RSAPublicKey) and scheme.is_rsa:
            key.verify(signature, digest, _padding(scheme), Prehashed(algorithm))
        elif isinstance(key, ec.EllipticCurvePublicKey) and not scheme.is_rsa:
            key.verify(signature, digest, ec.ECDSA(Prehashed(algorithm)))
        else:
            return False
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _padding(scheme: Scheme, *, salt: int | None = None) -> padding.PSS | padding.PKCS1v15:
    """Without a salt's length, any is taken."""
    if not scheme.is_pss:
        return padding.PKCS1v15()
    return padding.PSS(padding.MGF1(_HASHES[scheme.hash_name]), padding.PSS.AUTO if salt is None else salt)
