"""API tokens for programs, and the administrator's account."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.access.model import ApiToken, PasswordHasher, check_name, digest, new_secret
from forecourt.domain.access.permissions import PERMISSIONS, Permission, Role
from forecourt.domain.access.sessions import Sessions
from forecourt.domain.access.store import AccessStore
from forecourt.domain.errors import conflict, invalid, not_found
from forecourt.domain.paging import Page, PageRequest

ADMIN: Final = "admin"

MIN_PASSWORD_CHARACTERS: Final = 8
"""Of the administrator's password in the settings, which older versions took; pages ask for more."""

USUAL_SCOPES: Final = PERMISSIONS[Role.OPERATOR]
"""What a token may do for which nothing else was said."""


class Access:
    """Everything that can happen to tokens and accounts."""

    def __init__(self, store: AccessStore, clock: Clock, hasher: PasswordHasher, sessions: Sessions) -> None:
        self._store = store
        self._clock = clock
        self._hasher = hasher
        self._sessions = sessions

    def create_token(
        self, name: str, expires_at: datetime | None = None, *, scopes: frozenset[Permission] = USUAL_SCOPES
    ) -> tuple[ApiToken, str]:
        """A new token and its secret, which is not stored and cannot be shown again."""
        if not scopes:
            raise invalid("A token needs at least one scope; without any it could do nothing.", field="scopes")
        now = self._clock.now()
        if expires_at is not None and expires_at <= now:
            raise invalid("The token would have expired already.", field="expiresAt")
        token = ApiToken(check_name(name), now, expires_at, scopes)
        secret = new_secret()
        if not self._store.add_token(token, digest(secret)):
            raise conflict("A token named {!r} exists; revoke it first or choose another name.", name, field="name")
        return token, secret

    def revoke_token(self, name: str) -> None:
        if not self._store.remove_token(name):
            raise not_found("There is no token named {!r}.", name)

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
        """Whether anybody who may come in may do everything."""
        return self._store.has_admin()

    def set_admin_password(self, password: str) -> None:
        """Of the account ``admin``, which is made when there is none; its sessions end."""
        if len(password) < MIN_PASSWORD_CHARACTERS:
            raise invalid("The password needs at least {} characters.", MIN_PASSWORD_CHARACTERS, field="password")
        self._store.put_admin(ADMIN, self._hasher.hash(password), self._clock.now())
        self._sessions.close_all(ADMIN)

    def password_hash(self, account: str) -> str | None:
        """For whoever compares passwords outside the unit of work, because that is slow on purpose."""
        return self._store.find_password(account)
