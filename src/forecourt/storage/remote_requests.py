"""Remote requests in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, select
from sqlalchemy.sql import Select

from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.remote_control.model import RemoteRequest, RemoteRequestFilter, RequestKind, RequestState
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import (
    columns_of,
    from_micros,
    maybe_from_micros,
    maybe_to_micros,
    metadata,
    moment,
    paged,
    station_key,
    text,
    to_micros,
    to_number,
    to_place,
)
from forecourt.storage.unit_of_work import Unit

remote_request: Final = Table(
    "remote_request",
    metadata,
    Column("errand", BigInteger, primary_key=True, autoincrement=False),
    station_key(),
    text("kind"),
    text("state"),
    text("asked_by"),
    Column("evse", BigInteger),
    text("id_token", is_required=False),
    Column("transaction_id", BigInteger),
    text("status", is_required=False),
    text("reason", is_required=False),
    Column("is_outcome_unknown", Boolean, nullable=False),
    moment("requested_at"),
    moment("answered_at", is_required=False),
    moment("ended_at", is_required=False),
    moment("waits_until"),
)

_columns = remote_request.c
_is_open = _columns.ended_at.is_(None)
# Looked into at every start and stop: it holds the requests of the last minutes only. SQLite takes it, and not the
# index of all requests of the station, because it has one column more that the question names.
Index(
    "remote_request_open",
    _columns.station_key,
    _columns.ended_at,
    _columns.errand,
    sqlite_where=_is_open,
    postgresql_where=_is_open,
)
Index("remote_request_of_station", _columns.station_key, _columns.errand)

_SHOWN: Final = (
    "errand kind state asked_by evse id_token transaction_id status reason is_outcome_unknown requested_at answered_at"
    " ended_at waits_until"
)
_SELECT: Final = (
    f"SELECT s.identity, e.sent_at, {', '.join(f'r.{name}' for name in _SHOWN.split())} FROM remote_request AS r"
    " JOIN station AS s ON s.key = r.station_key LEFT JOIN errand AS e ON e.number = r.errand"
)
_ADD: Final = (
    "INSERT INTO remote_request (station_key, errand, kind, state, asked_by, evse, id_token, transaction_id, status,"
    " reason, is_outcome_unknown, requested_at, answered_at, ended_at, waits_until)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_CHANGE: Final = (
    "UPDATE remote_request SET state = ?, transaction_id = ?, status = ?, reason = ?, is_outcome_unknown = ?,"
    " answered_at = ?, ended_at = ?, waits_until = ?"
    " WHERE errand = ? AND (ended_at IS NULL OR is_outcome_unknown)"
)


class RemoteRequests:
    """The RemoteRequestStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, station_key: int, request: RemoteRequest) -> None:
        self._unit.execute(
            _ADD,
            (
                station_key,
                request.errand,
                request.kind.value,
                request.state.value,
                request.asked_by,
                None if request.evse is None else to_number(request.evse),
                request.id_token,
                request.transaction_id,
                request.status,
                request.reason,
                request.is_outcome_unknown,
                to_micros(request.requested_at),
                maybe_to_micros(request.answered_at),
                maybe_to_micros(request.ended_at),
                to_micros(request.waits_until),
            ),
        )

    def open(self, station_key: int) -> Sequence[RemoteRequest]:
        rows = self._unit.all(
            f"{_SELECT} WHERE r.station_key = ? AND r.ended_at IS NULL ORDER BY r.errand", (station_key,)
        )
        return [_to_request(row) for row in rows]

    def change(self, request: RemoteRequest) -> None:
        self._unit.execute(
            _CHANGE,
            (
                request.state.value,
                request.transaction_id,
                request.status,
                request.reason,
                request.is_outcome_unknown,
                maybe_to_micros(request.answered_at),
                maybe_to_micros(request.ended_at),
                to_micros(request.waits_until),
                request.errand,
            ),
        )

    def find(self, errand: ErrandNumber) -> RemoteRequest | None:
        row = self._unit.one(f"{_SELECT} WHERE r.errand = ?", (errand,))
        return None if row is None else _to_request(row)

    def overdue(self, at: datetime) -> Sequence[RemoteRequest]:
        rows = self._unit.all(f"{_SELECT} WHERE r.ended_at IS NULL AND r.waits_until <= ?", (to_micros(at),))
        return [_to_request(row) for row in rows]

    def is_overdue(self, at: datetime) -> bool:
        sql = "SELECT 1 FROM remote_request WHERE ended_at IS NULL AND waits_until <= ? LIMIT 1"
        return self._unit.one(sql, (to_micros(at),)) is not None

    def list(self, wanted: RemoteRequestFilter, page: PageRequest) -> Page[RemoteRequest]:
        statement = _filtered(_shown(), wanted).order_by(_columns.errand.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.errand < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_request, lambda row: row[2])


def _shown() -> Select[Any]:
    station, errand = metadata.tables["station"], metadata.tables["errand"]
    return (
        select(station.c.identity, errand.c.sent_at, *columns_of(remote_request, _SHOWN))
        .join(station, station.c.key == _columns.station_key)
        .outerjoin(errand, errand.c.number == _columns.errand)
    )


def _filtered(statement: Select[Any], wanted: RemoteRequestFilter) -> Select[Any]:
    if wanted.station is not None:
        statement = statement.where(metadata.tables["station"].c.identity == wanted.station)
    if wanted.kind is not None:
        statement = statement.where(_columns.kind == wanted.kind.value)
    if wanted.states is not None:
        statement = statement.where(_columns.state.in_(sorted(state.value for state in wanted.states)))
    return statement


def _to_request(row: Row) -> RemoteRequest:
    station, sent_at, errand, kind, state, asked_by, evse, id_token, transaction_id, status, reason = row[:11]
    is_outcome_unknown, requested_at, answered_at, ended_at, waits_until = row[11:]
    return RemoteRequest(
        errand=ErrandNumber(errand),
        station=station,
        kind=RequestKind(kind),
        state=RequestState(state),
        asked_by=asked_by,
        evse=None if evse is None else to_place(evse),
        id_token=id_token,
        transaction_id=transaction_id,
        status=status,
        reason=reason,
        is_outcome_unknown=bool(is_outcome_unknown),
        requested_at=from_micros(requested_at),
        sent_at=maybe_from_micros(sent_at),
        answered_at=maybe_from_micros(answered_at),
        ended_at=maybe_from_micros(ended_at),
        waits_until=from_micros(waits_until),
    )
