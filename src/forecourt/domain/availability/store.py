"""What availability needs from storage."""

from __future__ import annotations

from typing import Protocol

from forecourt.domain.availability.model import EvseStatus
from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest


class AvailabilityStore(Protocol):
    """Reports of state: the history, and per place the newest."""

    def record(self, station_key: int, status: EvseStatus) -> None:
        """Add to the history; becomes the present state unless a newer one is known."""
        ...

    def present(self, station_key: int) -> tuple[EvseStatus, ...]: ...

    def history(self, station_key: int, place: Place | None, page: PageRequest) -> Page[EvseStatus]:
        """Newest first."""
        ...
