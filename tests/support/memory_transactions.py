"""Transactions and meter values kept in memory: the TransactionStore of the tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from forecourt.domain.authorization.model import Verdict, fold
from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.transactions.metering import Reading, StoredReading, registers
from forecourt.domain.transactions.model import (
    Doubt,
    DoubtfulStop,
    KnownStart,
    StartReport,
    Stop,
    StopReport,
    Transaction,
    TransactionFilter,
)
from tests.support.memory import (
    Memory,
    in_sequence,
    is_transaction_wanted,
    newest_first,
)

Item = TypeVar("Item")


class MemoryTransactions:
    """A TransactionStore."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def count_active(self, id_token: str, *, elsewhere_than: tuple[int, Place]) -> int:
        key, evse = elsewhere_than
        here = (self._memory.identity(key), evse)
        return sum(
            one.is_active and fold(one.id_token) == fold(id_token) and (one.station, one.evse) != here
            for one in self._memory.transactions.values()
        )

    def find_start(self, station_key: int, report: StartReport) -> KnownStart | None:
        station = self._memory.identity(station_key)
        for known in self._memory.transactions.values():
            same = (known.station, known.evse, known.id_token, known.started_at, known.meter_start_wh)
            if same == (station, report.evse, report.id_token, report.started_at, report.meter_start_wh):
                return KnownStart(known.transaction_id, known.status)
        return None

    def start(
        self, station_key: int, report: StartReport, verdict: Verdict, doubts: frozenset[Doubt], at: datetime
    ) -> int:
        known = self.find_start(station_key, report)
        if known is not None:
            return known.transaction_id
        station = self._memory.identity(station_key)
        transaction_id = len(self._memory.transactions) + 1
        self._memory.transactions[transaction_id] = Transaction(
            transaction_id=transaction_id,
            station=station,
            evse=report.evse,
            id_token=report.id_token,
            parent=verdict.parent,
            status=verdict.status,
            started_at=report.started_at,
            meter_start_wh=report.meter_start_wh,
            reservation_id=report.reservation_id,
            start_received_at=at,
            stop=None,
            doubts=doubts,
        )
        return transaction_id

    def find(self, transaction_id: int, *, station_key: int | None = None) -> Transaction | None:
        found = self._memory.transactions.get(transaction_id)
        if found is not None and station_key is not None and found.station != self._memory.identity(station_key):
            return None
        return found

    def stop(self, transaction_id: int, stop: Stop, doubts: frozenset[Doubt]) -> None:
        transactions = self._memory.transactions
        transactions[transaction_id] = replace(transactions[transaction_id], stop=stop, doubts=doubts)

    def add_doubtful_stop(self, station_key: int, report: StopReport, doubts: frozenset[Doubt], at: datetime) -> bool:
        station = self._memory.identity(station_key)
        if any(known.station == station and known.report == report for known in self._memory.doubtful_stops):
            return False
        self._memory.doubtful_stops.append(DoubtfulStop(station, report, doubts, at))
        return True

    def add_readings(
        self, station_key: int, place: Place, transaction_id: int | None, readings: Sequence[Reading]
    ) -> None:
        self._memory.readings.extend(
            (station_key, StoredReading(place, transaction_id, reading, registers(reading.samples)))
            for reading in readings
        )

    def list(self, wanted: TransactionFilter, page: PageRequest) -> Page[Transaction]:
        found = {n: one for n, one in self._memory.transactions.items() if is_transaction_wanted(one, wanted)}
        return newest_first(found, page)

    def readings(self, transaction_id: int, page: PageRequest) -> Page[StoredReading]:
        owner = self._memory.transactions[transaction_id].station
        found = [
            stored
            for station_key, stored in self._memory.readings
            if stored.transaction_id == transaction_id and self._memory.identity(station_key) == owner
        ]
        found.sort(key=lambda stored: stored.reading.taken_at)
        return in_sequence(found, page)

    def doubtful_stops(self, page: PageRequest) -> Page[DoubtfulStop]:
        return newest_first(dict(enumerate(self._memory.doubtful_stops)), page)
