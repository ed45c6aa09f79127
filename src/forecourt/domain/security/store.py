"""What security needs from storage."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.security.model import SecurityEvent, SecurityEventFilter, StoredEvent


class SecurityStore(Protocol):
    """Security events of all stations, and which stations speak the security extension."""

    def record(self, station_key: int, event: SecurityEvent, *, is_critical: bool | None, at: datetime) -> None:
        """Keep an event. One that is told again, because its answer was lost, is kept once."""
        ...

    def list(self, wanted: SecurityEventFilter, page: PageRequest) -> Page[StoredEvent]:
        """The one that arrived last first."""
        ...

    def note_extension(self, station_key: int, at: datetime) -> None: ...

    def has_extension(self, station_key: int) -> bool: ...
