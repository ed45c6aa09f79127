"""What remote requests need from storage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.remote_control.model import RemoteRequest, RemoteRequestFilter


class RemoteRequestStore(Protocol):
    """Requests of all stations."""

    def add(self, station_key: int, request: RemoteRequest) -> None: ...

    def open(self, station_key: int) -> Sequence[RemoteRequest]:
        """The open requests of a station, oldest first. Part of every start and stop, so it is one quick look-up."""
        ...

    def change(self, request: RemoteRequest) -> None:
        """Keep what became of a request that may be answered; one whose end is known stays as it is."""
        ...

    def find(self, errand: ErrandNumber) -> RemoteRequest | None: ...

    def overdue(self, at: datetime) -> Sequence[RemoteRequest]:
        """Open requests that are to be given up."""
        ...

    def is_overdue(self, at: datetime) -> bool: ...

    def list(self, wanted: RemoteRequestFilter, page: PageRequest) -> Page[RemoteRequest]:
        """Newest first."""
        ...
