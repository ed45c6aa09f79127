"""What stations report of firmware updates and uploads of logs, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Table, select
from sqlalchemy.sql import Select

from forecourt.domain.jobs.model import Channel, Doubt, JobNumber, Report, StoredReport
from forecourt.domain.paging import Page, PageRequest
from forecourt.storage.bulk import Bulk
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import Key, columns_of, from_micros, metadata, moment, paged, station_key, text, to_micros
from forecourt.storage.unit_of_work import Unit

job_status: Final = Table(
    "job_status",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    station_key(),
    text("kind"),
    text("status"),
    moment("received_at"),
    Column("job", BigInteger),
    Column("request_id", BigInteger),
    text("doubts", is_required=False),
    Index("job_status_of_station", "station_key", "kind", "key"),
    Index("job_status_of_job", "job", "key"),
)

_columns = job_status.c
_STATUSES: Final = Bulk(job_status, ["station_key", "kind", "status", "received_at", "job", "request_id", "doubts"])


class JobStatuses:
    """The ReportStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def record(
        self,
        station_key: int,
        channel: Channel,
        report: Report,
        *,
        job: JobNumber | None,
        doubts: frozenset[Doubt],
        at: datetime,
    ) -> None:
        written = " ".join(sorted(doubt.value for doubt in doubts)) or None
        row = (station_key, channel.value, report.status, to_micros(at), job, report.request_id, written)
        self._unit.append(_STATUSES, row)
        column = "firmware_status" if channel.is_firmware else "diagnostics_status"
        self._unit.execute(f"UPDATE station SET {column} = ? WHERE key = ?", (report.status, station_key))

    def of_job(self, job: JobNumber, limit: int) -> Sequence[StoredReport]:
        statement = _shown().where(_columns.job == job).order_by(_columns.key.desc()).limit(limit)
        return [_to_report(row) for row in reversed(self._unit.select(statement))]

    def without_job(self, station: str | None, page: PageRequest) -> Page[StoredReport]:
        statement = _shown().where(_columns.job.is_(None)).order_by(_columns.key.desc())
        if station is not None:
            statement = statement.where(metadata.tables["station"].c.identity == station)
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.key < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_report, lambda row: row[0])


def _shown() -> Select[Any]:
    station = metadata.tables["station"]
    return select(
        _columns.key,
        station.c.identity,
        *columns_of(job_status, "kind job status request_id doubts received_at"),
    ).join(station, station.c.key == _columns.station_key)


def _to_report(row: Row) -> StoredReport:
    _, identity, kind, job, status, request_id, doubts, received_at = row
    return StoredReport(
        station=identity,
        channel=Channel(kind),
        job=None if job is None else JobNumber(job),
        status=status,
        request_id=request_id,
        doubts=frozenset(Doubt(name) for name in (doubts or "").split()),
        received_at=from_micros(received_at),
    )
