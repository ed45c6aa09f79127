"""The state of every EVSE, as the stations report it (OCPP 1.6 §4.9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from forecourt.clock import Clock
from forecourt.domain.availability.model import ConnectorFilter, ConnectorState, EvseStatus, StatusReport
from forecourt.domain.availability.store import AvailabilityStore
from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station


class Availability:
    """Everything that can happen to the state of an EVSE."""

    def __init__(self, store: AvailabilityStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def report(self, station: Station, report: StatusReport) -> None:
        """Record any state that is reported; the table of transitions is for diagnosis and refuses nothing."""
        now = self._clock.now()
        at = now if report.reported_at is None else min(report.reported_at, now)
        self._store.record(station.key, EvseStatus(report, at))

    def present(self, station: Station) -> tuple[EvseStatus, ...]:
        return self._store.present(station.key)

    def history(self, station: Station, place: Place | None, page: PageRequest) -> Page[EvseStatus]:
        return self._store.history(station.key, place, page)

    def connectors(self, wanted: ConnectorFilter, page: PageRequest) -> Page[ConnectorState]:
        return self._store.connectors(wanted, page)

    def counts(self) -> Mapping[str, int]:
        """How many connectors are in each status."""
        return self._store.counts()

    def error_codes(self) -> Sequence[str]:
        """Every error code that is reported now."""
        return self._store.error_codes()
