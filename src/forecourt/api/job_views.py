"""Jobs and the reports about them as the REST interface shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from forecourt.api.file_views import ReceivedFileView, show_file
from forecourt.domain.files.model import ReceivedFile
from forecourt.domain.jobs.model import Channel, Doubt, Job, JobKind, JobState, StoredReport


class JobReportView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A report of a station as it was received; ``doubts`` says what is odd about it."""

    status: Annotated[str, Meta(description="What was reported, as the station spelled it.")]
    request_id: Annotated[int | None, Meta(description="The request that the station named, if any.")]
    doubts: Annotated[Sequence[Doubt], Meta(description="What is odd about it.")]
    received_at: Annotated[datetime, Meta(description="When it was received.")]


class StrayReportView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A report that belongs to no job. ``channel`` is the kind of notification that it came by."""

    station_id: Annotated[str, Meta(description="The station that reported.")]
    channel: Annotated[Channel, Meta(description="The kind of notification that it came by.")]
    status: Annotated[str, Meta(description="What was reported, as the station spelled it.")]
    request_id: Annotated[int | None, Meta(description="The request that the station named, if any.")]
    doubts: Annotated[Sequence[Doubt], Meta(description="What is odd about it.")]
    received_at: Annotated[datetime, Meta(description="When it was received.")]


class JobView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An upload or an installation. The ``location`` is shown without what signs in there; ``requestId`` is null where
    the station's reports have none. While ``endedAt`` is null, reports are awaited; ``lastStatusAt`` tells since when
    there was none."""

    job: Annotated[int, Meta(description="Its number.")]
    station_id: Annotated[str, Meta(description="The station that uploads or installs.")]
    kind: Annotated[JobKind, Meta(description="What it is that is uploaded or installed.")]
    state: Annotated[JobState, Meta(description="How far it is.")]
    reason: Annotated[str | None, Meta(description="Why it failed, in a sentence.")]
    request_id: Annotated[
        int | None, Meta(description="The number that the station repeats in its reports; null where they have none.")
    ]
    operation: Annotated[str, Meta(description="The operation that it was asked for with.")]
    errand: Annotated[int | None, Meta(description="The errand that asks the station for it; null when there is none.")]
    asked_by: Annotated[str, Meta(description="Who asked for it.")]
    location: Annotated[str, Meta(description="Where to or where from, without what signs in there.")]
    file_name: Annotated[str | None, Meta(description="The name of the file, when the station told it.")]
    image: Annotated[
        int | None, Meta(description="The firmware image that it installs, as long as that image is kept here.")
    ]
    image_name: Annotated[str | None, Meta(description="The name of that image.")]
    asked_at: Annotated[datetime, Meta(description="When it was asked for.")]
    answered_at: Annotated[
        datetime | None, Meta(description="When the station answered that it will do it, or will not.")
    ]
    last_status: Annotated[str | None, Meta(description="The newest status that the station reported.")]
    last_status_at: Annotated[datetime | None, Meta(description="When that was received.")]
    ended_at: Annotated[datetime | None, Meta(description="When it ended; null while reports are awaited.")]


class JobSheetView(msgspec.Struct, frozen=True, rename="camel"):
    """A job with its reports, oldest first; of very many reports the newest thousand."""

    job: Annotated[JobView, Meta(description="The job.")]
    history: Annotated[Sequence[JobReportView], Meta(description="Its reports, oldest first.")]
    files: Annotated[Sequence[ReceivedFileView], Meta(description="What was received here for it, newest first.")]


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
        image=job.image,
        image_name=job.image_name,
        asked_at=job.asked_at,
        answered_at=job.answered_at,
        last_status=job.last_status,
        last_status_at=job.last_status_at,
        ended_at=job.ended_at,
    )


def show_sheet(job: Job, history: Sequence[StoredReport], files: Sequence[ReceivedFile]) -> JobSheetView:
    reports = [_show_report(report) for report in history]
    return JobSheetView(show_job(job), reports, [show_file(file) for file in files])


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
