"""What security needs from storage."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from forecourt.domain.paging import Page, PageRequest, Tail
from forecourt.domain.security.model import SecurityEvent, SecurityEventFilter, StoredEvent


class SecurityStore(Protocol):
    """Security events of all stations, and which stations speak the security extension."""

    def record(self, station_key: int, event: SecurityEvent, *, is_critical: bool | None, at: datetime) -> None:
        """Keep an event. One that is told again, because its answer was lost, is kept once."""
        ...

    def list(self, wanted: SecurityEventFilter, page: PageRequest) -> Page[StoredEvent]:
        """The one that arrived last first."""
        ...

    def after(
        self, number: int, wanted: SecurityEventFilter, limit: int, *, committed_before: datetime
    ) -> Tail[StoredEvent]:
        """Events with a higher number, none of which can be overtaken by a lower one any more."""
        ...

    def settled(self, *, committed_before: datetime) -> int:
        """The number up to which nothing new can appear; 0 when there is no event."""
        ...

    def note_extension(self, station_key: int, at: datetime) -> None: ...

    def has_extension(self, station_key: int) -> bool: ...
