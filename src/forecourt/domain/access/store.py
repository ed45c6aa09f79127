"""What access needs from storage."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from forecourt.domain.access.model import ApiToken
from forecourt.domain.paging import Page, PageRequest


class AccessStore(Protocol):
    """API tokens and accounts."""

    def add_token(self, token: ApiToken, digest: str) -> bool:
        """False when the name is taken."""
        ...

    def find_token(self, digest: str) -> ApiToken | None: ...

    def remove_token(self, name: str) -> bool: ...

    def tokens(self, page: PageRequest) -> Page[ApiToken]: ...

    def has_admin(self) -> bool:
        """Whether there is an administrator who is enabled."""
        ...

    def find_password(self, account: str) -> str | None:
        """The hash of an account's password, or None when there is no such account, or it has none."""
        ...

    def put_admin(self, account: str, hashed: str, at: datetime) -> None:
        """Make an administrator, or give an account that exists this password."""
        ...
