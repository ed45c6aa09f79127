"""A PKCS#11 token, such as a hardware security module, in which CA keys are made and used.

One session for the process, one call at a time: tokens differ in what they take at once, and signing certificates is
not what is slow. A token that hangs holds up those who want it for `PATIENCE_SECONDS` each, and nobody else.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import pkcs11
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from pkcs11.constants import Attribute, ObjectClass
from pkcs11.exceptions import NoSuchKey, PinIncorrect, PinLocked, PKCS11Error
from pkcs11.mechanisms import MGF, KeyType, Mechanism
from pkcs11.types import PublicKey, Session, SignMixin
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

from forecourt.clerk.signers.token_keys import TokenEcKey, TokenKey, TokenRsaKey
from forecourt.domain.authorities.model import KeyFamily

PATIENCE_SECONDS: Final = 30.0
RSA_BITS: Final = 3_072
CURVE: Final = "secp256r1"
LABEL: Final = "Forecourt"

_PKCS1: Final = {
    "sha256": Mechanism.SHA256_RSA_PKCS,
    "sha384": Mechanism.SHA384_RSA_PKCS,
    "sha512": Mechanism.SHA512_RSA_PKCS,
}
_PSS: Final = {
    "sha256": (Mechanism.SHA256_RSA_PKCS_PSS, Mechanism.SHA256, MGF.SHA256),
    "sha384": (Mechanism.SHA384_RSA_PKCS_PSS, Mechanism.SHA384, MGF.SHA384),
    "sha512": (Mechanism.SHA512_RSA_PKCS_PSS, Mechanism.SHA512, MGF.SHA512),
}
_PRIVATE: Final = {
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.SIGN: True,
    Attribute.PRIVATE: True,
}

Result = TypeVar("Result")


class TokenTrouble(Exception):
    """The token cannot be used now, or does not have a key; ``str()`` is a sentence for people."""


class KeyLost(TokenTrouble):
    """The token works, and has no such key."""


class Token:
    """The token of the settings. Its methods wait for the device, so that they are called in threads."""

    def __init__(self, *, module: str, label: str, pin: str) -> None:
        self._module = module
        self._label = label
        self._pin = pin
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._handles: dict[str, SignMixin] = {}
        """Of the session."""
        self._is_pin_wrong = False

    def __repr__(self) -> str:
        return f"<Token {self._label!r}>"

    def check(self) -> None:
        """That it is there and takes the PIN. Raises TokenTrouble."""
        self._use(lambda session: session.generate_random(64))

    def make(self, family: KeyFamily) -> tuple[str, TokenKey]:
        """A new key that never leaves the token, and what it is found by again. Raises TokenTrouble."""
        key_id, public_key = self._use(lambda session: _make(session, family))
        return key_id, self._key(key_id, public_key)

    def key(self, key_id: str) -> TokenKey:
        """Raises TokenTrouble."""
        return self._key(key_id, self._use(lambda session: _public_key(session, key_id)))

    def destroy(self, key_id: str) -> None:
        """For ever. Raises TokenTrouble."""

        def work(session: Session) -> None:
            self._handles.pop(key_id, None)
            for found in list(session.get_objects({Attribute.ID: bytes.fromhex(key_id)})):
                found.destroy()

        self._use(work)

    def _key(self, key_id: str, public_key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> TokenKey:
        signing = _Signing(self, key_id)
        if isinstance(public_key, rsa.RSAPublicKey):
            return TokenRsaKey(public_key, signing)
        return TokenEcKey(public_key, signing)

    def sign(self, key_id: str, data: bytes, mechanism: Mechanism, parameters: object = None) -> bytes:
        """Raises TokenTrouble."""

        def work(session: Session) -> bytes:
            handle = self._handles.get(key_id)
            if handle is None:
                found: Any = session.get_key(object_class=ObjectClass.PRIVATE_KEY, id=bytes.fromhex(key_id))
                handle = self._handles[key_id] = found  # Any: its class is made for what the key can do
            signature: bytes = handle.sign(data, mechanism=mechanism, mechanism_param=parameters)
            return signature

        return self._use(work)

    def _use(self, work: Callable[[Session], Result]) -> Result:
        """Do it in the session; in a new one when that one does not work any more."""
        if not self._lock.acquire(timeout=PATIENCE_SECONDS):
            raise TokenTrouble(f"The PKCS#11 token {self._label!r} does not answer.")
        try:
            if self._session is not None:
                try:
                    return work(self._session)
                except PKCS11Error:
                    self._forget_session()
            with self._told():
                return work(self._opened())
        finally:
            self._lock.release()

    def _opened(self) -> Session:
        if self._is_pin_wrong:
            raise TokenTrouble(
                f"The PKCS#11 token {self._label!r} refused the PIN of the settings (pkcs11.pin). It is not tried "
                "again, so that the token does not lock itself: set the right one, and start again."
            )
        library = pkcs11.lib(self._module)
        try:
            token = library.get_token(token_label=self._label)
            self._session = token.open(rw=True, user_pin=self._pin)
        except PKCS11Error as error:
            if isinstance(error, PinIncorrect | PinLocked):
                self._is_pin_wrong = True
                raise
            # Libraries look for their tokens when they begin; one that came back is seen after a new beginning.
            library.reinitialize()
            self._session = library.get_token(token_label=self._label).open(rw=True, user_pin=self._pin)
        return self._session

    def _forget_session(self) -> None:
        session, self._session = self._session, None
        self._handles.clear()
        if session is not None:
            with contextlib.suppress(PKCS11Error):
                session.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (PKCS11Error, RuntimeError, OSError) as error:
            self._forget_session()
            is_lost = isinstance(error, NoSuchKey)
            why = "it has no such key" if is_lost else str(error) or type(error).__name__
            sentence = f"The PKCS#11 token {self._label!r} cannot be used: {why[:200].rstrip('.')}."
            kind = KeyLost if is_lost else TokenTrouble
            raise kind(f"{sentence} Look at the device and at the settings [pkcs11].") from None


class _Signing:
    """One key of a token."""

    def __init__(self, token: Token, key_id: str) -> None:
        self._token = token
        self._key_id = key_id

    def sign_rsa(self, data: bytes, algorithm: hashes.HashAlgorithm, *, uses_pss: bool) -> bytes:
        if not uses_pss:
            return self._token.sign(self._key_id, data, _PKCS1[algorithm.name])
        mechanism, hashing, mask = _PSS[algorithm.name]
        return self._token.sign(self._key_id, data, mechanism, (hashing, mask, algorithm.digest_size))

    def sign_ec(self, digest: bytes) -> bytes:
        return self._token.sign(self._key_id, digest, Mechanism.ECDSA)


def _make(session: Session, family: KeyFamily) -> tuple[str, rsa.RSAPublicKey | ec.EllipticCurvePublicKey]:
    if family is KeyFamily.RSA:
        made = session.generate_keypair(KeyType.RSA, RSA_BITS, store=True, label=LABEL, private_template=_PRIVATE)
    else:
        curve = {Attribute.EC_PARAMS: encode_named_curve_parameters(CURVE)}
        parameters = session.create_domain_parameters(KeyType.EC, curve, local=True)
        made = parameters.generate_keypair(store=True, label=LABEL, private_template=_PRIVATE)
    public, private = made
    try:
        found = _read(public)
        key_id = key_id_of(found)
        for half in (private, public):
            half[Attribute.ID] = bytes.fromhex(key_id)
            half[Attribute.LABEL] = f"{LABEL} {key_id[:16]}"
    except Exception:
        for half in (private, public):
            with contextlib.suppress(PKCS11Error):
                half.destroy()
        raise
    return key_id, found


def _public_key(session: Session, key_id: str) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
    found = session.get_key(object_class=ObjectClass.PUBLIC_KEY, id=bytes.fromhex(key_id))
    assert isinstance(found, PublicKey)  # noqa: S101  # the class that was asked for
    return _read(found)


def _read(public: PublicKey) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
    if public.key_type is KeyType.RSA:
        modulus, exponent = public[Attribute.MODULUS], public[Attribute.PUBLIC_EXPONENT]
        numbers = rsa.RSAPublicNumbers(int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big"))
        return numbers.public_key()
    read = load_der_public_key(encode_ec_public_key(public))
    assert isinstance(read, ec.EllipticCurvePublicKey)  # noqa: S101  # as it was encoded
    return read


def key_id_of(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    """SHA-256 of the public key in DER, in hexadecimal."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
