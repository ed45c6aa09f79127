"""Transactions and doubtful stops in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, UniqueConstraint, select

from forecourt.domain.authorization.model import AuthorizationStatus, Verdict, fold
from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.transactions.model import (
    Doubt,
    DoubtfulStop,
    KnownStart,
    OperatorStop,
    StartReport,
    Stop,
    StopReport,
    Transaction,
    TransactionFilter,
)
from forecourt.storage.connection import Row
from forecourt.storage.errors import RowRefused
from forecourt.storage.meter_values import MeterValues
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import (
    Key,
    columns_of,
    from_micros,
    metadata,
    moment,
    paged,
    station_key,
    text,
    to_micros,
    to_number,
    to_place,
)

transaction: Final = Table(
    "station_transaction",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    station_key(),
    Column("evse", BigInteger, nullable=False),
    text("id_token"),
    text("folded_token"),
    text("parent", is_required=False),
    text("status"),
    moment("started_at"),
    Column("meter_start_wh", BigInteger, nullable=False),
    Column("reservation_id", BigInteger),
    moment("start_received_at"),
    moment("stopped_at", is_required=False),
    Column("meter_stop_wh", BigInteger),
    text("reason", is_required=False),
    text("stop_token", is_required=False),
    moment("stop_received_at", is_required=False),
    text("doubts"),
    Column("remote_start", BigInteger),
    Column("remote_stop", BigInteger),
    text("stopped_by", is_required=False),
    text("operator", is_required=False),
    moment("operator_stopped_at", is_required=False),
    Column("operator_meter_stop_wh", BigInteger),
    text("operator_reason", is_required=False),
    moment("operator_received_at", is_required=False),
    # The same start reported twice is one transaction (a station resends what was not answered).
    UniqueConstraint("station_key", "evse", "id_token", "started_at", "meter_start_wh", name="one_start"),
    sqlite_autoincrement=True,
)

_columns = transaction.c
Index("transaction_of_station", _columns.station_key, _columns.id)
Index("transaction_of_token", _columns.folded_token, _columns.id)
Index("transaction_by_start", _columns.started_at)
Index(
    "transaction_active",
    _columns.folded_token,
    _columns.station_key,
    _columns.evse,
    sqlite_where=_columns.stopped_at.is_(None),
    postgresql_where=_columns.stopped_at.is_(None),
)
Index(
    "transaction_doubtful",
    _columns.id,
    sqlite_where=_columns.doubts != "",
    postgresql_where=_columns.doubts != "",
)

doubtful_stop: Final = Table(
    "doubtful_stop",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    station_key(),
    Column("transaction_id", BigInteger, nullable=False),
    moment("stopped_at"),
    Column("meter_stop_wh", BigInteger, nullable=False),
    text("reason"),
    text("id_token", is_required=False),
    text("doubts"),
    moment("received_at"),
    UniqueConstraint("station_key", "transaction_id", "stopped_at", "meter_stop_wh", name="one_doubtful_stop"),
)

_SHOWN: Final = (
    "id evse id_token parent status started_at meter_start_wh reservation_id start_received_at doubts remote_start"
    " remote_stop stopped_at meter_stop_wh reason stop_token stop_received_at stopped_by operator operator_stopped_at"
    " operator_meter_stop_wh operator_reason operator_received_at"
)
_FIND: Final = (
    f"SELECT s.identity, {', '.join(f't.{name}' for name in _SHOWN.split())} FROM station_transaction AS t"
    " JOIN station AS s ON s.key = t.station_key WHERE t.id = ?"
)
_START: Final = (
    "INSERT INTO station_transaction (station_key, evse, id_token, folded_token, parent, status, started_at,"
    " meter_start_wh, reservation_id, start_received_at, doubts, remote_start)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING RETURNING id"
)
_SAME_START: Final = (
    "SELECT id, status FROM station_transaction"
    " WHERE station_key = ? AND evse = ? AND id_token = ? AND started_at = ? AND meter_start_wh = ?"
)
_COUNT_ACTIVE: Final = (
    "SELECT count(*) FROM station_transaction"
    " WHERE folded_token = ? AND stopped_at IS NULL AND NOT (station_key = ? AND evse = ?)"
)
_STOP: Final = (
    "UPDATE station_transaction SET stopped_at = ?, meter_stop_wh = ?, reason = ?, stop_token = ?,"
    " stop_received_at = ?, doubts = ?, remote_stop = ?, stopped_by = NULL WHERE id = ?"
)
_STOP_BY_OPERATOR: Final = (
    "UPDATE station_transaction SET stopped_at = ?, meter_stop_wh = ?, reason = ?, stop_received_at = ?, doubts = ?,"
    " stopped_by = ?, operator = ?, operator_stopped_at = ?, operator_meter_stop_wh = ?, operator_reason = ?,"
    " operator_received_at = ? WHERE id = ? AND stopped_at IS NULL"
)
_IS_ONLINE: Final = (
    "SELECT 1 FROM station_transaction AS t JOIN link AS l ON l.station_key = t.station_key"
    " WHERE t.id = ? AND l.node IS NOT NULL"
)
_NEWEST_ENERGY: Final = (
    "SELECT m.energy_wh FROM meter_value AS m"
    " JOIN station_transaction AS t ON t.id = m.transaction_id AND t.station_key = m.station_key"
    " WHERE m.transaction_id = ? AND m.energy_wh IS NOT NULL ORDER BY m.taken_at DESC, m.key DESC LIMIT 1"
)
_DOUBTFUL_STOP: Final = (
    "INSERT INTO doubtful_stop (station_key, transaction_id, stopped_at, meter_stop_wh, reason, id_token, doubts,"
    " received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)


class TransactionRecords(MeterValues):
    """The TransactionStore of one unit of work."""

    def count_active(self, id_token: str, *, elsewhere_than: tuple[int, Place]) -> int:
        station_key, place = elsewhere_than
        row = self._unit.one(_COUNT_ACTIVE, (fold(id_token), station_key, to_number(place)))
        return int(row[0]) if row is not None else 0

    def find_start(self, station_key: int, report: StartReport) -> KnownStart | None:
        row = self._unit.one(
            _SAME_START,
            (
                station_key,
                to_number(report.evse),
                report.id_token,
                to_micros(report.started_at),
                report.meter_start_wh,
            ),
        )
        return None if row is None else KnownStart(row[0], AuthorizationStatus(row[1]))

    def start(
        self,
        station_key: int,
        report: StartReport,
        verdict: Verdict,
        doubts: frozenset[Doubt],
        at: datetime,
        *,
        remote_start: int | None = None,
    ) -> int:
        evse, started_at = to_number(report.evse), to_micros(report.started_at)
        row = self._unit.insert(
            _START,
            (
                station_key,
                evse,
                report.id_token,
                fold(report.id_token),
                verdict.parent,
                verdict.status.value,
                started_at,
                report.meter_start_wh,
                report.reservation_id,
                to_micros(at),
                _written(doubts),
                remote_start,
            ),
        )
        if row is not None:
            return int(row[0])
        known = self.find_start(station_key, report)
        if known is None:
            raise RowRefused("a start conflicts with a row that is not its own first report")
        return known.transaction_id

    def find(self, transaction_id: int, *, station_key: int | None = None) -> Transaction | None:
        if station_key is None:
            row = self._unit.one(_FIND, (transaction_id,))
        else:
            row = self._unit.one(f"{_FIND} AND t.station_key = ?", (transaction_id, station_key))
        return None if row is None else _to_transaction(row)

    def stop(
        self, transaction_id: int, stop: Stop, doubts: frozenset[Doubt], *, remote_stop: int | None = None
    ) -> None:
        self._unit.execute(
            _STOP,
            (
                to_micros(stop.stopped_at),
                stop.meter_stop_wh,
                stop.reason,
                stop.id_token,
                to_micros(stop.received_at),
                _written(doubts),
                remote_stop,
                transaction_id,
            ),
        )

    def stop_by_operator(self, transaction_id: int, stop: OperatorStop, doubts: frozenset[Doubt]) -> bool:
        stopped_at, received_at = to_micros(stop.stopped_at), to_micros(stop.received_at)
        changed = self._unit.execute(
            _STOP_BY_OPERATOR,
            (
                stopped_at,
                stop.meter_stop_wh,
                stop.reason,
                received_at,
                _written(doubts),
                stop.stopped_by,
                stop.stopped_by,
                stopped_at,
                stop.meter_stop_wh,
                stop.reason,
                received_at,
                transaction_id,
            ),
        )
        return changed > 0

    def is_online(self, transaction_id: int) -> bool:
        return self._unit.one(_IS_ONLINE, (transaction_id,)) is not None

    def newest_energy_wh(self, transaction_id: int) -> float | None:
        row = self._unit.one(_NEWEST_ENERGY, (transaction_id,))
        return None if row is None else float(row[0])

    def add_doubtful_stop(self, station_key: int, report: StopReport, doubts: frozenset[Doubt], at: datetime) -> bool:
        changed = self._unit.execute(
            _DOUBTFUL_STOP,
            (
                station_key,
                report.transaction_id,
                to_micros(report.stopped_at),
                report.meter_stop_wh,
                report.reason,
                report.id_token,
                _written(doubts),
                to_micros(at),
            ),
        )
        return changed > 0

    def list(self, wanted: TransactionFilter, page: PageRequest) -> Page[Transaction]:
        station = metadata.tables["station"]
        statement = (
            select(station.c.identity, *columns_of(transaction, _SHOWN))
            .join(station, station.c.key == _columns.station_key)
            .order_by(_columns.id.desc())
        )
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.id < after)
        if wanted.station is not None:
            statement = statement.where(station.c.identity == wanted.station)
        if wanted.evse is not None:
            statement = statement.where(_columns.evse == to_number(wanted.evse))
        if wanted.id_token is not None:
            statement = statement.where(_columns.folded_token == fold(wanted.id_token))
        if wanted.is_active is not None:
            is_active = _columns.stopped_at.is_(None)
            statement = statement.where(is_active if wanted.is_active else ~is_active)
        if wanted.is_doubtful is not None:
            statement = statement.where(_columns.doubts != "" if wanted.is_doubtful else _columns.doubts == "")
        if wanted.since is not None:
            statement = statement.where(_columns.started_at >= to_micros(wanted.since))
        if wanted.until is not None:
            statement = statement.where(_columns.started_at < to_micros(wanted.until))
        rows = self._unit.select(paged(statement, page))
        return page_of(rows, page, _to_transaction, lambda row: row[1])

    def doubtful_stops(self, page: PageRequest) -> Page[DoubtfulStop]:
        station = metadata.tables["station"]
        columns = doubtful_stop.c
        statement = (
            select(
                columns.key,
                station.c.identity,
                *columns_of(
                    doubtful_stop, "transaction_id stopped_at meter_stop_wh reason id_token doubts received_at"
                ),
            )
            .join(station, station.c.key == columns.station_key)
            .order_by(columns.key.desc())
        )
        after = number_after(page)
        if after is not None:
            statement = statement.where(columns.key < after)
        rows = self._unit.select(paged(statement, page))
        return page_of(rows, page, lambda row: _to_doubtful_stop(row[1:]), lambda row: row[0])


def _written(doubts: frozenset[Doubt]) -> str:
    return ",".join(sorted(doubt.value for doubt in doubts))


def _to_doubts(written: str) -> frozenset[Doubt]:
    return frozenset(Doubt(value) for value in written.split(",") if value)


def _to_transaction(row: Row) -> Transaction:
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


def _to_doubtful_stop(row: Row) -> DoubtfulStop:
    station, transaction_id, stopped_at, meter_stop_wh, reason, id_token, doubts, received_at = row
    report = StopReport(
        transaction_id=transaction_id,
        stopped_at=from_micros(stopped_at),
        meter_stop_wh=meter_stop_wh,
        reason=reason,
        id_token=id_token,
    )
    return DoubtfulStop(station, report, _to_doubts(doubts), from_micros(received_at))
