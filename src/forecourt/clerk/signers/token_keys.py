"""Private keys in a token, as the certificate library signs with them: the key never leaves the token."""

from __future__ import annotations

from typing import Final, Never, Protocol, Self

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric import utils as asymmetric

_RSA_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


Buffer = bytes | bytearray | memoryview


class SignsInToken(Protocol):
    """What a key asks of its token. Both raise TokenTrouble."""

    def sign_rsa(self, data: bytes, algorithm: hashes.HashAlgorithm, *, uses_pss: bool) -> bytes: ...

    def sign_ec(self, digest: bytes) -> bytes:
        """The two numbers of the signature, one after the other."""
        ...


class _SignsOnly:
    """What no key in a token does. Copies are itself: there is one key, and it is elsewhere."""

    def private_numbers(self) -> Never:
        raise _only_signs()

    def private_bytes(
        self,
        encoding: serialization.Encoding,
        format: serialization.PrivateFormat,  # noqa: A002  # the library's own name for it
        encryption_algorithm: serialization.KeySerializationEncryption,
    ) -> Never:
        raise _only_signs()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self


class TokenRsaKey(_SignsOnly, rsa.RSAPrivateKey):
    """An RSA key in a token; it can sign and nothing else."""

    def __init__(self, public_key: rsa.RSAPublicKey, token: SignsInToken) -> None:
        self._public_key = public_key
        self._token = token

    @property
    def key_size(self) -> int:
        return self._public_key.key_size

    def public_key(self) -> rsa.RSAPublicKey:
        return self._public_key

    def sign(
        self,
        data: Buffer,
        padding: padding.AsymmetricPadding,
        algorithm: asymmetric.Prehashed | hashes.HashAlgorithm | asymmetric.NoDigestInfo,
    ) -> bytes:
        if not isinstance(algorithm, _RSA_HASHES):
            raise TypeError("A key in a token signs what it is given whole, with SHA256, SHA384 or SHA512.")
        return self._token.sign_rsa(bytes(data), algorithm, uses_pss=_is_pss(padding, algorithm))

    def decrypt(self, ciphertext: bytes, padding: padding.AsymmetricPadding) -> Never:
        raise _only_signs()

    def __repr__(self) -> str:
        return f"<TokenRsaKey {self.key_size}>"


class TokenEcKey(_SignsOnly, ec.EllipticCurvePrivateKey):
    """A key on a curve in a token; it can sign and nothing else."""

    def __init__(self, public_key: ec.EllipticCurvePublicKey, token: SignsInToken) -> None:
        self._public_key = public_key
        self._token = token

    @property
    def key_size(self) -> int:
        return self._public_key.key_size

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._public_key.curve

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public_key

    def sign(self, data: Buffer, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        algorithm = signature_algorithm.algorithm
        if not isinstance(signature_algorithm, ec.ECDSA) or isinstance(algorithm, asymmetric.Prehashed):
            raise TypeError("A key in a token signs what it is given whole, with ECDSA.")
        hashing = hashes.Hash(algorithm)
        hashing.update(bytes(data))
        numbers = self._token.sign_ec(hashing.finalize())
        half = len(numbers) // 2
        first, second = int.from_bytes(numbers[:half], "big"), int.from_bytes(numbers[half:], "big")
        return asymmetric.encode_dss_signature(first, second)

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> Never:
        raise _only_signs()

    def __repr__(self) -> str:
        return f"<TokenEcKey {self.curve.name}>"


TokenKey = TokenRsaKey | TokenEcKey


def _is_pss(scheme: padding.AsymmetricPadding, algorithm: hashes.HashAlgorithm) -> bool:
    """Only salts as long as the hash are signed, which is what is used here (`forecourt.pki.issuing`)."""
    if isinstance(scheme, padding.PKCS1v15):
        return False
    if isinstance(scheme, padding.PSS) and scheme._salt_length in (  # noqa: SLF001  # it has no public name
        padding.PSS.DIGEST_LENGTH,
        algorithm.digest_size,
    ):
        return True
    raise TypeError("A key in a token signs with PKCS#1 v1.5, or with PSS and a salt as long as the hash.")


def _only_signs() -> TypeError:
    return TypeError("A key in a token signs, and never leaves it.")
