"""Requests to start and stop charging from here, and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.params import PathParameter, QueryParameter

from forecourt.api.access import access
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.words import MAX_LONG, StationQuery, Works
from forecourt.asgi.paths import connector_id
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.errors import not_found
from forecourt.domain.remote_control.model import RemoteRequest, RemoteRequestFilter, RequestKind, RequestState


class RemoteRequestView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A start or stop that was asked for with StartCharging or StopCharging. ``transactionId`` is the transaction that
    began because of it, or that was to end; ``status`` is what the station answered. While ``endedAt`` is null,
    something may come of it."""

    errand: int
    station_id: str
    kind: RequestKind
    state: RequestState
    connector_id: int | None
    id_tag: str | None
    transaction_id: int | None
    status: str | None
    reason: str | None
    outcome_unknown: bool
    asked_by: str
    requested_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None


def show_remote_request(request: RemoteRequest) -> RemoteRequestView:
    return RemoteRequestView(
        errand=request.errand,
        station_id=request.station,
        kind=request.kind,
        state=request.state,
        connector_id=None if request.evse is None else connector_id(request.evse),
        id_tag=request.id_token,
        transaction_id=request.transaction_id,
        status=request.status,
        reason=request.reason,
        outcome_unknown=request.is_outcome_unknown,
        asked_by=request.asked_by,
        requested_at=request.requested_at,
        sent_at=request.sent_at,
        answered_at=request.answered_at,
        ended_at=request.ended_at,
    )


class RemoteRequests(Controller):
    path = "/remote-requests"
    tags = ("Remote requests",)
    opt = access(view=Permission.VIEW)

    @get(summary="List remote starts and stops", operation_id="listRemoteRequests")
    async def list_all(
        self,
        workspace: Works,
        page: Paging,
        station_id: StationQuery = None,
        kind: Annotated[RequestKind | None, QueryParameter(description="Only starts, or only stops.")] = None,
        states: Annotated[
            list[RequestState] | None,
            QueryParameter(name="state", description="Only those in this state; may be given repeatedly."),
        ] = None,
    ) -> Listing[RemoteRequestView]:
        """Newest first."""
        chosen = frozenset(states) if states else None
        wanted = RemoteRequestFilter(station=station_id, kind=kind, states=chosen)
        found = await workspace.read(lambda services: services.remote_control.list(wanted, page))
        return listing(found, show_remote_request)

    @get("/{errand:int}", summary="Show a remote start or stop", operation_id="getRemoteRequest")
    async def show(
        self,
        errand: Annotated[int, PathParameter(description="The number of the errand that carried it.")],
        workspace: Works,
    ) -> RemoteRequestView:
        if not 0 < errand <= MAX_LONG:
            raise not_found(f"No remote request has the errand {errand}.")
        number = ErrandNumber(errand)
        return show_remote_request(await workspace.read(lambda services: services.remote_control.get(number)))
