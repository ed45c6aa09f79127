"""Tickets and received files in the database; their contents lie on the shelf."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, Table, select
from sqlalchemy.sql import Select

from forecourt.domain.files.model import (
    Arrival,
    Carrier,
    Direction,
    FileFilter,
    FileNumber,
    Kept,
    ReceivedFile,
    Ticket,
    TicketNumber,
)
from forecourt.domain.files.store import TicketDraft
from forecourt.domain.jobs.model import JobNumber, JobState
from forecourt.domain.paging import Page, PageRequest
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
)
from forecourt.storage.unit_of_work import Unit

file_ticket: Final = Table(
    "file_ticket",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    station_key(),
    text("direction"),
    text("digest"),
    Column("job", BigInteger),
    text("file", is_required=False),
    text("name"),
    Column("max_bytes", BigInteger, nullable=False),
    Column("uses_left", Integer, nullable=False),
    moment("made_at"),
    moment("ends_at"),
    sqlite_autoincrement=True,
)
Index("file_ticket_digest", file_ticket.c.digest, unique=True)
Index("file_ticket_end", file_ticket.c.ends_at)

received_file: Final = Table(
    "received_file",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    station_key(),
    Column("job", BigInteger),
    Column("ticket", BigInteger, nullable=False),
    text("stored_as"),
    text("name"),
    Column("size", BigInteger, nullable=False),
    text("sha256"),
    moment("received_at"),
    text("address"),
    text("carrier"),
    sqlite_autoincrement=True,
)
_columns = received_file.c
Index("received_file_of_station", _columns.station_key, _columns.number)
Index("received_file_of_job", _columns.job, _columns.number)
Index("received_file_of_ticket", _columns.ticket)
Index("received_file_stored", _columns.stored_as, unique=True)
Index("received_file_at", _columns.received_at)

file_system: Final = Table(
    "file_system",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    text("id"),
)
"""The id of this system, for the mark on its shelf: one row at most."""

_ADD_TICKET: Final = (
    "INSERT INTO file_ticket (station_key, direction, digest, job, file, name, max_bytes, uses_left, made_at, ends_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number"
)
_FIND_TICKET: Final = (
    "SELECT t.number, s.identity, t.direction, t.job, j.state, t.file, t.name, t.max_bytes, t.uses_left, t.ends_at,"
    " s.removed_at IS NULL"
    " FROM file_ticket AS t JOIN station AS s ON s.key = t.station_key LEFT JOIN job AS j ON j.number = t.job"
    " WHERE t.digest = ?"
)
_ADD: Final = (
    "INSERT INTO received_file (station_key, job, ticket, stored_as, name, size, sha256, received_at, address, carrier)"
    " SELECT station_key, job, number, ?, ?, ?, ?, ?, ?, ? FROM file_ticket WHERE number = ? RETURNING number"
)
_REMOVE_OLDER: Final = (
    "DELETE FROM received_file WHERE number IN"
    " (SELECT number FROM received_file WHERE received_at < ? ORDER BY received_at LIMIT ?)"
)
_SHOWN: Final = "number job stored_as name size sha256 received_at address carrier"


class FileRecords:
    """The FileStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # Tickets

    def add_ticket(self, station_key: int, draft: TicketDraft, at: datetime) -> TicketNumber:
        row = self._unit.upsert(
            _ADD_TICKET,
            (
                station_key,
                draft.direction.value,
                draft.digest,
                draft.job,
                draft.file,
                draft.name,
                draft.max_bytes,
                draft.uses,
                to_micros(at),
                to_micros(draft.ends_at),
            ),
        )
        return TicketNumber(row[0])

    def find_ticket(self, digest: str) -> Ticket | None:
        row = self._unit.one(_FIND_TICKET, (digest,))
        return None if row is None else _to_ticket(row)

    def use_ticket(self, number: TicketNumber) -> bool:
        sql = "UPDATE file_ticket SET uses_left = uses_left - 1 WHERE number = ? AND uses_left > 0"
        return self._unit.execute(sql, (number,)) > 0

    def remove_tickets(self, *, ended_before: datetime) -> None:
        self._unit.execute("DELETE FROM file_ticket WHERE ends_at < ?", (to_micros(ended_before),))

    # Received files

    def add(self, ticket: TicketNumber, kept: Kept, arrival: Arrival, at: datetime) -> FileNumber:
        values = (kept.name, arrival.name, kept.size, kept.sha256, to_micros(at), arrival.address)
        row = self._unit.upsert(_ADD, (*values, arrival.carrier.value, ticket))
        return FileNumber(row[0])

    def find(self, number: FileNumber) -> ReceivedFile | None:
        return self._first(_shown().where(_columns.number == number))

    def with_ticket(self, ticket: TicketNumber) -> ReceivedFile | None:
        return self._first(_shown().where(_columns.ticket == ticket))

    def list(self, wanted: FileFilter, page: PageRequest) -> Page[ReceivedFile]:
        statement = _filtered(_shown(), wanted).order_by(_columns.number.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.number < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_file, lambda row: row[1])

    def remove(self, number: FileNumber) -> bool:
        return self._unit.execute("DELETE FROM received_file WHERE number = ?", (number,)) > 0

    def has_older(self, than: datetime) -> bool:
        sql = "SELECT 1 FROM received_file WHERE received_at < ? LIMIT 1"
        return self._unit.one(sql, (to_micros(than),)) is not None

    def remove_older(self, than: datetime, limit: int) -> int:
        return self._unit.execute(_REMOVE_OLDER, (to_micros(than), limit))

    def system(self, drawn: str) -> str:
        self._unit.execute("INSERT INTO file_system (one, id) VALUES (1, ?) ON CONFLICT (one) DO NOTHING", (drawn,))
        row = self._unit.one("SELECT id FROM file_system WHERE one = 1", ())
        return drawn if row is None else str(row[0])

    def known(self, names: Sequence[str]) -> frozenset[str]:
        statement = select(_columns.stored_as)
        found: set[str] = set()
        for start in range(0, len(names), 500):
            rows = self._unit.select(statement.where(_columns.stored_as.in_(names[start : start + 500])))
            found.update(row[0] for row in rows)
        return frozenset(found)

    def _first(self, statement: Select[Any]) -> ReceivedFile | None:
        rows = self._unit.select(statement.order_by(_columns.number.desc()).limit(1))
        return _to_file(rows[0]) if rows else None


