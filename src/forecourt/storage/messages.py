"""The message log in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Column, Index, Table, select

from forecourt.domain.message_log.model import Direction, Exchange, LoggedMessage, MessageFilter
from forecourt.domain.paging import Page, PageRequest
from forecourt.storage.bulk import Bulk
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import (
    Key,
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
)
from forecourt.storage.unit_of_work import Unit

message: Final = Table(
    "message",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    station_key(),
    text("direction"),
    text("action"),
    text("message_id"),
    text("request"),
    text("response", is_required=False),
    text("error", is_required=False),
    moment("at"),
    moment("answered_at", is_required=False),
    sqlite_autoincrement=True,
)

_columns = message.c
_has_failed = _columns.error.is_not(None)
Index("message_of_station", _columns.station_key, _columns.number)
Index("message_failed", _columns.number, sqlite_where=_has_failed, postgresql_where=_has_failed)

_WRITTEN: Final = "direction action message_id request response error at answered_at"
_EXCHANGES: Final = Bulk(message, ["station_key", *_WRITTEN.split()])
_OLDEST: Final = "SELECT number, at FROM message ORDER BY number LIMIT 1"
_NEWEST: Final = "SELECT number FROM message ORDER BY number DESC LIMIT 1"
_REMOVE: Final = "DELETE FROM message WHERE number < ? AND (number <= ? OR at < ?)"
_SLACK: Final = 1.01
"""A little more than is kept: else every second there would be something to remove."""


class MessageRecords:
    """The MessageStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, station_key: int, exchange: Exchange, at: datetime, answered_at: datetime | None) -> None:
        self._unit.append(
            _EXCHANGES,
            (
                station_key,
                exchange.direction.value,
                exchange.action,
                exchange.message_id,
                exchange.request,
                exchange.response,
                exchange.error,
                to_micros(at),
                maybe_to_micros(answered_at),
            ),
        )

    def list(self, wanted: MessageFilter, page: PageRequest) -> Page[LoggedMessage]:
        station = metadata.tables["station"]
        statement = (
            select(_columns.number, station.c.identity, *columns_of(message, _WRITTEN))
            .join(station, station.c.key == _columns.station_key)
            .order_by(_columns.number.desc())
        )
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.number < after)
        if wanted.station is not None:
            key = select(station.c.key).where(station.c.identity == wanted.station).scalar_subquery()
            statement = statement.where(_columns.station_key == key)
        if wanted.action is not None:
            statement = statement.where(_columns.action == wanted.action)
        if wanted.direction is not None:
            statement = statement.where(_columns.direction == wanted.direction.value)
        if wanted.since is not None:
            statement = statement.where(_columns.at >= to_micros(wanted.since))
        if wanted.until is not None:
            statement = statement.where(_columns.at < to_micros(wanted.until))
        if wanted.only_failed:
            statement = statement.where(_has_failed)
        return page_of(self._unit.select(paged(statement, page)), page, _to_message, lambda row: row[0])

    def has_surplus(self, most: int, before: datetime) -> bool:
        oldest, newest = self._unit.one(_OLDEST), self._unit.one(_NEWEST)
        if oldest is None or newest is None:
            return False
        return bool(newest[0] - oldest[0] >= most * _SLACK or oldest[1] < to_micros(before))

    def remove_surplus(self, most: int, before: datetime, limit: int) -> None:
        oldest, newest = self._unit.one(_OLDEST), self._unit.one(_NEWEST)
        if oldest is not None and newest is not None:
            self._unit.execute(_REMOVE, (oldest[0] + limit, newest[0] - most, to_micros(before)))


def _to_message(row: Row) -> LoggedMessage:
    number, station, direction, action, message_id, request, response, error, at, answered_at = row
    return LoggedMessage(
        number,
        station,
        Direction(direction),
        action,
        message_id,
        request,
        response,
        error,
        from_micros(at),
        maybe_from_micros(answered_at),
    )
