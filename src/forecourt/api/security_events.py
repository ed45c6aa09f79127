"""What stations report that matters for security."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter, SkipValidation
from litestar.response import Stream

from forecourt.api.access import access
from forecourt.api.events import MEDIA_TYPE as EVENT_STREAM
from forecourt.api.events import Events, LastEventId
from forecourt.api.following import Event, Growing
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.words import StationQuery, Works, utc
from forecourt.asgi.csv import Cell, csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.paging import Tail
from forecourt.domain.security.model import SecurityEventFilter, StoredEvent
from forecourt.domain.services import Services

Chosen = NamedDependency[SkipValidation[SecurityEventFilter]]


class SecurityEventView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An event as the station told it. ``critical`` is what the security whitepaper says of its type, null for a type
    that it does not list; ``timestamp`` is the station's, which may lie far from ``receivedAt``."""

    station_id: str
    type: str
    critical: bool | None
    timestamp: datetime
    tech_info: str | None
    received_at: datetime


def show_security_event(stored: StoredEvent) -> SecurityEventView:
    return SecurityEventView(
        station_id=stored.station,
        type=stored.event.type,
        critical=stored.is_critical,
        timestamp=stored.event.occurred_at,
        tech_info=stored.event.tech_info,
        received_at=stored.received_at,
    )


_COLUMNS: Final = tuple(field.encode_name for field in msgspec.structs.fields(SecurityEventView))


def _rows(stored: StoredEvent) -> Iterator[Sequence[Cell]]:
    view = show_security_event(stored)
    yield [getattr(view, name) for name in view.__struct_fields__]


async def chosen_events(
    *,
    station_id: StationQuery = None,
    event_type: Annotated[
        str | None,
        QueryParameter(
            name="type", max_length=255, pattern="^[^\\x00]*$", description="Only this type, in either case."
        ),
    ] = None,
    critical: Annotated[
        bool | None, QueryParameter(description="Only those that are critical, or are not known to be.")
    ] = None,
    since: Annotated[
        datetime | None, QueryParameter(name="from", description="Happened at this time or later, as the station says.")
    ] = None,
    until: Annotated[
        datetime | None, QueryParameter(name="to", description="Happened before this time, as the station says.")
    ] = None,
) -> SecurityEventFilter:
    """Which events a request asks for."""
    return SecurityEventFilter(
        station=station_id,
        type=event_type,
        is_critical=critical,
        since=utc(since, "from"),
        until=utc(until, "to"),
    )


class SecurityEvents(Controller):
    tags = ("Security events",)
    opt = access(view=Permission.VIEW)
    dependencies = {"chosen": Provide(chosen_events)}  # noqa: RUF012  # declared so by the framework

    @get("/security-events", summary="List security events", operation_id="listSecurityEvents")
    async def list_all(self, workspace: Works, page: Paging, chosen: Chosen) -> Listing[SecurityEventView]:
        """In the order in which they arrived, the last one first. An event that was sent again is there once."""
        found = await workspace.read(lambda services: services.security.list(chosen, page))
        return listing(found, show_security_event)

    @get("/security-events.csv", summary="Download security events as CSV", operation_id="downloadSecurityEvents")
    async def download(self, workspace: Works, chosen: Chosen) -> Stream:
        """All that match. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.security.list(chosen, page),
            columns=_COLUMNS,
            rows=_rows,
            filename="security-events.csv",
        )

    @get(
        "/security-events/events",
        media_type=EVENT_STREAM,
        summary="Follow security events as they arrive",
        operation_id="followSecurityEvents",
    )
    async def events(self, events: Events, chosen: Chosen, last_event_id: LastEventId = None) -> Stream:
        """Server-sent events, until the client leaves: `securityEvent` with every event, once and in the order of
        arrival. After an interruption, send the `id` of the last one in the header `Last-Event-ID`. A comment every 15
        seconds keeps the connection open."""

        def after(services: Services, number: int, limit: int) -> Tail[Event]:
            return services.security.after(number, chosen, limit).map(_told)

        return await events.of_growing(Growing(after, lambda services: services.security.settled()), last_event_id)


def _told(stored: StoredEvent) -> Event:
    return Event("securityEvent", show_security_event(stored), stored.number)
