"""Tells the outside of transactions."""

from __future__ import annotations

from collections.abc import Iterable

from forecourt.domain.authorization.model import Verdict
from forecourt.domain.events.kinds import Kind as Told
from forecourt.domain.events.model import connector_number, exact
from forecourt.domain.events.service import Events
from forecourt.domain.provisioning.model import Station
from forecourt.domain.transactions.model import Doubt, StartReport, Stop, StopReport, Transaction


class Telling:
    """What of transactions is told."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def started(
        self, station: Station, transaction_id: int, report: StartReport, verdict: Verdict, doubts: frozenset[Doubt]
    ) -> None:
        self._events.tell_of_station(
            Told.TRANSACTION_STARTED,
            station.identity,
            {
                "transactionId": transaction_id,
                "connectorId": connector_number(report.evse),
                "idTag": report.id_token,
                "idTagStatus": verdict.status.value,
                "startedAt": exact(report.started_at),
                "meterStartWh": report.meter_start_wh,
                "reservationId": report.reservation_id,
                "doubts": _named(doubts),
            },
        )

    def stopped(self, transaction: Transaction, stop: Stop, doubts: frozenset[Doubt]) -> None:
        """``transaction`` may be as it was before."""
        used = stop.meter_stop_wh - transaction.meter_start_wh
        seconds = int((stop.stopped_at - transaction.started_at).total_seconds())
        self._events.tell_of_station(
            Told.TRANSACTION_STOPPED,
            transaction.station,
            {
                "transactionId": transaction.transaction_id,
                "connectorId": connector_number(transaction.evse),
                "idTag": transaction.id_token,
                "startedAt": exact(transaction.started_at),
                "stoppedAt": exact(stop.stopped_at),
                "durationSeconds": seconds if seconds >= 0 else None,
                "meterStartWh": transaction.meter_start_wh,
                "meterStopWh": stop.meter_stop_wh,
                "energyWh": used if used >= 0 else None,
                "reason": stop.reason,
                "stopTag": stop.id_token,
                "stoppedBy": stop.stopped_by,
                "doubts": _named(doubts),
            },
        )

    def doubtful_stop(self, station: Station, report: StopReport, doubts: frozenset[Doubt]) -> None:
        self._events.tell_of_station(
            Told.DOUBTFUL_STOP,
            station.identity,
            {
                "transactionId": report.transaction_id,
                "stoppedAt": exact(report.stopped_at),
                "meterStopWh": report.meter_stop_wh,
                "reason": report.reason,
                "idTag": report.id_token,
                "doubts": _named(doubts),
            },
        )


def _named(doubts: Iterable[Doubt]) -> list[str]:
    return sorted(doubt.value for doubt in doubts)
