"""The keys of the own authority, wherever they are: in memory while they are used, or in a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from forecourt.clerk.signers.pkcs11 import Token, TokenTrouble, key_id_of
from forecourt.domain.authorities.model import InToken, KeyFamily, OwnKey
from forecourt.pki.drafts import PublicKey
from forecourt.pki.issuing import SigningKey
from forecourt.pki.keys import KeyKind, PrivateKey, new_private_key

CA_KINDS: Final[dict[KeyFamily, KeyKind]] = {KeyFamily.RSA: "RSA 3072", KeyFamily.ECDSA: "EC secp256r1"}
"""128 bits of security, on a curve that every station knows."""
RESPONDER_KINDS: Final[dict[KeyFamily, KeyKind]] = {KeyFamily.RSA: "RSA 2048", KeyFamily.ECDSA: "EC secp256r1"}
"""They sign often, and for a month at most."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made."""

    key_id: str
    signing: SigningKey = field(repr=False)
    private: PrivateKey | None = field(repr=False)
    """None for one in the token."""

    @property
    def public(self) -> PublicKey:
        return self.signing.public_key()


class OwnKeys:
    """Makes keys and hands them out to sign with. Called in threads; all that is about a token raises TokenTrouble."""

    def __init__(self, token: Token | None = None) -> None:
        self._token = token

    def signing(self, key: OwnKey) -> SigningKey:
        return self.token.key(key.key_id) if isinstance(key, InToken) else key.for_signing

    def new_ca_key(self, family: KeyFamily, *, in_token: bool) -> NewKey:
        if in_token:
            key_id, signing = self.token.make(family)
            return NewKey(key_id, signing, None)
        return _new(CA_KINDS[family])

    def new_responder_key(self, family: KeyFamily) -> NewKey:
        return _new(RESPONDER_KINDS[family])

    def destroy(self, key: NewKey) -> None:
        """One that nobody will ever need."""
        if key.private is None:
            self.token.destroy(key.key_id)

    @property
    def token(self) -> Token:
        if self._token is None:
            raise TokenTrouble("CA keys are to be in a PKCS#11 token, and the settings [pkcs11] name none.")
        return self._token


def _new(kind: KeyKind) -> NewKey:
    private = new_private_key(kind)
    return NewKey(key_id_of(private.for_signing.public_key()), private.for_signing, private)
