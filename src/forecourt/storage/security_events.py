"""Security events in the database, and which stations speak the security extension."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Boolean, Column, Index, Table, Text, UniqueConstraint, func, select
from sqlalchemy.sql import Select

from forecourt.domain.paging import Page, PageRequest, Tail
from forecourt.domain.security.model import SecurityEvent, SecurityEventFilter, StoredEvent
from forecourt.storage.bulk import Bulk
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import Key, columns_of, from_micros, metadata, moment, paged, station_key, text, to_micros
from forecourt.storage.tails import Numbering, found_after
from forecourt.storage.unit_of_work import Unit

security_event: Final = Table(
    "security_event",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    station_key(),
    moment("occurred_at"),
    text("type"),
    text("tech_info"),
    Column("is_critical", Boolean),
    moment("received_at"),
    UniqueConstraint("station_key", "occurred_at", "type", "tech_info", name="one_security_event"),
    Index("security_event_of_station", "station_key", "key"),
    sqlite_autoincrement=True,
)
"""An event without further information has an empty ``tech_info``, so that it too is one of its kind."""

capability: Final = Table(
    "capability",
    metadata,
    station_key(primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    moment("seen_at"),
)
"""What a station was seen to be able to do."""

_columns = security_event.c
_EVENTS: Final = Bulk(
    security_event,
    ["station_key", "occurred_at", "type", "tech_info", "is_critical", "received_at"],
    key=["station_key", "occurred_at", "type", "tech_info"],
    assignments={
        "is_critical": "security_event.is_critical",
        "received_at": "security_event.received_at",
    },
    merge=lambda old, _new: old,
)
_CAPABILITIES: Final = Bulk(capability, ["station_key", "name", "seen_at"], key=["station_key", "name"])
_NUMBERS: Final = Numbering(security_event, number="key", written_at="received_at")
_EXTENSION: Final = "security extension"
_HAS_EXTENSION: Final = (
    "SELECT 1 FROM station AS s WHERE s.key = ?"
    " AND (EXISTS (SELECT 1 FROM capability AS c WHERE c.station_key = s.key AND c.name = ?)"
    " OR EXISTS (SELECT 1 FROM setting AS t WHERE t.station_key = s.key AND t.folded = 'securityprofile'"
    " AND NOT t.is_unknown))"
)


class SecurityRecords:
    """The SecurityStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def record(self, station_key: int, event: SecurityEvent, *, is_critical: bool | None, at: datetime) -> None:
        occurred_at, received_at = to_micros(event.occurred_at), to_micros(at)
        row = (station_key, occurred_at, event.type, event.tech_info or "", is_critical, received_at)
        self._unit.append(_EVENTS, row)

    def list(self, wanted: SecurityEventFilter, page: PageRequest) -> Page[StoredEvent]:
        statement = _wanted(wanted).order_by(_columns.key.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.key < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_event, lambda row: row[0])

    def after(
        self, number: int, wanted: SecurityEventFilter, limit: int, *, committed_before: datetime
    ) -> Tail[StoredEvent]:
        settled = _NUMBERS.settled_after(self._unit, number, committed_before)
        statement = _wanted(wanted).where(_columns.key > number, _columns.key <= settled.number)
        rows = self._unit.select(statement.order_by(_columns.key).limit(limit))
        return found_after(rows, _to_event, limit=limit, settled=settled)

    def settled(self, *, committed_before: datetime) -> int:
        return _NUMBERS.settled(self._unit, committed_before)

    def note_extension(self, station_key: int, at: datetime) -> None:
        self._unit.append(_CAPABILITIES, (station_key, _EXTENSION, to_micros(at)))

    def has_extension(self, station_key: int) -> bool:
        return self._unit.one(_HAS_EXTENSION, (station_key, _EXTENSION)) is not None


def _wanted(wanted: SecurityEventFilter) -> Select[Any]:  # Any: a statement of any columns
    station = metadata.tables["station"]
    statement = select(
        _columns.key,
        station.c.identity,
        *columns_of(security_event, "type occurred_at tech_info is_critical received_at"),
    ).join(station, station.c.key == _columns.station_key)
    if wanted.station is not None:
        statement = statement.where(station.c.identity == wanted.station)
    if wanted.type is not None:
        statement = statement.where(func.lower(_columns.type) == wanted.type.lower())
    if wanted.is_critical is not None:
        is_critical = _columns.is_critical.is_(True)
        statement = statement.where(is_critical if wanted.is_critical else _columns.is_critical.is_not(True))
    if wanted.since is not None:
        statement = statement.where(_columns.occurred_at >= to_micros(wanted.since))
    if wanted.until is not None:
        statement = statement.where(_columns.occurred_at < to_micros(wanted.until))
    return statement


def _to_event(row: Row) -> StoredEvent:
    number, station, kind, occurred_at, tech_info, is_critical, received_at = row
    event = SecurityEvent(type=kind, occurred_at=from_micros(occurred_at), tech_info=tech_info or None)
    was_critical = None if is_critical is None else bool(is_critical)
    return StoredEvent(station, event, was_critical, from_micros(received_at), number)
