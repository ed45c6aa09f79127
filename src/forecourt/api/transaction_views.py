"""Transactions and meter values as the REST interface shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec

from forecourt.asgi.csv import Cell
from forecourt.asgi.paths import connector_id
from forecourt.domain.authorization.model import AuthorizationStatus
from forecourt.domain.transactions.metering import Sample, StoredReading
from forecourt.domain.transactions.model import Doubt, DoubtfulStop, OperatorStop, Transaction

BY_STATION: Final = "station"


class OperatorStopView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A stop that an operator recorded."""

    stopped_by: str
    stop_timestamp: datetime
    meter_stop: int
    reason: str
    received_at: datetime


class TransactionView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A transaction. Meters are in Wh; ``doubts`` says what a person should look at. ``stoppedBy`` is ``station``, or
    who recorded the stop in its place. ``operatorStop`` stays when the station's own stop has taken the place of an
    operator's. ``remoteStart`` and ``remoteStop`` are the errands of the remote requests that began and ended it."""

    transaction_id: int
    station_id: str
    connector_id: int
    id_tag: str
    parent_id_tag: str | None
    id_tag_status: AuthorizationStatus
    start_timestamp: datetime
    meter_start: int
    reservation_id: int | None
    active: bool
    stop_timestamp: datetime | None
    meter_stop: int | None
    reason: str | None
    stop_id_tag: str | None
    energy_wh: int | None
    doubts: Sequence[Doubt]
    start_received_at: datetime
    stop_received_at: datetime | None
    stopped_by: str | None
    operator_stop: OperatorStopView | None
    remote_start: int | None
    remote_stop: int | None


class SampledValueView(msgspec.Struct, frozen=True, omit_defaults=True):
    """One sampled value as the station sent it (OCPP 1.6 §7.43)."""

    value: str
    context: str | None = None
    format: str | None = None
    measurand: str | None = None
    phase: str | None = None
    location: str | None = None
    unit: str | None = None


class MeterValueView(msgspec.Struct, frozen=True, rename="camel"):
    """All that was sampled at one moment; energy, power and state of charge (%) also as plain numbers."""

    timestamp: datetime
    connector_id: int
    transaction_id: int | None
    energy_wh: float | None
    power_w: float | None
    soc: float | None
    sampled_value: Sequence[SampledValueView]


class DoubtfulStopView(msgspec.Struct, frozen=True, rename="camel"):
    """A StopTransaction that ended nothing, as the station sent it."""

    station_id: str
    transaction_id: int
    timestamp: datetime
    meter_stop: int
    reason: str
    id_tag: str | None
    doubts: Sequence[Doubt]
    received_at: datetime


def show_transaction(transaction: Transaction) -> TransactionView:
    stop = transaction.stop
    return TransactionView(
        transaction_id=transaction.transaction_id,
        station_id=transaction.station,
        connector_id=connector_id(transaction.evse),
        id_tag=transaction.id_token,
        parent_id_tag=transaction.parent,
        id_tag_status=transaction.status,
        start_timestamp=transaction.started_at,
        meter_start=transaction.meter_start_wh,
        reservation_id=transaction.reservation_id,
        active=transaction.is_active,
        stop_timestamp=None if stop is None else stop.stopped_at,
        meter_stop=None if stop is None else stop.meter_stop_wh,
        reason=None if stop is None else stop.reason,
        stop_id_tag=None if stop is None else stop.id_token,
        energy_wh=transaction.energy_wh,
        doubts=_in_order(transaction.doubts),
        start_received_at=transaction.start_received_at,
        stop_received_at=None if stop is None else stop.received_at,
        stopped_by=None if stop is None else stop.stopped_by or BY_STATION,
        operator_stop=_operator_stop(transaction.operator_stop),
        remote_start=transaction.remote_start,
        remote_stop=transaction.remote_stop,
    )


def _operator_stop(stop: OperatorStop | None) -> OperatorStopView | None:
    if stop is None:
        return None
    return OperatorStopView(
        stopped_by=stop.stopped_by,
        stop_timestamp=stop.stopped_at,
        meter_stop=stop.meter_stop_wh,
        reason=stop.reason,
        received_at=stop.received_at,
    )


def show_meter_value(stored: StoredReading) -> MeterValueView:
    return MeterValueView(
        timestamp=stored.reading.taken_at,
        connector_id=connector_id(stored.place),
        transaction_id=stored.transaction_id,
        energy_wh=stored.registers.energy_wh,
        power_w=stored.registers.power_w,
        soc=stored.registers.soc_percent,
        sampled_value=[SampledValueView(*sample) for sample in stored.reading.samples],
    )


def show_doubtful_stop(stop: DoubtfulStop) -> DoubtfulStopView:
    return DoubtfulStopView(
        station_id=stop.station,
        transaction_id=stop.report.transaction_id,
        timestamp=stop.report.stopped_at,
        meter_stop=stop.report.meter_stop_wh,
        reason=stop.report.reason,
        id_tag=stop.report.id_token,
        doubts=_in_order(stop.doubts),
        received_at=stop.received_at,
    )


_FLAT: Final = tuple(field for field in msgspec.structs.fields(TransactionView) if field.name != "operator_stop")

TRANSACTION_COLUMNS: Final = (
    *(field.encode_name for field in _FLAT),
    *("operatorStoppedBy", "operatorStopTimestamp", "operatorMeterStop"),
)

METER_VALUE_COLUMNS: Final = (
    *[field.encode_name for field in msgspec.structs.fields(MeterValueView)][:-1],
    *Sample._fields,
)


def transaction_rows(transaction: Transaction) -> Iterator[Sequence[Cell]]:
    view = show_transaction(transaction)
    stop = view.operator_stop
    figures = (None, None, None) if stop is None else (stop.stopped_by, stop.stop_timestamp, stop.meter_stop)
    yield [*(_cell(getattr(view, field.name)) for field in _FLAT), *figures]


def meter_value_rows(stored: StoredReading) -> Iterator[Sequence[Cell]]:
    """One row per sampled value, so that every measurand can be filtered for."""
    *shared, _samples = msgspec.structs.astuple(show_meter_value(stored))
    for sample in stored.reading.samples:
        yield [*shared, *sample]


def _cell(value: Cell | AuthorizationStatus | Sequence[Doubt]) -> Cell:
    if isinstance(value, AuthorizationStatus):
        return str(value.value)
    if value is None or isinstance(value, str | int | float | datetime):
        return value
    return " ".join(doubt.value for doubt in value)


def _in_order(doubts: frozenset[Doubt]) -> list[Doubt]:
    return sorted(doubts, key=lambda doubt: doubt.value)
