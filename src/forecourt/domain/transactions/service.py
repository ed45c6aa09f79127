"""Transactions from start to stop, and what is measured meanwhile (OCPP 1.6 §4.7, §4.8, §4.10).

Reports may be hours old, repeated or wrong. Every one is stored and answered; what cannot be true is marked
with a Doubt and left to a person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.authorization.model import Verdict
from forecourt.domain.authorization.service import Authorization
from forecourt.domain.errors import conflict, not_found
from forecourt.domain.events.service import Events
from forecourt.domain.evse import WHOLE_STATION, Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.remote_control.service import RemoteControl
from forecourt.domain.reservation.service import Reservations
from forecourt.domain.transactions.measuring import measure
from forecourt.domain.transactions.metering import ENERGY_REGISTER, Reading, StoredReading
from forecourt.domain.transactions.model import (
    Doubt,
    DoubtfulStop,
    Now,
    OperatorStop,
    OperatorStopDraft,
    Started,
    StartReport,
    Stop,
    StopReport,
    Transaction,
    TransactionFilter,
    doubts_of_start,
    doubts_of_start_alone,
    doubts_of_stop,
    is_repetition,
)
from forecourt.domain.transactions.series import Measured
from forecourt.domain.transactions.store import TransactionStore
from forecourt.domain.transactions.telling import Telling

_LOOKED_AT: Final = 50
"""Readings, the first and the last, from which it is told what a station measures."""


class Transactions:
    """Everything that can happen to a transaction."""

    def __init__(
        self,
        store: TransactionStore,
        authorization: Authorization,
        remote_control: RemoteControl,
        reservations: Reservations,
        clock: Clock,
        *,
        events: Events,
    ) -> None:
        self._store = store
        self._authorization = authorization
        self._remote_control = remote_control
        self._reservations = reservations
        self._clock = clock
        self._telling = Telling(events)

    # What stations do

    def start(self, station: Station, report: StartReport) -> Started:
        """Record a start. It gets a transaction whatever the verdict on its token is (OCPP 1.6 §4.8).

        A start that is told again, because its answer was lost, gets the same transaction and the same status.
        A transaction that still runs at the same EVSE does not count against the token: one EVSE has one
        transaction, so that the stop of the other one was lost.
        """
        known = self._store.find_start(station.key, report)
        if known is not None:
            verdict = self._authorization.authorize(station, report.id_token)
            return Started(known.transaction_id, replace(verdict, status=known.status))
        now = self._clock.now()

        def count_active() -> int:
            return self._store.count_active(report.id_token, elsewhere_than=(station.key, report.evse))

        verdict = self._authorization.authorize_start(station, report.id_token, count_active)
        doubts = doubts_of_start(report, now)
        reservation = self._reservations.find_used(station, report)
        if reservation is not None and not reservation.is_for(report.id_token, verdict):
            doubts |= {Doubt.RESERVED_FOR_OTHER}
        request = self._remote_control.find_start(station, report)
        remote_start = None if request is None else request.errand
        transaction_id = self._store.start(station.key, report, verdict, doubts, now, remote_start=remote_start)
        if request is not None:
            self._remote_control.started(request, transaction_id)
        if reservation is not None:
            self._reservations.used(reservation, transaction_id)
        self._telling.started(station, transaction_id, report, verdict, doubts)
        return Started(transaction_id, verdict)

    def stop(self, station: Station, report: StopReport) -> Verdict | None:
        """Record a stop. Returns the verdict on the token that stopped, or None when none was named."""
        now = self._clock.now()
        stopper = None
        if report.id_token is not None:
            stopper = self._authorization.authorize(station, report.id_token)
        transaction = self._store.find(report.transaction_id, station_key=station.key)
        if transaction is not None and transaction.stop is not None and is_repetition(transaction.stop, report):
            return stopper
        place = WHOLE_STATION if transaction is None else transaction.evse
        is_new = True
        if transaction is None:
            doubts = frozenset({Doubt.UNKNOWN_TRANSACTION})
            is_new = self._store.add_doubtful_stop(station.key, report, doubts, now)
        elif transaction.stop is not None and transaction.stop.stopped_by is None:
            doubts = doubts_of_stop(transaction, report, stopper, now) | {Doubt.STOPPED_AGAIN}
            is_new = self._store.add_doubtful_stop(station.key, report, doubts, now)
        else:
            doubts = doubts_of_stop(transaction, report, stopper, now)
            self._end(station, transaction, report, doubts, now)
        if is_new and (transaction is None or Doubt.STOPPED_AGAIN in doubts):
            self._telling.doubtful_stop(station, report, doubts)
        if is_new and report.readings:
            self._store.add_readings(station.key, place, report.transaction_id, report.readings)
        return stopper

    def _end(
        self, station: Station, transaction: Transaction, report: StopReport, doubts: frozenset[Doubt], now: datetime
    ) -> None:
        """The first stop that the station reports counts, also when an operator recorded one before."""
        stop = Stop(
            stopped_at=report.stopped_at,
            meter_stop_wh=report.meter_stop_wh,
            reason=report.reason,
            id_token=report.id_token,
            received_at=now,
        )
        doubts |= doubts_of_start_alone(transaction)
        remote_stop = self._remote_control.stopped(station, transaction.transaction_id)
        self._store.stop(transaction.transaction_id, stop, doubts, remote_stop=remote_stop)
        self._telling.stopped(transaction, stop, doubts)

    def record_readings(
        self, station: Station, place: Place, transaction_id: int | None, readings: Sequence[Reading]
    ) -> None:
        """Record what was measured, also for a transaction that is not known (OCPP 1.6 §4.7)."""
        self._store.add_readings(station.key, place, transaction_id, readings)

    # What operators do

    def stop_by_operator(self, transaction_id: int, draft: OperatorStopDraft) -> Transaction:
        """Record a stop for a station that will not report one. Raises DomainError NOT_FOUND, or CONFLICT when the
        transaction is stopped already or, unless it is forced, when the station is there to be asked."""
        transaction = self.get(transaction_id)
        if not draft.is_forced and transaction.is_active and self._store.is_online(transaction_id):
            raise conflict(
                "The station {!r} is connected: use StopCharging, so that it ends the transaction itself. With force "
                "it is recorded as stopped all the same.",
                transaction.station,
            )
        now = self._clock.now()
        stop = OperatorStop(
            stopped_by=draft.stopped_by,
            stopped_at=draft.stopped_at or now,
            meter_stop_wh=self._meter_stop_wh(transaction) if draft.meter_stop_wh is None else draft.meter_stop_wh,
            reason=draft.reason,
            received_at=now,
        )
        report = StopReport(
            transaction_id=transaction_id,
            stopped_at=stop.stopped_at,
            meter_stop_wh=stop.meter_stop_wh,
            reason=stop.reason,
        )
        doubts = transaction.doubts | doubts_of_stop(transaction, report, None, now)
        if not self._store.stop_by_operator(transaction_id, stop, doubts):
            raise conflict("The transaction {} is stopped already; its stop stands.", transaction_id)
        stopped = self.get(transaction_id)
        if stopped.stop is not None:
            self._telling.stopped(stopped, stopped.stop, stopped.doubts)
        return stopped

    def _meter_stop_wh(self, transaction: Transaction) -> int:
        newest = self._store.newest_energy_wh(transaction.transaction_id)
        return transaction.meter_start_wh if newest is None else round(newest)

    # Questions

    def find(self, transaction_id: int) -> Transaction | None:
        return self._store.find(transaction_id)

    def get(self, transaction_id: int) -> Transaction:
        transaction = self._store.find(transaction_id)
        if transaction is None:
            raise not_found("There is no transaction {}.", transaction_id)
        return transaction

    def list(self, wanted: TransactionFilter, page: PageRequest) -> Page[Transaction]:
        return self._store.list(wanted, page)

    def readings(self, transaction_id: int, page: PageRequest) -> Page[StoredReading]:
        """What was measured during one transaction, oldest first. Raises DomainError NOT_FOUND."""
        self.get(transaction_id)
        return self._store.readings(transaction_id, page)

    def active_on(self, id_tokens: Collection[str]) -> Mapping[str, Sequence[int]]:
        """The transactions that run on tokens, by the folded token."""
        return self._store.active_on(id_tokens) if id_tokens else {}

    def newest_figures(self, transaction_ids: Collection[int]) -> Mapping[int, Now]:
        """What was measured last, of those of which something was."""
        return self._store.newest_figures(transaction_ids) if transaction_ids else {}

    def measurands(self, transaction_id: int) -> Sequence[str]:
        """What the station measured during a transaction, as far as its first and last readings tell."""
        found: dict[str, None] = {}
        for is_newest_first in (False, True):
            readings = self._store.samples(transaction_id, is_newest_first=is_newest_first)
            for _at, samples in islice(readings, _LOOKED_AT):
                found |= {sample.measurand or ENERGY_REGISTER: None for sample in samples}
        return [*found]

    def measured(self, transaction_id: int, measurand: str) -> Measured:
        """What was measured of one measurand, ready to be drawn. Raises DomainError NOT_FOUND."""
        return measure(self._store, self.get(transaction_id), measurand, self._clock.now())

    def list_doubtful_stops(self, page: PageRequest) -> Page[DoubtfulStop]:
        return self._store.doubtful_stops(page)
