"""Passwords before a station has them. A slow hash takes a core for a while, so that it is made before a unit of work
begins: whoever sets a password must bring a prepared one."""

from __future__ import annotations

from dataclasses import dataclass, field

from forecourt.domain.access.model import PasswordHasher
from forecourt.domain.admission.keys import MOST_BYTES_BY_HAND, GeneratedKey, as_text, hash_generated, new_key
from forecourt.domain.errors import invalid


@dataclass(frozen=True, slots=True)
class PreparedPassword:
    """A password that nobody has yet, with its hash."""

    secret: bytes = field(repr=False)
    hashed: str = field(repr=False)
    key: GeneratedKey | None
    """What was made here; None for a password that was given."""


class Preparer:
    """Makes passwords, and hashes those that are given. It belongs to no unit of work, and any thread may use it."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher

    def prepare(self, secret: bytes | None) -> PreparedPassword:
        """A password of these bytes, hashed slowly, or one that is made here and hashed fast. Raises DomainError
        INVALID."""
        if secret is None:
            key = new_key()
            return PreparedPassword(key.secret, hash_generated(key), key)
        if not 0 < len(secret) <= MOST_BYTES_BY_HAND:
            raise invalid("A password has 1 to {} bytes; this one has {}.", MOST_BYTES_BY_HAND, len(secret))
        return PreparedPassword(secret, self._hasher.hash(as_text(secret)), None)
