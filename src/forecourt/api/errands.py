"""Errands: what was asked of stations, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import Controller, delete, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter, SkipValidation
from litestar.response import Stream

from forecourt.api.access import access
from forecourt.api.errand_views import ErrandView, show_errand
from forecourt.api.events import MEDIA_TYPE as EVENT_STREAM
from forecourt.api.events import Events, LastEventId
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.words import MAX_LONG, StationQuery, Works, utc
from forecourt.asgi.csv import MEDIA_TYPE as CSV
from forecourt.asgi.csv import csv_download
from forecourt.asgi.rows.errands import ERRAND_COLUMNS, errand_rows
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errands.model import BatchNumber, ErrandFilter, ErrandNumber, ErrandState
from forecourt.domain.errors import not_found

ErrandId = Annotated[int, PathParameter(description="The number of the errand.")]

Sought = NamedDependency[SkipValidation[ErrandFilter]]


async def wanted_errands(
    *,
    station_id: StationQuery = None,
    operation: Annotated[
        str | None, QueryParameter(max_length=255, pattern="^[^\\x00]*$", description="Only this operation.")
    ] = None,
    states: Annotated[
        list[ErrandState] | None,
        QueryParameter(name="state", description="Only those in this state; may be given repeatedly."),
    ] = None,
    batch: Annotated[int | None, QueryParameter(ge=1, le=MAX_LONG, description="Only those of this batch.")] = None,
    asker: Annotated[
        str | None,
        QueryParameter(
            name="askedBy", max_length=255, pattern="^[^\\x00]*$", description="Only what this one asked: `token NAME`."
        ),
    ] = None,
    since: Annotated[
        datetime | None, QueryParameter(name="from", description="Asked for at this time or later.")
    ] = None,
    until: Annotated[datetime | None, QueryParameter(name="to", description="Asked for before this time.")] = None,
) -> ErrandFilter:
    """Which errands a request asks for."""
    return ErrandFilter(
        station=station_id,
        operation=operation,
        states=frozenset(states) if states else None,
        batch=None if batch is None else BatchNumber(batch),
        asked_by=asker,
        since=utc(since, "from"),
        until=utc(until, "to"),
    )


class Errands(Controller):
    tags = ("Errands",)
    opt = access(view=Permission.VIEW, change=Permission.OPERATE)

    @get("/errands", summary="List errands", operation_id="listErrands")
    async def list_all(self, workspace: Works, page: Paging, sought: Sought) -> Listing[ErrandView]:
        """Newest first."""
        found = await workspace.read(lambda services: services.errands.list(sought, page))
        return listing(found, show_errand)

    @get("/errands.csv", media_type=CSV, summary="Download errands as CSV", operation_id="downloadErrands")
    async def download(self, workspace: Works, sought: Sought) -> Stream:
        """All that match, newest first. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.errands.list(sought, page),
            columns=ERRAND_COLUMNS,
            rows=errand_rows,
            filename="errands.csv",
        )

    @get(
        "/errands/events",
        media_type=EVENT_STREAM,
        summary="Follow errands as they change",
        operation_id="followErrands",
    )
    async def events(self, events: Events, sought: Sought, last_event_id: LastEventId = None) -> Stream:
        """Server-sent events, until the client leaves: `errand` with an errand as it is now. Every change from now on
        is told at least once; of several that follow one another quickly, the last. After an interruption, send the
        `id` of the last event in the header `Last-Event-ID`. A comment every 15 seconds keeps the connection open."""
        return await events.of_errands(sought, last_event_id)

    @get("/errands/{errand:int}", summary="Show an errand", operation_id="getErrand")
    async def show(self, errand: ErrandId, workspace: Works) -> ErrandView:
        number = _number(errand)
        return show_errand(await workspace.read(lambda services: services.errands.get(number)))

    @delete("/errands/{errand:int}", status_code=200, summary="Cancel an errand", operation_id="cancelErrand")
    async def cancel(self, errand: ErrandId, workspace: Works) -> ErrandView:
        """As long as it was not sent."""
        number = _number(errand)
        return show_errand(await workspace.write(lambda services: services.errands.cancel(number)))


def _number(number: int) -> ErrandNumber:
    """The number as the database can compare it; raises DomainError NOT_FOUND for others."""
    if not 0 < number <= MAX_LONG:
        raise not_found(f"There is no errand {number}.")
    return ErrandNumber(number)
