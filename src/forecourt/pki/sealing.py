"""Sealing of what must be kept and must not be readable in the store."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from forecourt.pki.errors import BadKey, BadSeal


class Vault:
    """Seals with the first key, and opens with any: so a key is changed by putting a new one in front of it.

    Keys are the 44 characters of :meth:`new_key`, as bytes. Raises BadKey when there is none, or one is malformed.
    """

    __slots__ = ("_fernet",)

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise BadKey("There is no secret key to seal with.")
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise BadKey("A secret key must be 32 bytes in URL-safe base64.") from None

    def __repr__(self) -> str:
        return "Vault()"

    @staticmethod
    def new_key() -> bytes:
        """A random key, in URL-safe base64."""
        return Fernet.generate_key()

    def seal(self, content: bytes) -> str:
        return self._fernet.encrypt(content).decode("ascii")

    def open(self, sealed: str) -> bytes:
        """What was sealed. Raises BadSeal."""
        try:
            return self._fernet.decrypt(sealed)
        except (InvalidToken, ValueError):
            raise BadSeal("What was sealed cannot be opened: it was sealed with another key, or altered.") from None


def read_keys(text: str) -> list[bytes]:
    """Secret keys from a setting, separated by commas, the one that seals first. Raises BadKey."""
    keys = [part.strip() for part in text.split(",")]
    for number, key in enumerate(keys, 1):
        if not _is_key(key):
            which = "The secret key" if len(keys) == 1 else f"Secret key {number} of {len(keys)}"
            raise BadKey(f"{which} must be 32 bytes in URL-safe base64, which are 44 characters.")
    return [key.encode("ascii") for key in keys]


def _is_key(text: str) -> bool:
    try:
        key = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return False
    return len(key) == 32
