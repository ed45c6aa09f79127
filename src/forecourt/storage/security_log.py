"""The security log in the database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Table, select
from sqlalchemy.sql import Select

from forecourt.domain.paging import Page, PageRequest, Tail
from forecourt.domain.security_log.model import EntryNumber, Kind, Note, NoteFilter, StoredNote
from forecourt.storage.bulk import Bulk
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import Key, columns_of, from_micros, metadata, moment, paged, text, to_micros
from forecourt.storage.tails import Numbering, found_after
from forecourt.storage.unit_of_work import Unit

security_log: Final = Table(
    "security_log",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    text("kind"),
    text("reason"),
    text("station", is_required=False),
    text("address", is_required=False),
    text("asked_by", is_required=False),
    Column("count", BigInteger, nullable=False),
    moment("at"),
    Index("security_log_of_station", "station", "number"),
    Index("security_log_of_kind", "kind", "number"),
    sqlite_autoincrement=True,
)
"""An entry names a station by its identity, not by its key: it need not be registered, and may be removed."""

_columns = security_log.c
_KINDS: Final = {kind.value: kind for kind in Kind}
_WRITTEN: Final = "kind reason station address asked_by count at"
_ENTRIES: Final = Bulk(security_log, _WRITTEN.split())
_NUMBERS: Final = Numbering(security_log, number="number", written_at="at")
_PRUNE: Final = (
    "DELETE FROM security_log WHERE kind = ? AND number <="
    " (SELECT number FROM security_log WHERE kind = ? ORDER BY number DESC LIMIT 1 OFFSET ?)"
)


class SecurityLogRecords:
    """The SecurityLogStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, note: Note, at: datetime) -> None:
        row = (note.kind.value, note.reason, note.station, note.address, note.asked_by, note.count, to_micros(at))
        self._unit.append(_ENTRIES, row)

    def list(self, wanted: NoteFilter, page: PageRequest) -> Page[StoredNote]:
        statement = _wanted(wanted).order_by(_columns.number.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.number < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_stored, lambda row: row[0])

    def after(self, number: int, wanted: NoteFilter, limit: int, *, committed_before: datetime) -> Tail[StoredNote]:
        settled = _NUMBERS.settled_after(self._unit, number, committed_before)
        statement = _wanted(wanted).where(_columns.number > number, _columns.number <= settled.number)
        rows = self._unit.select(statement.order_by(_columns.number).limit(limit))
        return found_after(rows, _to_stored, limit=limit, settled=settled)

    def settled(self, *, committed_before: datetime) -> int:
        return _NUMBERS.settled(self._unit, committed_before)

    def prune(self, kinds: Collection[Kind], keep: int) -> None:
        for kind in sorted(kinds, key=lambda one: one.value):  # in one order, so that two nodes cannot block each other
            self._unit.execute(_PRUNE, (kind.value, kind.value, keep))


def _wanted(wanted: NoteFilter) -> Select[Any]:  # Any: a statement of any columns
    statement = select(_columns.number, *columns_of(security_log, _WRITTEN))
    if wanted.kinds is not None:
        statement = statement.where(_columns.kind.in_([kind.value for kind in wanted.kinds]))
    if wanted.station is not None:
        statement = statement.where(_columns.station == wanted.station)
    if wanted.address is not None:
        statement = statement.where(_columns.address == wanted.address)
    if wanted.asked_by is not None:
        statement = statement.where(_columns.asked_by == wanted.asked_by)
    if wanted.since is not None:
        statement = statement.where(_columns.at >= to_micros(wanted.since))
    if wanted.until is not None:
        statement = statement.where(_columns.at < to_micros(wanted.until))
    return statement


def _to_stored(row: Row) -> StoredNote:
    number, kind, reason, station, address, asked_by, count, at = row
    note = Note(kind=_KINDS[kind], reason=reason, station=station, address=address, asked_by=asked_by, count=count)
    return StoredNote(EntryNumber(number), note, from_micros(at))
