"""Who may use the doors for people and programs."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import invalid

TOKEN_PREFIX: Final = "fct_"
"""Makes a leaked token easy to find."""

MAX_NAME_CHARACTERS: Final = 100


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token for programs, without its secret."""

    name: str
    created_at: datetime
    expires_at: datetime | None
    scopes: frozenset[Permission]
    """What it may do."""


class PasswordHasher(Protocol):
    """Slow, salted hashes for what people type."""

    def hash(self, password: str) -> str: ...

    def is_match(self, hashed: str, password: str) -> bool: ...


def new_secret() -> str:
    """A token with 256 bits of entropy."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of a token. It has 256 random bits, so that a fast hash without salt is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def check_name(name: str) -> str:
    """The name, if a token may have it; raises DomainError."""
    if not 0 < len(name) <= MAX_NAME_CHARACTERS or not name.isprintable() or name != name.strip() or "/" in name:
        raise invalid("A name has 1 to {} printable characters, without '/'.", MAX_NAME_CHARACTERS, field="name")
    return name
