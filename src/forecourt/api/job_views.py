"""Jobs and the reports about them as the REST interface shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec

from forecourt.api.csv import Cell
from forecourt.domain.jobs.model import Channel, Doubt, Job, JobKind, JobState, StoredReport


class JobReportView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A report of a station as it was received; ``doubts`` says what is odd about it."""

    status: str
    request_id: int | None
    doubts: Sequence[Doubt]
    received_at: datetime


class StrayReportView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A report that belongs to no job. ``channel`` is the kind of notification that it came by."""

    station_id: str
    channel: Channel
    status: str
    request_id: int | None
    doubts: Sequence[Doubt]
    received_at: datetime


class JobView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An upload or an installation. The ``location`` is shown without what signs in there; ``requestId`` is null where
    the station's reports have none. While ``endedAt`` is null, reports are awaited; ``lastStatusAt`` tells since when
    there was none."""

    job: int
    station_id: str
    kind: JobKind
    state: JobState
    reason: str | None
    request_id: int | None
    operation: str
    errand: int | None
    asked_by: str
    location: str
    file_name: str | None
    asked_at: datetime
    answered_at: datetime | None
    last_status: str | None
    last_status_at: datetime | None
    ended_at: datetime | None


class JobSheetView(msgspec.Struct, frozen=True, rename="camel"):
    """A job with its reports, oldest first; of very many reports the newest thousand."""

    job: JobView
    history: Sequence[JobReportView]


def show_job(job: Job) -> JobView:
    return JobView(
        job=job.number,
        station_id=job.station,
        kind=job.kind,
        state=job.state,
        reason=job.reason,
        request_id=job.request_id,
        operation=job.operation,
        errand=job.errand,
        asked_by=job.asked_by,
        location=job.location,
        file_name=job.file_name,
        asked_at=job.asked_at,
        answered_at=job.answered_at,
        last_status=job.last_status,
        last_status_at=job.last_status_at,
        ended_at=job.ended_at,
    )


def show_sheet(job: Job, history: Sequence[StoredReport]) -> JobSheetView:
    return JobSheetView(show_job(job), [_show_report(report) for report in history])


def _show_report(report: StoredReport) -> JobReportView:
    return JobReportView(
        status=report.status,
        request_id=report.request_id,
        doubts=_sorted(report.doubts),
        received_at=report.received_at,
    )


def show_stray_report(report: StoredReport) -> StrayReportView:
    return StrayReportView(
        station_id=report.station,
        channel=report.channel,
        status=report.status,
        request_id=report.request_id,
        doubts=_sorted(report.doubts),
        received_at=report.received_at,
    )


def _sorted(doubts: frozenset[Doubt]) -> list[Doubt]:
    return sorted(doubts, key=lambda doubt: doubt.value)


JOB_COLUMNS: Final = tuple(field.encode_name for field in msgspec.structs.fields(JobView))


def job_rows(job: Job) -> Iterator[Sequence[Cell]]:
    view = show_job(job)
    cells = (getattr(view, name) for name in view.__struct_fields__)
    yield [cell.value if isinstance(cell, JobKind | JobState) else cell for cell in cells]
