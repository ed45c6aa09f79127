"""Facts that are found out by looking, every second: faults of connectors, and batches that have ended.

A fault is not told when it is reported, because then every report of any state would have to be compared with the one
before. What comes and goes within a second is not told.
"""

from __future__ import annotations

from typing import Final

from forecourt.clock import Clock
from forecourt.domain.errands.model import BatchNumber, ErrandState
from forecourt.domain.events.kinds import Kind
from forecourt.domain.events.model import Value, connector_number, exact
from forecourt.domain.events.service import Events
from forecourt.domain.events.store import Batches, Fault, WatchStore

AT_ONCE: Final = 200
"""How much one unit of work tells."""


class Watch:
    """Tells of what nobody told."""

    def __init__(self, store: WatchStore, clock: Clock, *, events: Events, batches: Batches) -> None:
        self._store = store
        self._clock = clock
        self._events = events
        self._batches = batches

    def is_due(self) -> bool:
        store = self._store
        return bool(store.newly_faulted(1) or store.recovered(1) or store.ended_batches(1))

    def settle(self) -> None:
        for fault in self._store.newly_faulted(AT_ONCE):
            if self._store.note_faulted(fault):
                self._tell_fault(fault)
        for fault in self._store.recovered(AT_ONCE):
            if self._store.note_recovered(fault):
                data: dict[str, Value] = {"connectorId": connector_number(fault.place), "status": fault.status}
                self._events.tell_of_station(Kind.CONNECTOR_RECOVERED, fault.station, data)
        for number in self._store.ended_batches(AT_ONCE):
            if self._store.note_batch(number, self._clock.now()):
                self._tell_batch(number)

    def _tell_fault(self, fault: Fault) -> None:
        self._events.tell_of_station(
            Kind.CONNECTOR_FAULTED,
            fault.station,
            {
                "connectorId": connector_number(fault.place),
                "errorCode": fault.error_code,
                "vendorErrorCode": fault.vendor_error_code,
                "info": fault.info,
                "reportedAt": exact(fault.at),
            },
        )

    def _tell_batch(self, number: BatchNumber) -> None:
        batch = self._batches.get_batch(number)
        answered = batch.counts.get(ErrandState.ANSWERED, 0)
        self._events.tell(
            Kind.BATCH_ENDED,
            f"batch {number}",
            {
                "batch": int(number),
                "operation": batch.operation,
                "askedBy": batch.asked_by,
                "total": batch.total,
                "answered": answered,
                "failed": max(batch.total - answered, 0),
            },
        )
