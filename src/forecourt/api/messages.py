"""The log of messages: what stations and this system said to one another."""

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
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.words import StationQuery, Works, utc
from forecourt.asgi.csv import Cell, csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.message_log.model import Direction, LoggedMessage, MessageFilter

Chosen = NamedDependency[SkipValidation[MessageFilter]]


class KeptMessageView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A request with its answer. `direction` is `in` when the station asked and `out` when this system did. `request`
    and `response` are payloads as JSON texts, with `***` where a secret stood; `error` says why the request was
    refused, or why nobody answered."""

    number: int
    station_id: str
    direction: Direction
    action: str
    message_id: str
    request: str
    response: str | None
    error: str | None
    timestamp: datetime
    answered_at: datetime | None


def show_message(logged: LoggedMessage) -> KeptMessageView:
    return KeptMessageView(
        number=logged.number,
        station_id=logged.station,
        direction=logged.direction,
        action=logged.action,
        message_id=logged.message_id,
        request=logged.request,
        response=logged.response,
        error=logged.error,
        timestamp=logged.at,
        answered_at=logged.answered_at,
    )


_COLUMNS: Final = tuple(field.encode_name for field in msgspec.structs.fields(KeptMessageView))


def _rows(logged: LoggedMessage) -> Iterator[Sequence[Cell]]:
    view = show_message(logged)
    values = [getattr(view, name) for name in view.__struct_fields__]
    yield [value.value if isinstance(value, Direction) else value for value in values]


async def chosen_messages(
    *,
    station_id: StationQuery = None,
    action: Annotated[
        str | None,
        QueryParameter(max_length=255, pattern="^[^\\x00]*$", description="Only this action, as OCPP spells it."),
    ] = None,
    direction: Annotated[
        Direction | None, QueryParameter(description="Only what stations asked (`in`) or were asked (`out`).")
    ] = None,
    failed: Annotated[bool, QueryParameter(description="Only what ended in an error or without an answer.")] = False,
    since: Annotated[datetime | None, QueryParameter(name="from", description="At this time or later.")] = None,
    until: Annotated[datetime | None, QueryParameter(name="to", description="Before this time.")] = None,
) -> MessageFilter:
    """Which messages a request asks for."""
    return MessageFilter(
        station=station_id,
        action=action,
        direction=direction,
        since=utc(since, "from"),
        until=utc(until, "to"),
        only_failed=failed,
    )


class Messages(Controller):
    tags = ("Messages",)
    opt = access(view=Permission.VIEW)
    dependencies = {"chosen": Provide(chosen_messages)}  # noqa: RUF012  # declared so by the framework

    @get("/messages", summary="List messages", operation_id="listMessageLog")
    async def list_all(self, workspace: Works, page: Paging, chosen: Chosen) -> Listing[KeptMessageView]:
        """The newest first. Which are kept, how many and how long is a setting (`gateway.messages`)."""
        found = await workspace.read(lambda services: services.message_log.list(chosen, page))
        return listing(found, show_message)

    @get("/messages.csv", summary="Download messages as CSV", operation_id="downloadMessageLog")
    async def download(self, workspace: Works, chosen: Chosen) -> Stream:
        """All that match. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.message_log.list(chosen, page),
            columns=_COLUMNS,
            rows=_rows,
            filename="messages.csv",
        )
