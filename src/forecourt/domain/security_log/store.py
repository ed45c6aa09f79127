"""What the security log needs from storage."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from forecourt.domain.paging import Page, PageRequest, Tail
from forecourt.domain.security_log.model import Kind, Note, NoteFilter, StoredNote


class SecurityLogStore(Protocol):
    """The entries of the log."""

    def add(self, note: Note, at: datetime) -> None:
        """Write an entry before the commit. It cannot be read back in the same unit of work."""
        ...

    def list(self, wanted: NoteFilter, page: PageRequest) -> Page[StoredNote]:
        """The newest first."""
        ...

    def after(self, number: int, wanted: NoteFilter, limit: int, *, committed_before: datetime) -> Tail[StoredNote]:
        """Entries with a higher number, none of which can be overtaken by a lower one any more."""
        ...

    def settled(self, *, committed_before: datetime) -> int:
        """The number up to which nothing new can appear; 0 when there is no entry."""
        ...

    def prune(self, kinds: Collection[Kind], keep: int) -> None:
        """Forget the oldest entries of each of these kinds, so that not more than ``keep`` of it remain."""
        ...
