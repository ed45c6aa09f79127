"""Uploads of diagnostics as the stations report them (OCPP 1.6 §4.4)."""

from __future__ import annotations

from forecourt.clock import Clock
from forecourt.domain.diagnostics.store import DiagnosticsStore
from forecourt.domain.provisioning.model import Station


class Diagnostics:
    """Everything that can happen to an upload of diagnostics."""

    def __init__(self, store: DiagnosticsStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def report(self, station: Station, status: str) -> None:
        """Record any status in any order: a station reports what it does, it does not ask."""
        self._store.record_status(station.key, status, self._clock.now())
