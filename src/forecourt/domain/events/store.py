"""What events need from storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from forecourt.domain.errands.model import Batch, BatchNumber
from forecourt.domain.events.kinds import Kind
from forecourt.domain.events.model import Event, EventFilter, EventNumber, Value
from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest, Tail


class EventStore(Protocol):
    """The events, in the order in which they were written."""

    def add(self, kind: Kind, subject: str, station: str | None, data: Mapping[str, Value], at: datetime) -> None:
        """Write an event before the commit. It cannot be read back in the same unit of work."""
        ...

    def told_at(self, kind: Kind, place: int) -> datetime | None:
        """When the event of a kind was written that is at this place, counted from the newest, which is 0."""
        ...

    def find(self, number: EventNumber) -> Event | None: ...

    def list(self, wanted: EventFilter, page: PageRequest) -> Page[Event]:
        """The newest first."""
        ...

    def after(self, number: int, limit: int, *, committed_before: datetime) -> Tail[Event]:
        """Events with a higher number, none of which can be overtaken by a lower one any more."""
        ...

    def settled(self, *, committed_before: datetime) -> int:
        """The number up to which nothing new can appear; 0 when there is no event."""
        ...

    def waiting(self, number: int) -> tuple[int, datetime | None]:
        """How many events have a higher number, counted to a limit, and when the first of these was written."""
        ...

    def prune(self, written_before: datetime, passed: int | None) -> None:
        """Forget events that are older and that nobody is still to be sent; with ``passed``, only up to that
        number."""
        ...


@dataclass(frozen=True, slots=True)
class Fault:
    """A connector whose state changed between faulted and not, since it was looked at last."""

    station_key: int
    station: str
    place: Place
    status: str
    error_code: str
    vendor_error_code: str | None
    info: str | None
    at: datetime


class WatchStore(Protocol):
    """What is found out by looking and not when it is reported, so that no report costs more."""

    def newly_faulted(self, limit: int) -> Sequence[Fault]:
        """Those that are faulted now, and were not when it was looked last."""
        ...

    def recovered(self, limit: int) -> Sequence[Fault]:
        """Those that were, and are not any more."""
        ...

    def note_faulted(self, fault: Fault) -> bool:
        """False when somebody else has noted it meanwhile."""
        ...

    def note_recovered(self, fault: Fault) -> bool:
        """False as above."""
        ...

    def ended_batches(self, limit: int) -> Sequence[BatchNumber]:
        """Batches whose errands have all ended, and which were not told of yet."""
        ...

    def note_batch(self, number: BatchNumber, at: datetime) -> bool:
        """False as above."""
        ...


class Batches(Protocol):
    """Where batches are looked up."""

    def get_batch(self, number: BatchNumber) -> Batch: ...
