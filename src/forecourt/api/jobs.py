"""Jobs: uploads of logs and installations of firmware, and how stations say they go."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from litestar import Controller, delete, get
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter, QueryParameter, SkipValidation
from litestar.response import Stream

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.job_views import (
    JobSheetView,
    JobView,
    StrayReportView,
    show_job,
    show_sheet,
    show_stray_report,
)
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.words import MAX_LONG, StationQuery, Works, utc
from forecourt.asgi.csv import csv_download
from forecourt.asgi.rows.jobs import JOB_COLUMNS, job_rows
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import not_found
from forecourt.domain.files.model import FileFilter
from forecourt.domain.jobs.model import JobFilter, JobKind, JobNumber
from forecourt.domain.paging import PageRequest
from forecourt.domain.services import Services

MOST_FILES: Final = 100

Number = Annotated[int, PathParameter(description="The number of the job.")]

Chosen = NamedDependency[SkipValidation[JobFilter]]


async def chosen_jobs(
    *,
    station_id: StationQuery = None,
    kind: Annotated[JobKind | None, QueryParameter(description="Only those of this kind.")] = None,
    is_open: Annotated[
        bool | None, QueryParameter(name="open", description="Only those that have not ended, or have.")
    ] = None,
    image: Annotated[
        int | None, QueryParameter(description="Only installations of this firmware image.", ge=1, le=MAX_LONG)
    ] = None,
    since: Annotated[
        datetime | None, QueryParameter(name="from", description="Asked for at this time or later.")
    ] = None,
    until: Annotated[datetime | None, QueryParameter(name="to", description="Asked for before this time.")] = None,
) -> JobFilter:
    """Which jobs a request asks for."""
    return JobFilter(
        station=station_id,
        kind=kind,
        is_open=is_open,
        image=image,
        since=utc(since, "from"),
        until=utc(until, "to"),
    )


class Jobs(Controller):
    tags = ("Jobs",)
    opt = access(view=Permission.VIEW, change=Permission.OPERATE)
    dependencies = {"chosen": Provide(chosen_jobs)}  # noqa: RUF012  # declared so by the framework

    @get("/jobs", summary="List jobs", operation_id="listJobs")
    async def list_all(self, workspace: Works, page: Paging, chosen: Chosen) -> Listing[JobView]:
        """Newest first. They are asked for with CollectLog and InstallFirmware, or with the actions of OCPP."""
        return listing(await workspace.read(lambda services: services.jobs.list(chosen, page)), show_job)

    @get("/jobs.csv", summary="Download jobs as CSV", operation_id="downloadJobs")
    async def download(self, workspace: Works, chosen: Chosen) -> Stream:
        """All that match, newest first. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.jobs.list(chosen, page),
            columns=JOB_COLUMNS,
            rows=job_rows,
            filename="jobs.csv",
        )

    @get("/jobs/{job:int}", summary="Show a job and its reports", operation_id="getJob")
    async def show(self, job: Number, workspace: Works) -> JobSheetView:
        number = _number(job)

        def work(services: Services) -> JobSheetView:
            files = services.files.list(FileFilter(job=number), PageRequest(MOST_FILES))
            return show_sheet(services.jobs.get(number), services.jobs.history(number), files.items)

        return await workspace.read(work)

    @delete("/jobs/{job:int}", status_code=200, summary="Stop following a job", operation_id="giveUpJob")
    async def give_up(self, job: Number, workspace: Works, asked_by: AskedBy) -> JobView:
        """The station is not told and may go on. For a job of which no report will come any more."""
        number = _number(job)
        return show_job(await workspace.write(lambda services: services.jobs.give_up(number, asked_by)))

    @get("/stray-reports", summary="List reports that belong to no job", operation_id="listStrayReports")
    async def stray_reports(
        self, workspace: Works, page: Paging, station_id: StationQuery = None
    ) -> Listing[StrayReportView]:
        """Newest first. Reports of what a station did by itself are among them, and those that break the standard."""
        found = await workspace.read(lambda services: services.jobs.stray_reports(station_id, page))
        return listing(found, show_stray_report)


def _number(job: int) -> JobNumber:
    if not 0 < job <= MAX_LONG:
        raise not_found(f"There is no job {job}.")
    return JobNumber(job)
