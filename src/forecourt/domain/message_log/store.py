"""What the message log needs from storage."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from forecourt.domain.message_log.model import Exchange, LoggedMessage, MessageFilter
from forecourt.domain.paging import Page, PageRequest


class MessageStore(Protocol):
    """Exchanges, in the order in which they were written down."""

    def add(self, station_key: int, exchange: Exchange, at: datetime, answered_at: datetime | None) -> None: ...

    def list(self, wanted: MessageFilter, page: PageRequest) -> Page[LoggedMessage]: ...

    def has_surplus(self, most: int, before: datetime) -> bool:
        """Whether there are more than so many, or some that are older. Asked every second, so it is cheap."""
        ...

    def remove_surplus(self, most: int, before: datetime, limit: int) -> None:
        """Remove some of those, the oldest first, at most about ``limit``."""
        ...
