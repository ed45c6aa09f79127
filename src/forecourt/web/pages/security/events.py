"""Security events: what stations report that matters for security."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from litestar import Controller, Response, get
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.security.model import SecurityEventFilter, StoredEvent
from forecourt.web.fields import Fields
from forecourt.web.visit import Visiting

SHOWN_FOR: Final = timedelta(days=10)
"""How far the list goes back unless somebody says another time."""

COLUMNS: Final = ("stationId", "type", "critical", "timestamp", "techInfo", "receivedAt")


class SecurityEventPages(Controller):
    @get("/security-events", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = chosen(visit.query, visit.house.clock.now())
        page = await visit.read(lambda services: services.security.list(wanted, visit.page()))
        return visit.show("security/events.html", page=page, since=wanted.since)

    @get("/security-events.csv", permission=Permission.VIEW)
    async def download(self, visit: Visiting) -> Stream:
        wanted = chosen(visit.query, visit.house.clock.now())
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.security.list(wanted, page),
            columns=COLUMNS,
            rows=_rows,
            filename="security-events.csv",
        )


def chosen(query: Fields, now: datetime) -> SecurityEventFilter:
    """The last days, unless a time or a station is asked for."""
    since, until = query.moment("from"), query.moment("to")
    is_all = until is not None or query.flag("all")
    return SecurityEventFilter(
        station=query.maybe_text("station"),
        type=query.maybe_text("type"),
        is_critical=query.yes_or_no("critical"),
        since=since if since is not None or is_all else now - SHOWN_FOR,
        until=until,
    )


def _rows(stored: StoredEvent) -> Iterator[Sequence[Cell]]:
    event = stored.event
    yield stored.station, event.type, stored.is_critical, event.occurred_at, event.tech_info, stored.received_at
