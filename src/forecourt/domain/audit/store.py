"""What the record of deeds needs from storage."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from forecourt.domain.audit.model import AuditEntry, AuditFilter, Deed
from forecourt.domain.paging import Page, PageRequest


class AuditStore(Protocol):
    """Entries, which are never changed."""

    def add(self, deed: Deed, at: datetime) -> None: ...

    def list(self, wanted: AuditFilter, page: PageRequest) -> Page[AuditEntry]:
        """The newest first."""
        ...

    def prune(self, before: datetime) -> None:
        """Forget those that were written before."""
        ...

    def prune_all_but(self, actions: Collection[str], keep: int) -> None:
        """Of each of these actions, forget all but the newest."""
        ...
