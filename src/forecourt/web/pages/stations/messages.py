"""What a station and this system said to one another: each request with its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get
from litestar.params import FromPath
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.message_log.model import Direction, LoggedMessage, MessageFilter
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import StationSheet
from forecourt.domain.services import Services
from forecourt.web.fields import Fields
from forecourt.web.pages.stations.looking import look
from forecourt.web.visit import Visiting

CSV_COLUMNS: Final = (
    *("number", "stationId", "direction", "action", "messageId", "at", "answeredAt", "error", "request", "response"),
)


class MessagePages(Controller):
    path = "/stations/{name:str}"

    @get("/messages", permission=Permission.VIEW)
    async def list_all(self, name: FromPath[str], visit: Visiting) -> Response[Any]:
        def read(services: Services, sheet: StationSheet) -> Mapping[str, object]:
            wanted = _filter(visit.query, sheet.station.identity)
            return {"page": services.message_log.list(wanted, visit.page()), "pretty": pretty}

        return await look(visit, name, "stations/messages.html", read, directions=Direction)

    @get("/messages.csv", permission=Permission.VIEW, status_code=HTTPStatus.OK)
    async def download(self, name: FromPath[str], visit: Visiting) -> Stream:
        """Raises DomainError NOT_FOUND."""
        identity = from_path(name)

        def get_page(services: Services, page: PageRequest) -> Page[LoggedMessage]:
            services.provisioning.get_station(identity)
            return services.message_log.list(_filter(visit.query, identity), page)

        return await csv_download(
            visit.house.workspace, get_page, columns=CSV_COLUMNS, rows=_rows, filename="messages.csv"
        )


def _filter(query: Fields, station: str) -> MessageFilter:
    return MessageFilter(
        station=station,
        action=query.maybe_text("action"),
        direction=query.choice("direction", Direction),
        since=query.moment("from"),
        until=query.moment("to"),
        only_failed=query.flag("failed"),
    )


def pretty(text: str | None) -> str:
    """JSON with line breaks; what is none, because it was cut or never was, as it is."""
    if text is None:
        return ""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _rows(message: LoggedMessage) -> list[Sequence[Cell]]:
    return [
        (
            message.number,
            message.station,
            message.direction.value,
            message.action,
            message.message_id,
            message.at,
            message.answered_at,
            message.error,
            message.request,
            message.response,
        )
    ]
