"""Jobs in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, or_, select
from sqlalchemy.sql import Select

from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.jobs.model import Channel, Job, JobDraft, JobFilter, JobKind, JobNumber, JobState
from forecourt.domain.paging import Page, PageRequest
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

job: Final = Table(
    "job",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    station_key(),
    text("kind"),
    Column("request_id", BigInteger),
    text("operation"),
    Column("errand", BigInteger),
    text("asked_by"),
    text("location"),
    Column("may_be_unsigned", Boolean, nullable=False),
    text("state"),
    text("reason", is_required=False),
    text("file_name", is_required=False),
    moment("asked_at"),
    moment("answered_at", is_required=False),
    text("step", is_required=False),
    text("last_status", is_required=False),
    moment("last_status_at", is_required=False),
    moment("ended_at", is_required=False),
    sqlite_autoincrement=True,
)

_columns = job.c
_is_open = _columns.ended_at.is_(None)
Index(
    "job_open",
    _columns.station_key,
    _columns.ended_at,  # so that it promises SQLite more than the index of all jobs of a station
    _columns.number,
    sqlite_where=_is_open,
    postgresql_where=_is_open,
)
Index("job_of_station", _columns.station_key, _columns.number)
Index("job_of_request", _columns.station_key, _columns.request_id)
Index("job_of_errand", _columns.errand)

_ADD: Final = (
    "INSERT INTO job (station_key, kind, request_id, operation, errand, asked_by, location, may_be_unsigned, state,"
    " asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number"
)
_PUT: Final = (
    "UPDATE job SET kind = ?, request_id = ?, errand = ?, state = ?, reason = ?, file_name = ?, answered_at = ?,"
    " step = ?, last_status = ?, last_status_at = ?, ended_at = ? WHERE number = ? AND state = ?"
)
_SHOWN: Final = (
    "number kind request_id operation errand asked_by location may_be_unsigned state reason file_name asked_at"
    " answered_at step last_status last_status_at ended_at"
)
_KINDS: Final = {channel: sorted(kind.value for kind in JobKind if kind.channel is channel) for channel in Channel}


class Jobs:
    """The JobStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, station_key: int, draft: JobDraft, state: JobState, at: datetime) -> JobNumber:
        number = self._insert(station_key, draft, state, at)
        if draft.request_id is not None or not draft.kind.channel.has_request_ids:
            return number
        # The number is the id, so that an id is known by heart to be one of ours; but an operator may have used it.
        while self._is_taken(station_key, number):
            self._unit.execute("DELETE FROM job WHERE number = ?", (number,))
            number = self._insert(station_key, draft, state, at)
        self._unit.execute("UPDATE job SET request_id = number WHERE number = ?", (number,))
        return number

    def _insert(self, station_key: int, draft: JobDraft, state: JobState, at: datetime) -> JobNumber:
        row = self._unit.upsert(
            _ADD,
            (
                station_key,
                draft.kind.value,
                draft.request_id,
                draft.operation,
                draft.errand,
                draft.asked_by,
                draft.location,
                draft.may_be_unsigned,
                state.value,
                to_micros(at),
            ),
        )
        return JobNumber(row[0])

    def _is_taken(self, station_key: int, request_id: int) -> bool:
        sql = "SELECT 1 FROM job WHERE station_key = ? AND request_id = ? LIMIT 1"
        return self._unit.one(sql, (station_key, request_id)) is not None

    def put(self, job: Job, *, of: JobState) -> bool:
        changed = self._unit.execute(
            _PUT,
            (
                job.kind.value,
                job.request_id,
                job.errand,
                job.state.value,
                job.reason,
                job.file_name,
                maybe_to_micros(job.answered_at),
                job.step,
                job.last_status,
                maybe_to_micros(job.last_status_at),
                maybe_to_micros(job.ended_at),
                job.number,
                of.value,
            ),
        )
        return changed > 0

    def find(self, number: JobNumber) -> Job | None:
        return self._first(_shown().where(_columns.number == number))

    def find_by_errand(self, errand: ErrandNumber) -> Job | None:
        return self._first(_shown().where(_columns.errand == errand))

    def find_by_request(self, station_key: int, channel: Channel, request_id: int) -> Job | None:
        return self._first(_of(station_key, channel).where(_columns.request_id == request_id))

    def newest(self, station_key: int, channel: Channel) -> Job | None:
        return self._first(_of(station_key, channel))

    def at_work(self, station_key: int, channel: Channel) -> Sequence[Job]:
        errand = metadata.tables["errand"]
        is_sent = select(errand.c.number).where(errand.c.number == _columns.errand, errand.c.state == "sent").exists()
        statement = _of(station_key, channel).where(_is_open, or_(_columns.state != JobState.ASKED.value, is_sent))
        return [_to_job(row) for row in self._unit.select(statement)]

    def list(self, wanted: JobFilter, page: PageRequest) -> Page[Job]:
        statement = _filtered(_shown(), wanted).order_by(_columns.number.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.number < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_job, lambda row: row[1])

    def _first(self, statement: Select[Any]) -> Job | None:
        rows = self._unit.select(statement.order_by(_columns.number.desc()).limit(1))
        return _to_job(rows[0]) if rows else None


def _shown() -> Select[Any]:
    station, installing, image = (metadata.tables[name] for name in ("station", "firmware_job", "firmware_image"))
    return (
        select(station.c.identity, *columns_of(job, _SHOWN), image.c.number, image.c.name)
        .join(station, station.c.key == _columns.station_key)
        .outerjoin(installing, installing.c.job == _columns.number)
        .outerjoin(image, image.c.number == installing.c.image)
    )


def _of(station_key: int, channel: Channel) -> Select[Any]:
    return _shown().where(_columns.station_key == station_key, _columns.kind.in_(_KINDS[channel]))


def _filtered(statement: Select[Any], wanted: JobFilter) -> Select[Any]:
    if wanted.station is not None:
        statement = statement.where(metadata.tables["station"].c.identity == wanted.station)
    if wanted.kind is not None:
        statement = statement.where(_columns.kind == wanted.kind.value)
    if wanted.image is not None:
        statement = statement.where(metadata.tables["firmware_job"].c.image == wanted.image)
    if wanted.is_open is not None:
        statement = statement.where(_is_open if wanted.is_open else _columns.ended_at.is_not(None))
    if wanted.since is not None:
        statement = statement.where(_columns.asked_at >= to_micros(wanted.since))
    if wanted.until is not None:
        statement = statement.where(_columns.asked_at < to_micros(wanted.until))
    return statement


def _to_job(row: Row) -> Job:
    station, number, kind, request_id, operation, errand, asked_by, location, may_be_unsigned, state = row[:10]
    reason, file_name, asked_at, answered_at, step, last_status, last_status_at, ended_at = row[10:18]
    return Job(
        number=JobNumber(number),
        station=station,
        kind=JobKind(kind),
        request_id=request_id,
        operation=operation,
        errand=None if errand is None else ErrandNumber(errand),
        asked_by=asked_by,
        location=location,
        may_be_unsigned=bool(may_be_unsigned),
        state=JobState(state),
        reason=reason,
        file_name=file_name,
        asked_at=from_micros(asked_at),
        answered_at=maybe_from_micros(answered_at),
        step=step,
        last_status=last_status,
        last_status_at=maybe_from_micros(last_status_at),
        ended_at=maybe_from_micros(ended_at),
        image=row[18],
        image_name=row[19],
    )
