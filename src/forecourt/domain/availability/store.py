"""What availability needs from storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from forecourt.domain.availability.model import ConnectorFilter, ConnectorState, EvseStatus
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

    def connectors(self, wanted: ConnectorFilter, page: PageRequest) -> Page[ConnectorState]:
        """The present state of every place of all registered stations, by identity and number."""
        ...

    def counts(self) -> Mapping[str, int]:
        """How many connectors of registered stations are in each status, the whole station not counted."""
        ...

    def error_codes(self) -> Sequence[str]:
        """Every error code that is reported now, in order."""
        ...
