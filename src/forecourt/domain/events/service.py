"""The outbox: what rooms tell the outside. It is written with what happened, in the same unit of work, and whoever
carries it reads it later; nobody waits for that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.changes import Changes
from forecourt.domain.errors import not_found
from forecourt.domain.events.kinds import Kind
from forecourt.domain.events.model import MAX_SUBJECT, Event, EventFilter, EventNumber, Value, kept
from forecourt.domain.events.store import EventStore
from forecourt.domain.paging import COMMITTED_WITHIN, Page, PageRequest, Tail
from forecourt.domain.storable import storable

PER_HOUR: Final = 60
"""How many events of a kind are told that strangers can cause as often as they like."""

_HOUR: Final = timedelta(hours=1)


class Events:
    """Everything that can happen to events. They are never changed."""

    def __init__(self, store: EventStore, clock: Clock, changes: Changes) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes

    def tell(self, kind: Kind, subject: str, data: Mapping[str, Value], *, station: str | None = None) -> None:
        """Write an event. It belongs to the unit of work: when that raises, the event goes with it. ``data`` has
        exactly the fields of its kind; anything else is a mistake, and raises ValueError."""
        if data.keys() != kind.fields:
            raise ValueError(f"{kind.value} has {sorted(kind.fields)}, and not {sorted(data)}")
        clean = {name: kept(value) for name, value in data.items()}
        self._store.add(kind, storable(subject, MAX_SUBJECT), station, clean, self._clock.now())
        self._changes.event_told()

    def tell_of_station(self, kind: Kind, identity: str, data: Mapping[str, Value]) -> None:
        """The same of a registered station."""
        self.tell(kind, identity, data, station=identity)

    def has_room(self, kind: Kind) -> bool:
        """False when so many of a kind were told within an hour that no more should be."""
        told_at = self._store.told_at(kind, PER_HOUR - 1)
        return told_at is None or told_at <= self._clock.now() - _HOUR

    # Questions

    def get(self, number: EventNumber) -> Event:
        """Raises DomainError NOT_FOUND."""
        found = self._store.find(number)
        if found is None:
            raise not_found("There is no event {}; events are forgotten after some time.", number)
        return found

    def list(self, wanted: EventFilter, page: PageRequest) -> Page[Event]:
        """The newest first."""
        return self._store.list(wanted, page)

    def after(self, number: int, limit: int) -> Tail[Event]:
        """Events with a higher number, for whoever carries them: each once, and in order. Where several write at once,
        an event is held back for a moment while one with a lower number may still be on its way."""
        return self._store.after(number, limit, committed_before=self._clock.now() - COMMITTED_WITHIN)

    def settled(self) -> int:
        """The number after which whoever follows begins, to be told what comes from now on."""
        return self._store.settled(committed_before=self._clock.now() - COMMITTED_WITHIN)
