"""How rows of transactions and of doubtful stops become what they mean."""

from __future__ import annotations

from forecourt.domain.authorization.model import AuthorizationStatus
from forecourt.domain.transactions.model import Doubt, DoubtfulStop, OperatorStop, Stop, StopReport, Transaction
from forecourt.storage.connection import Row
from forecourt.storage.schema import from_micros, to_place


def to_transaction(row: Row) -> Transaction:
    station, identifier, evse, id_token, parent, status, started_at, meter_start_wh, reservation_id = row[:9]
    received_at, doubts, remote_start, remote_stop = row[9:13]
    return Transaction(
        transaction_id=identifier,
        station=station,
        evse=to_place(evse),
        id_token=id_token,
        parent=parent,
        status=AuthorizationStatus(status),
        started_at=from_micros(started_at),
        meter_start_wh=meter_start_wh,
        reservation_id=reservation_id,
        start_received_at=from_micros(received_at),
        stop=_to_stop(row[13:19]),
        doubts=_to_doubts(doubts),
        operator_stop=_to_operator_stop(row[19:]),
        remote_start=remote_start,
        remote_stop=remote_stop,
    )


def to_doubtful_stop(row: Row) -> DoubtfulStop:
    station, transaction_id, stopped_at, meter_stop_wh, reason, id_token, doubts, received_at = row
    report = StopReport(
        transaction_id=transaction_id,
        stopped_at=from_micros(stopped_at),
        meter_stop_wh=meter_stop_wh,
        reason=reason,
        id_token=id_token,
    )
    return DoubtfulStop(station, report, _to_doubts(doubts), from_micros(received_at))


def _to_stop(row: Row) -> Stop | None:
    stopped_at, meter_stop_wh, reason, stop_token, received_at, stopped_by = row
    if stopped_at is None:
        return None
    return Stop(
        stopped_at=from_micros(stopped_at),
        meter_stop_wh=meter_stop_wh,
        reason=reason,
        id_token=stop_token,
        received_at=from_micros(received_at),
        stopped_by=stopped_by,
    )


def _to_operator_stop(row: Row) -> OperatorStop | None:
    operator, stopped_at, meter_stop_wh, reason, received_at = row
    if operator is None:
        return None
    return OperatorStop(
        stopped_by=operator,
        stopped_at=from_micros(stopped_at),
        meter_stop_wh=meter_stop_wh,
        reason=reason,
        received_at=from_micros(received_at),
    )


def _to_doubts(written: str) -> frozenset[Doubt]:
    return frozenset(Doubt(value) for value in written.split(",") if value)
