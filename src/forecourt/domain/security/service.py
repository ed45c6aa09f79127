"""Security events, and which stations speak the security extension (security whitepaper A04, L01.FR.20)."""

from __future__ import annotations

from forecourt.clock import Clock
from forecourt.domain.changes import Changes
from forecourt.domain.events.kinds import Kind as Told
from forecourt.domain.events.model import exact
from forecourt.domain.events.service import Events
from forecourt.domain.paging import COMMITTED_WITHIN, Page, PageRequest, Tail
from forecourt.domain.provisioning.model import Station
from forecourt.domain.security.model import SecurityEvent, SecurityEventFilter, StoredEvent, is_critical
from forecourt.domain.security.store import SecurityStore


class Security:
    """Everything that can happen to security events."""

    def __init__(self, store: SecurityStore, clock: Clock, changes: Changes, *, events: Events) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes
        self._events = events

    def report(self, station: Station, event: SecurityEvent) -> None:
        """Keep any event of any type and any time (A04.FR.03)."""
        self.note_spoken(station)
        critical = is_critical(event.type)
        self._store.record(station.key, event, is_critical=critical, at=self._clock.now())
        self._changes.security_noted()
        if critical:
            data = {"type": event.type, "occurredAt": exact(event.occurred_at), "techInfo": event.tech_info}
            self._events.tell_of_station(Told.SECURITY_EVENT, station.identity, data)

    def note_spoken(self, station: Station) -> None:
        """The station has sent or answered something of the security extension."""
        self._store.note_extension(station.key, self._clock.now())

    def is_spoken_by(self, station: Station) -> bool:
        """True when the station is known to speak the security extension: it did so, or it has a security profile
        among its settings."""
        return self._store.has_extension(station.key)

    def list(self, wanted: SecurityEventFilter, page: PageRequest) -> Page[StoredEvent]:
        return self._store.list(wanted, page)

    def after(self, number: int, wanted: SecurityEventFilter, limit: int) -> Tail[StoredEvent]:
        """Events with a higher number, for whoever follows: each once, and in the order in which they arrived."""
        return self._store.after(number, wanted, limit, committed_before=self._clock.now() - COMMITTED_WITHIN)

    def settled(self) -> int:
        """The number after which whoever follows begins, to be told what comes from now on."""
        return self._store.settled(committed_before=self._clock.now() - COMMITTED_WITHIN)
