"""Files that stations uploaded."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from forecourt.asgi.csv import MEDIA_TYPE as CSV
from forecourt.asgi.csv import csv_download
from forecourt.asgi.rows.files import FILE_COLUMNS, file_rows
from forecourt.domain.access.permissions import Permission
from forecourt.domain.files.model import FileFilter, FileNumber
from forecourt.domain.files.shelf import blocks
from forecourt.domain.jobs.model import JobNumber
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.numbers import MAX_LONG, known_number
from forecourt.web.visit import Typed, Visiting


class FilePages(Controller):
    @get("/files", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = files_wanted(visit.query)
        page = await visit.read(lambda services: services.files.list(wanted, visit.page()))
        return visit.show("files/list.html", page=page)

    @get("/files.csv", permission=Permission.VIEW, media_type=CSV)
    async def download(self, visit: Visiting) -> Stream:
        wanted = files_wanted(visit.query)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.files.list(wanted, page),
            columns=FILE_COLUMNS,
            rows=file_rows,
            filename="files.csv",
        )

    @get("/files/{number:int}/content", permission=Permission.VIEW)
    async def content(self, number: FromPath[int], visit: Visiting) -> Stream:
        """As the station sent it: nobody looked into it, so that no browser opens it."""
        file = _number(number)
        found = await visit.read(lambda services: services.files.get(file))
        reading = await visit.house.shelf.open(found.stored_as)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
            "Content-Length": str(reading.size),
        }
        return Stream(blocks(reading), media_type="application/octet-stream", headers=headers)

    @post("/files/{number:int}/remove", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def remove(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        file = _number(number)
        found = await visit.write(lambda services: services.files.remove(file, visit.asked_by))
        await visit.house.shelf.remove(found.stored_as)
        return visit.go("/files", _("The file %(name)s is removed.") % {"name": found.name})


def files_wanted(query: Fields) -> FileFilter:
    """The filter in an address."""
    job = query.number("job", low=1, high=MAX_LONG)
    return FileFilter(
        station=query.maybe_text("station"),
        job=None if job is None else JobNumber(job),
        since=query.moment("from"),
        until=query.moment("to"),
    )


def _number(number: int) -> FileNumber:
    return FileNumber(known_number(number, _("There is no file %(number)s.") % {"number": number}))
