"""This system's own security log: what it refused, what was changed, and by whom."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter, SkipValidation
from litestar.response import Stream

from forecourt.api.access import access
from forecourt.api.events import MEDIA_TYPE as EVENT_STREAM
from forecourt.api.events import Events, LastEventId
from forecourt.api.following import Event, Growing
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.security_log_views import (
    ENTRY_COLUMNS,
    SecurityLogEntryView,
    SecurityLogKindView,
    entry_rows,
    show_entry,
    show_kind,
)
from forecourt.api.words import StationQuery, Works, utc
from forecourt.asgi.csv import MEDIA_TYPE as CSV
from forecourt.asgi.csv import csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.paging import Page, Tail
from forecourt.domain.security_log.model import Kind, NoteFilter, StoredNote
from forecourt.domain.services import Services

Noted = NamedDependency[SkipValidation[NoteFilter]]


async def wanted_entries(
    *,
    kind: Annotated[
        list[Kind] | None, QueryParameter(description="Only of this kind; may be given repeatedly.")
    ] = None,
    station_id: StationQuery = None,
    address: Annotated[
        str | None,
        QueryParameter(max_length=255, pattern="^[^\\x00]*$", description="Only what came from this address."),
    ] = None,
    asker: Annotated[
        str | None,
        QueryParameter(name="askedBy", max_length=255, pattern="^[^\\x00]*$", description="Only what they asked for."),
    ] = None,
    since: Annotated[datetime | None, QueryParameter(name="from", description="Written at this time or later.")] = None,
    until: Annotated[datetime | None, QueryParameter(name="to", description="Written before this time.")] = None,
) -> NoteFilter:
    """Which entries a request asks for."""
    return NoteFilter(
        kinds=frozenset(kind) if kind else None,
        station=station_id,
        address=address,
        asked_by=asker,
        since=utc(since, "from"),
        until=utc(until, "to"),
    )


class SecurityLogs(Controller):
    tags = ("Security log",)
    opt = access(view=Permission.AUDIT)
    dependencies = {"noted": Provide(wanted_entries)}  # noqa: RUF012  # declared so by the framework

    @get("/security-log", summary="List the security log", operation_id="listSecurityLog")
    async def list_all(self, workspace: Works, page: Paging, noted: Noted) -> Listing[SecurityLogEntryView]:
        """Newest first. This is what Forecourt itself refused and changed; what stations report is in
        `/api/v1/security-events`."""
        return listing(await workspace.read(lambda services: services.security_log.list(noted, page)), show_entry)

    @get("/security-log.csv", media_type=CSV, summary="Download the security log", operation_id="downloadSecurityLog")
    async def download(self, workspace: Works, noted: Noted) -> Stream:
        """All that match, newest first. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.security_log.list(noted, page),
            columns=ENTRY_COLUMNS,
            rows=entry_rows,
            filename="security-log.csv",
        )

    @get("/security-log/kinds", summary="List the kinds of entries", operation_id="listSecurityLogKinds")
    async def kinds(self) -> Listing[SecurityLogKindView]:
        """All in one page."""
        return listing(Page(list(Kind), None), show_kind)

    @get(
        "/security-log/events",
        media_type=EVENT_STREAM,
        summary="Follow the security log",
        operation_id="followSecurityLog",
    )
    async def events(self, events: Events, noted: Noted, last_event_id: LastEventId = None) -> Stream:
        """Server-sent events, until the client leaves: `entry` with every new entry, once and in order. After an
        interruption, send the `id` of the last event, which is the number of its entry, in the header
        `Last-Event-ID`. A comment every 15 seconds keeps the connection open."""

        def after(services: Services, number: int, limit: int) -> Tail[Event]:
            return services.security_log.after(number, noted, limit).map(_told)

        return await events.of_growing(Growing(after, lambda services: services.security_log.settled()), last_event_id)


def _told(stored: StoredNote) -> Event:
    return Event("entry", show_entry(stored), stored.number)
