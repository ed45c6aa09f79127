"""Firmware updates as the stations report them (OCPP 1.6 §4.5)."""

from __future__ import annotations

from forecourt.clock import Clock
from forecourt.domain.firmware.store import FirmwareStore
from forecourt.domain.provisioning.model import Station


class Firmware:
    """Everything that can happen to a firmware update."""

    def __init__(self, store: FirmwareStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def report(self, station: Station, status: str) -> None:
        """Record any status in any order: a station reports what it does, it does not ask."""
        self._store.record_status(station.key, status, self._clock.now())
