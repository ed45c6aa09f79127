"""The outbox in the database, and what is remembered to find out what nobody tells."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Table, literal_column, select
from sqlalchemy.sql import Select

from forecourt.domain.errands.model import BatchNumber
from forecourt.domain.events.kinds import Kind
from forecourt.domain.events.model import Event, EventFilter, EventNumber, Value
from forecourt.domain.events.store import Fault
from forecourt.domain.paging import Page, PageRequest, Tail
from forecourt.storage.availability import evse_status
from forecourt.storage.bulk import Bulk
from forecourt.storage.connection import Row
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
from forecourt.storage.tails import Numbering, found_after
from forecourt.storage.unit_of_work import Unit

COUNTED: Final = 10_000
"""How far events are counted that somebody has still to be sent."""

event: Final = Table(
    "event",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    text("kind"),
    text("subject"),
    text("station", is_required=False),
    text("data"),
    moment("at"),
    Index("event_of_kind", "kind", "number"),
    Index("event_of_station", "station", "number"),
    sqlite_autoincrement=True,
)
"""An event names a station by its identity, not by its key: it may be removed. ``data`` is JSON."""

connector_fault: Final = Table(
    "connector_fault",
    metadata,
    station_key(primary_key=True, autoincrement=False),
    Column("evse", BigInteger, primary_key=True, autoincrement=False),
    moment("at"),
)
"""Connectors of which it was told that they are faulted."""

_is_faulted = evse_status.c.status == literal_column("'Faulted'")
Index(
    "evse_faulted",
    evse_status.c.station_key,
    evse_status.c.evse,
    sqlite_where=_is_faulted,
    postgresql_where=_is_faulted,
)

_columns = event.c
_WRITTEN: Final = "kind subject station data at"
_EVENTS: Final = Bulk(event, _WRITTEN.split())
_NUMBERS: Final = Numbering(event, number="number", written_at="at")
KINDS: Final = {kind.value: kind for kind in Kind}

_PRUNE: Final = (
    "DELETE FROM event WHERE number IN (SELECT e.number FROM event AS e WHERE e.at < ? AND e.number <= ?"
    " AND NOT EXISTS (SELECT 1 FROM delivery AS d WHERE d.event = e.number) ORDER BY e.number LIMIT 5000)"
)
_NO_END: Final = 2**62
_STATE: Final = (
    "SELECT p.station_key, s.identity, p.evse, p.status, p.error_code, p.vendor_error_code, p.info, p.at"
    " FROM evse_status AS p JOIN station AS s ON s.key = p.station_key"
)
_NEWLY_FAULTED: Final = (
    f"{_STATE} LEFT JOIN connector_fault AS f ON f.station_key = p.station_key AND f.evse = p.evse"
    " WHERE p.status = 'Faulted' AND f.station_key IS NULL LIMIT ?"
)
_RECOVERED: Final = (
    f"{_STATE} JOIN connector_fault AS f ON f.station_key = p.station_key AND f.evse = p.evse"
    " WHERE p.status <> 'Faulted' LIMIT ?"
)
_NOTE_FAULT: Final = "INSERT INTO connector_fault (station_key, evse, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_ENDED_BATCHES: Final = (
    "SELECT b.number FROM errand_batch AS b WHERE b.told_at IS NULL AND b.is_written AND NOT EXISTS"
    " (SELECT 1 FROM errand AS e WHERE e.batch = b.number AND e.state IN ('queued', 'sent')) ORDER BY b.number LIMIT ?"
)


class EventRecords:
    """The EventStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, kind: Kind, subject: str, station: str | None, data: Mapping[str, Value], at: datetime) -> None:
        self._unit.append(_EVENTS, (kind.value, subject, station, json.dumps(data), to_micros(at)))

    def told_at(self, kind: Kind, place: int) -> datetime | None:
        sql = "SELECT at FROM event WHERE kind = ? ORDER BY number DESC LIMIT 1 OFFSET ?"
        row = self._unit.one(sql, (kind.value, place))
        return None if row is None else from_micros(row[0])

    def find(self, number: EventNumber) -> Event | None:
        rows = self._unit.select(_selected().where(_columns.number == number))
        return to_event(rows[0]) if rows else None

    def list(self, wanted: EventFilter, page: PageRequest) -> Page[Event]:
        statement = _wanted(wanted).order_by(_columns.number.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.number < after)
        return page_of(self._unit.select(paged(statement, page)), page, to_event, lambda row: row[0])

    def after(self, number: int, limit: int, *, committed_before: datetime) -> Tail[Event]:
        settled = _NUMBERS.settled_after(self._unit, number, committed_before)
        statement = _selected().where(_columns.number > number, _columns.number <= settled.number)
        rows = self._unit.select(statement.order_by(_columns.number).limit(limit))
        return found_after(rows, to_event, limit=limit, settled=settled)

    def settled(self, *, committed_before: datetime) -> int:
        return _NUMBERS.settled(self._unit, committed_before)

    def waiting(self, number: int) -> tuple[int, datetime | None]:
        sql = "SELECT count(*), min(at) FROM (SELECT at FROM event WHERE number > ? ORDER BY number LIMIT ?) AS behind"
        row = self._unit.one(sql, (number, COUNTED))
        return (0, None) if row is None or not row[0] else (int(row[0]), from_micros(row[1]))

    def prune(self, written_before: datetime, passed: int | None) -> None:
        self._unit.execute(_PRUNE, (to_micros(written_before), _NO_END if passed is None else passed))


