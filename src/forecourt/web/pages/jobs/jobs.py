"""Jobs: uploads of logs and installations of firmware, with what the stations report of them."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from forecourt.asgi.csv import MEDIA_TYPE as CSV
from forecourt.asgi.csv import csv_download
from forecourt.asgi.rows.jobs import JOB_COLUMNS, job_rows
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.files.model import FileFilter, ReceivedFile
from forecourt.domain.jobs.model import Job, JobFilter, JobKind, JobNumber, StoredReport
from forecourt.domain.paging import PageRequest
from forecourt.domain.services import Services
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import translated
from forecourt.web.pages.jobs import wording
from forecourt.web.pages.numbers import MAX_LONG, known_number
from forecourt.web.pages.operations.permits import may_ask
from forecourt.web.visit import Typed, Visit, Visiting

MOST_FILES: Final = 100

STARTERS: Final = (
    *("CollectLog", "InstallFirmware"),
    *("GetDiagnostics", "GetLog", "UpdateFirmware", "SignedUpdateFirmware"),
)
"""The operations that begin jobs; those that this system composes stand first."""


class JobPages(Controller):
    @get("/jobs", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = jobs_wanted(visit.query)
        page = await visit.read(lambda services: services.jobs.list(wanted, visit.page()))
        catalogue = visit.house.catalogue
        starters = [name for name in STARTERS if name in catalogue and may_ask(visit, catalogue[name])]
        return visit.show("jobs/list.html", page=page, kinds=JobKind, starters=starters, words=wording)

    @get("/jobs.csv", permission=Permission.VIEW, media_type=CSV)
    async def download(self, visit: Visiting) -> Stream:
        wanted = jobs_wanted(visit.query)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.jobs.list(wanted, page),
            columns=JOB_COLUMNS,
            rows=job_rows,
            filename="jobs.csv",
        )

    @get("/jobs/stray-reports", permission=Permission.VIEW)
    async def stray_reports(self, visit: Visiting) -> Response[str]:
        station = visit.query.maybe_text("station")
        page = await visit.read(lambda services: services.jobs.stray_reports(station, visit.page()))
        return visit.show("jobs/stray.html", page=page, words=wording)

    @get("/jobs/{number:int}", permission=Permission.VIEW)
    async def show(self, number: FromPath[int], visit: Visiting) -> Response[str]:
        return await _show(visit, number, Fields())

    @post("/jobs/{number:int}/give-up", permission=Permission.OPERATE, status_code=HTTPStatus.OK)
    async def give_up(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        job = _number(number)
        with form.refusals():
            await visit.write(lambda services: services.jobs.give_up(job, visit.asked_by))
            return visit.go(f"/jobs/{number}", _("The job is no longer followed."))
        return await _show(visit, number, form)


def jobs_wanted(query: Fields) -> JobFilter:
    """The filter in an address."""
    return JobFilter(
        station=query.maybe_text("station"),
        kind=query.choice("kind", JobKind),
        is_open=query.yes_or_no("open"),
        image=query.number("image", low=1, high=MAX_LONG),
        since=query.moment("from"),
        until=query.moment("to"),
    )


async def _show(visit: Visit, number: int, form: Fields) -> Response[str]:
    def look(services: Services) -> tuple[Job, Sequence[StoredReport], Sequence[ReceivedFile]]:
        job = _number(number)
        found = services.jobs.get(job)
        files = services.files.list(FileFilter(job=job), PageRequest(MOST_FILES))
        return found, services.jobs.history(job), files.items

    try:
        job, reports, files = await visit.read(look)
    except DomainError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
        return visit.show(
            "operations/gone.html",
            status=HTTPStatus.NOT_FOUND,
            sentence=translated(error.said),
            path="/jobs",
            way=_("To the jobs"),
        )
    return visit.show_form("jobs/job.html", form, job=job, reports=reports, files=files, words=wording)


def _number(number: int) -> JobNumber:
    return JobNumber(known_number(number, _("There is no job %(number)s.") % {"number": number}))
