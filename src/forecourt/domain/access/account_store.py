"""What accounts need from storage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.access.account import Account, Credentials, Identity
from forecourt.domain.access.permissions import Role
from forecourt.domain.access.second_factor import Totp
from forecourt.domain.paging import Page, PageRequest


class AccountStore(Protocol):
    """Accounts by their names, of which two may not differ in the case of ASCII letters only."""

    def add(self, account: Account, password_hash: str | None) -> bool:
        """False when the name is taken."""
        ...

    def find(self, name: str) -> Account | None: ...

    def find_credentials(self, name: str) -> Credentials | None: ...

    def find_linked(self, identity: Identity) -> Account | None: ...

    def list(self, page: PageRequest) -> Page[Account]: ...

    def change(self, name: str, *, shown_name: str, role: Role, is_enabled: bool) -> None: ...

    def put_manner(self, name: str, *, language: str | None, zone: str | None, theme: str | None) -> None: ...

    def put_password(self, name: str, password_hash: str) -> None: ...

    def link(self, name: str, identity: Identity | None) -> bool:
        """False when the identity is linked to another account."""
        ...

    def signed_in(self, name: str, at: datetime) -> None: ...

    def remove(self, name: str) -> None:
        """With its recovery codes."""
        ...

    def hold_admins(self) -> int:
        """How many enabled administrators there are. Until the unit of work ends nobody else changes that."""
        ...

    def offer_totp(self, name: str, secret: str) -> None:
        """Keep a secret, sealed, that does not count yet."""
        ...

    def find_offered_totp(self, name: str) -> str | None:
        """Raises BadSeal."""
        ...

    def put_totp(self, name: str, totp: Totp) -> None:
        """Let it count, and forget what was offered."""
        ...

    def find_totp(self, name: str) -> Totp | None:
        """Raises BadSeal."""
        ...

    def use_step(self, name: str, step: int) -> bool:
        """Note that a code of this step was taken. False when one of it, or of a later one, was taken before."""
        ...

    def remove_totp(self, name: str) -> bool:
        """With what was offered, and the recovery codes. False when it did not count."""
        ...

    def put_recovery_codes(self, name: str, digests: Sequence[str]) -> None:
        """In the place of all others."""
        ...

    def use_recovery_code(self, name: str, digest: str) -> bool:
        """False when there is none, or it was used before."""
        ...