class WatchRecords:
    """The WatchStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def newly_faulted(self, limit: int) -> Sequence[Fault]:
        return [_to_fault(row) for row in self._unit.all(_NEWLY_FAULTED, (limit,))]

    def recovered(self, limit: int) -> Sequence[Fault]:
        return [_to_fault(row) for row in self._unit.all(_RECOVERED, (limit,))]

    def note_faulted(self, fault: Fault) -> bool:
        row = (fault.station_key, to_number(fault.place), to_micros(fault.at))
        return self._unit.execute(_NOTE_FAULT, row) > 0

    def note_recovered(self, fault: Fault) -> bool:
        sql = "DELETE FROM connector_fault WHERE station_key = ? AND evse = ?"
        return self._unit.execute(sql, (fault.station_key, to_number(fault.place))) > 0

    def ended_batches(self, limit: int) -> Sequence[BatchNumber]:
        return [BatchNumber(row[0]) for row in self._unit.all(_ENDED_BATCHES, (limit,))]

    def note_batch(self, number: BatchNumber, at: datetime) -> bool:
        sql = "UPDATE errand_batch SET told_at = ? WHERE number = ? AND told_at IS NULL"
        return self._unit.execute(sql, (to_micros(at), number)) > 0


def to_event(row: Row) -> Event:
    """From the number and what is written, in this order."""
    number, kind, subject, station, data, at = row
    return Event(
        number=EventNumber(number),
        kind=KINDS[kind],
        subject=subject,
        station=station,
        data=json.loads(data),
        at=from_micros(at),
    )


def _selected() -> Select[Any]:  # Any: a statement of any columns
    return select(_columns.number, *columns_of(event, _WRITTEN))


def _wanted(wanted: EventFilter) -> Select[Any]:  # Any: as above
    statement = _selected()
    kinds = wanted.meant
    if kinds is not None:
        statement = statement.where(_columns.kind.in_(sorted(kind.value for kind in kinds)))
    if wanted.station is not None:
        statement = statement.where(_columns.station == wanted.station)
    if wanted.since is not None:
        statement = statement.where(_columns.at >= to_micros(wanted.since))
    if wanted.until is not None:
        statement = statement.where(_columns.at < to_micros(wanted.until))
    return statement


def _to_fault(row: Row) -> Fault:
    key, identity, evse, status, error_code, vendor_error_code, info, at = row
    return Fault(key, identity, to_place(evse), status, error_code, vendor_error_code, info, from_micros(at))
