"""Files that stations uploaded: listed, downloaded, removed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from litestar import Controller, delete, get
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter, QueryParameter, SkipValidation
from litestar.response import Stream

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.file_views import ReceivedFileView, show_file
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.words import MAX_LONG, StationQuery, Works, utc
from forecourt.asgi.csv import csv_download
from forecourt.asgi.rows.files import FILE_COLUMNS, file_rows
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import not_found
from forecourt.domain.files.model import FileFilter, FileNumber
from forecourt.domain.files.shelf import Shelf, blocks
from forecourt.domain.jobs.model import JobNumber

Number = Annotated[int, PathParameter(description="The number of the file.")]

Chosen = NamedDependency[SkipValidation[FileFilter]]
OnShelf = NamedDependency[SkipValidation[Shelf]]


async def chosen_files(
    *,
    station_id: StationQuery = None,
    job: Annotated[
        int | None, QueryParameter(ge=1, le=MAX_LONG, description="Only what was uploaded for this job.")
    ] = None,
    since: Annotated[
        datetime | None, QueryParameter(name="from", description="Received at this time or later.")
    ] = None,
    until: Annotated[datetime | None, QueryParameter(name="to", description="Received before this time.")] = None,
) -> FileFilter:
    """Which files a request asks for."""
    return FileFilter(
        station=station_id,
        job=None if job is None else JobNumber(job),
        since=utc(since, "from"),
        until=utc(until, "to"),
    )


class Files(Controller):
    tags = ("Files",)
    opt = access(view=Permission.VIEW, change=Permission.MANAGE)
    dependencies = {"chosen": Provide(chosen_files)}  # noqa: RUF012  # declared so by the framework

    @get("/files", summary="List received files", operation_id="listFiles")
    async def list_all(self, workspace: Works, page: Paging, chosen: Chosen) -> Listing[ReceivedFileView]:
        """Newest first. Stations upload them for jobs that are asked for with CollectLog without a location."""
        return listing(await workspace.read(lambda services: services.files.list(chosen, page)), show_file)

    @get("/files.csv", summary="Download received files as CSV", operation_id="downloadFiles")
    async def download(self, workspace: Works, chosen: Chosen) -> Stream:
        """The list, not the files: all that match, newest first."""
        return await csv_download(
            workspace,
            lambda services, page: services.files.list(chosen, page),
            columns=FILE_COLUMNS,
            rows=file_rows,
            filename="files.csv",
        )

    @get("/files/{file:int}", summary="Show a received file", operation_id="getFile")
    async def show(self, file: Number, workspace: Works) -> ReceivedFileView:
        """All but its content."""
        number = _number(file)
        return show_file(await workspace.read(lambda services: services.files.get(number)))

    @get("/files/{file:int}/content", summary="Download a received file", operation_id="getFileContent")
    async def content(self, file: Number, workspace: Works, shelf: OnShelf) -> Stream:
        """As the station sent it. Nobody looked into it: treat it as you treat what strangers send."""
        number = _number(file)
        found = await workspace.read(lambda services: services.files.get(number))
        reading = await shelf.open(found.stored_as)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
            "Content-Length": str(reading.size),
        }
        return Stream(blocks(reading), media_type="application/octet-stream", headers=headers)

    @delete("/files/{file:int}", status_code=200, summary="Remove a received file", operation_id="removeFile")
    async def remove(self, file: Number, workspace: Works, shelf: OnShelf, asked_by: AskedBy) -> ReceivedFileView:
        """With its content. What it was is answered once more."""
        number = _number(file)
        found = await workspace.write(lambda services: services.files.remove(number, asked_by))
        await shelf.remove(found.stored_as)
        return show_file(found)


def _number(file: int) -> FileNumber:
    if not 0 < file <= MAX_LONG:
        raise not_found(f"There is no file {file}.")
    return FileNumber(file)
