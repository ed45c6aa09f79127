"""API tokens for programs, and the administrator's account."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.access.model import ApiToken, PasswordHasher, check_name, digest, new_secret
from forecourt.domain.access.store import AccessStore
from forecourt.domain.errors import conflict, invalid, not_found
from forecourt.domain.paging import Page, PageRequest

ADMIN: Final = "admin"

MIN_PASSWORD_CHARACTERS: Final = 8


class Access:
    """Everything that can happen to tokens and accounts."""

    def __init__(self, store: AccessStore, clock: Clock, hasher: PasswordHasher) -> None:
        self._store = store
        self._clock = clock
        self._hasher = hasher

    def create_token(self, name: str, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
        """A new token and its secret, which is not stored and cannot be shown again."""
        now = self._clock.now()
        if expires_at is not None and expires_at <= now:
            raise invalid("The token would have expired already.", field="expiresAt")
        token = ApiToken(check_name(name), now, expires_at)
        secret = new_secret()
        if not self._store.add_token(token, digest(secret)):
            raise conflict(f"A token named {name!r} exists; revoke it first or choose another name.", field="name")
        return token, secret

    def revoke_token(self, name: str) -> None:
        if not self._store.remove_token(name):
            raise not_found(f"There is no token named {name!r}.")

    def find_token(self, secret: str) -> ApiToken | None:
        """The token with this secret, unless it has expired. Looked up by digest, so that the time that it
        takes tells nothing about any secret."""
        token = self._store.find_token(digest(secret))
        if token is None or (token.expires_at is not None and token.expires_at <= self._clock.now()):
            return None
        return token

    def list_tokens(self, page: PageRequest) -> Page[ApiToken]:
        return self._store.tokens(page)

    def has_admin(self) -> bool:
        return self._store.find_password(ADMIN) is not None

    def set_admin_password(self, password: str) -> None:
        if len(password) < MIN_PASSWORD_CHARACTERS:
            sentence = f"The password needs at least {MIN_PASSWORD_CHARACTERS} characters."
            raise invalid(sentence, field="password")
        self._store.put_password(ADMIN, self._hasher.hash(password))

    def password_hash(self, account: str) -> str | None:
        """For a door that checks passwords outside the unit of work, because that is slow on purpose."""
        return self._store.find_password(account)