def _shown() -> Select[Any]:
    station = metadata.tables["station"]
    return select(station.c.identity, *columns_of(received_file, _SHOWN)).join(
        station, station.c.key == _columns.station_key
    )


def _filtered(statement: Select[Any], wanted: FileFilter) -> Select[Any]:
    if wanted.station is not None:
        statement = statement.where(metadata.tables["station"].c.identity == wanted.station)
    if wanted.job is not None:
        statement = statement.where(_columns.job == wanted.job)
    if wanted.since is not None:
        statement = statement.where(_columns.received_at >= to_micros(wanted.since))
    if wanted.until is not None:
        statement = statement.where(_columns.received_at < to_micros(wanted.until))
    return statement


def _to_ticket(row: Row) -> Ticket:
    number, station, direction, job, state, file, name, max_bytes, uses_left, ends_at, is_registered = row
    return Ticket(
        number=TicketNumber(number),
        station=station,
        direction=Direction(direction),
        job=None if job is None else JobNumber(job),
        job_state=None if state is None else JobState(state),
        file=file,
        name=name,
        max_bytes=max_bytes,
        uses_left=uses_left,
        ends_at=from_micros(ends_at),
        is_registered=bool(is_registered),
    )


def _to_file(row: Row) -> ReceivedFile:
    station, number, job, stored_as, name, size, sha256, received_at, address, carrier = row
    return ReceivedFile(
        number=FileNumber(number),
        station=station,
        job=None if job is None else JobNumber(job),
        stored_as=stored_as,
        name=name,
        size=size,
        sha256=sha256,
        received_at=from_micros(received_at),
        address=address,
        carrier=Carrier(carrier),
    )
