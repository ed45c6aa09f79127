"""Transactions and doubtful stops in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, UniqueConstraint, select
from sqlalchemy.sql.elements import ColumnElement

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
from forecourt.storage.errors import RowRefused
from forecourt.storage.meter_values import MeterValues
from forecourt.storage.pages import number_after, page_of, pair_after
from forecourt.storage.schema import (
    Key,
    columns_of,
    metadata,
    moment,
    paged,
    station_key,
    text,
    to_micros,
    to_number,
)
from forecourt.storage.transaction_rows import to_doubtful_stop, to_transaction

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
Index("transaction_by_start", _columns.started_at, _columns.id)
Index(
    "transaction_now",
    _columns.id,
    sqlite_where=_columns.stopped_at.is_(None),
    postgresql_where=_columns.stopped_at.is_(None),
)
Index(
    "transaction_active",
    _columns.folded_token,
    _columns.station_key,
    _columns.evse,
    sqlite_where=_columns.stopped_at.is_(None),
    postgresql_where=_columns.stopped_at.is_(None),
)
Index(
    "transaction_by_stop",
    _columns.stopped_at,
    _columns.meter_start_wh,  # so that energy is added up without the rows
    _columns.meter_stop_wh,
    sqlite_where=_columns.stopped_at.is_not(None),
    postgresql_where=_columns.stopped_at.is_not(None),
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
_STARTED_AT: Final = 6
"""Where the time of the start stands in a row of a list."""
_BEFORE_ALL: Final = (-(2**62), 0)
_AT_ONCE: Final = 500
"""Tokens in one statement."""
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
        return None if row is None else to_transaction(row)

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
        statement = select(station.c.identity, *columns_of(transaction, _SHOWN)).join(
            station, station.c.key == _columns.station_key
        )
        for condition in _conditions(wanted):
            statement = statement.where(condition)
        if _is_by_time(wanted):
            statement = statement.order_by(_columns.started_at.desc(), _columns.id.desc())
            pair = pair_after(page, beyond=_BEFORE_ALL)
            if pair is not None:
                started_at, number = pair
                is_older = (_columns.started_at == started_at) & (_columns.id < number)
                statement = statement.where(
                    _columns.started_at <= started_at, (_columns.started_at < started_at) | is_older
                )
            rows = self._unit.select(paged(statement, page))
            return page_of(rows, page, to_transaction, lambda row: f"{row[_STARTED_AT]}-{row[1]}")
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.id < after)
        rows = self._unit.select(paged(statement.order_by(_columns.id.desc()), page))
        return page_of(rows, page, to_transaction, lambda row: row[1])

    def active_on(self, id_tokens: Collection[str]) -> Mapping[str, Sequence[int]]:
        wanted = sorted({fold(one) for one in id_tokens})
        columns = columns_of(transaction, "folded_token id")
        found: dict[str, list[int]] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            is_active = _columns.stopped_at.is_(None)
            for token, number in self._unit.select(
                select(*columns).where(_columns.folded_token.in_(some), is_active).order_by(_columns.id)
            ):
                found.setdefault(token, []).append(number)
        return found

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
        return page_of(rows, page, lambda row: to_doubtful_stop(row[1:]), lambda row: row[0])


def _is_by_time(wanted: TransactionFilter) -> bool:
    """Whether to go along the times of start. Where something else leaves few transactions, going along that and
    looking at the times of what is left is quicker; databases cannot know this beforehand."""
    is_selective = wanted.is_active or wanted.is_doubtful or wanted.transaction_id is not None
    of_whom = (wanted.station, wanted.id_token, wanted.driver)
    return (wanted.since is not None or wanted.until is not None) and not is_selective and of_whom == (None, None, None)


def _conditions(wanted: TransactionFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.transaction_id is not None:
        yield _columns.id == wanted.transaction_id
    if wanted.station is not None:
        yield metadata.tables["station"].c.identity == wanted.station
    if wanted.evse is not None:
        yield _columns.evse == to_number(wanted.evse)
    if wanted.id_token is not None:
        yield _columns.folded_token == fold(wanted.id_token)
    if wanted.driver is not None:
        tag = metadata.tables["id_token"].c
        yield _columns.folded_token.in_(select(tag.folded).where(tag.driver == wanted.driver))
    if wanted.is_active is not None:
        is_active = _columns.stopped_at.is_(None)
        yield is_active if wanted.is_active else ~is_active
    if wanted.is_doubtful is not None:
        yield _columns.doubts != "" if wanted.is_doubtful else _columns.doubts == ""
    # With something added no index is thought of: see _is_by_time.
    started_at = _columns.started_at if _is_by_time(wanted) else _columns.started_at + 0
    if wanted.since is not None:
        yield started_at >= to_micros(wanted.since)
    if wanted.until is not None:
        yield started_at < to_micros(wanted.until)


def _written(doubts: frozenset[Doubt]) -> str:
    return ",".join(sorted(doubt.value for doubt in doubts))
