"""Everything that can be asked of stations, of one or of many; each operation is declared once, elsewhere."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter, SkipValidation

from forecourt.api.access import BY_OPERATION, Asking, access
from forecourt.api.authentication import AskedBy
from forecourt.api.bodies import MAX_BATCH_BYTES, check_is_json
from forecourt.api.endings import ended_errand, finished_batch
from forecourt.api.errand_views import (
    PRIORITIES,
    ErrandBatchView,
    ErrandView,
    PriorityName,
    RefusedStation,
    show_batch,
    show_errand,
)
from forecourt.api.operation_views import OperationView, show_operation
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.problems import Refusal
from forecourt.api.selections import UNREGISTERED, read_many, read_single, resolve
from forecourt.api.stations import StationId
from forecourt.api.words import Now, Works, utc
from forecourt.asgi.news import News
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errands.model import Delivery, Order, expiry
from forecourt.domain.paging import Page
from forecourt.operations.asking import Wish, ask_many
from forecourt.operations.catalogue import Catalogue
from forecourt.operations.operation import AnyOperation

MAX_WAIT_SECONDS: Final = 60

Offered = NamedDependency[SkipValidation[Catalogue]]
Bell = NamedDependency[SkipValidation[News]]
Ordered = NamedDependency[SkipValidation[Order]]

Name = Annotated[str, PathParameter(description="The name of an operation, in its exact case.")]
Wait = Annotated[
    float,
    QueryParameter(
        ge=0, le=MAX_WAIT_SECONDS, description="Seconds to wait for the end; 0 answers at once. `200` tells an end."
    ),
]

_PRIORITY: Final = {name: priority for priority, name in PRIORITIES.items()}


async def wanted_order(
    *,
    asked_by: AskedBy,
    now: Now,
    delivery: Annotated[
        Delivery,
        QueryParameter(
            description="`now` fails at once when the station is not connected; `whenOnline` waits until it is."
        ),
    ] = Delivery.NOW,
    expires_at: Annotated[
        datetime | None,
        QueryParameter(
            name="expiresAt",
            description="Until when it may be sent; without it 30 seconds for `now`, and a day for `whenOnline`.",
        ),
    ] = None,
    priority: Annotated[
        PriorityName, QueryParameter(description="Which of a station's errands goes first; among equals the older.")
    ] = "normal",
) -> Order:
    """How and for whom a request wants something carried; raises DomainError INVALID for a time that cannot be."""
    order = Order(
        asked_by=asked_by,
        delivery=delivery,
        expires_at=utc(expires_at, "expiresAt"),
        priority=_PRIORITY[priority],
    )
    expiry(order, now())
    return order


class Operations(Controller):
    tags = ("Operations",)
    opt = access(view=Permission.VIEW, change=BY_OPERATION)

    @get("/operations", summary="List operations", operation_id="listOperations")
    async def list_all(self, catalogue: Offered, page: Paging) -> Listing[OperationView]:
        """Ordered by name."""
        names = [name for name in catalogue if page.after is None or name > page.after]
        shown = names[: page.limit]
        found = Page([catalogue[name] for name in shown], shown[-1] if len(names) > len(shown) else None)
        return listing(found, show_operation)

    @get("/operations/{name:str}", summary="Show an operation", operation_id="getOperation")
    async def show(self, name: Name, catalogue: Offered) -> OperationView:
        """With the JSON Schema of its parameters and of the answer."""
        return show_operation(_find(catalogue, name))

    @post(
        "/stations/{station_id:str}/operations/{name:str}",
        status_code=HTTPStatus.ACCEPTED,
        summary="Ask something of a station",
        operation_id="ask",
    )
    async def ask_one(
        self,
        *,
        request: Request[Any, Any, Any],
        station_id: StationId,
        name: Name,
        catalogue: Offered,
        caller: Asking,
        order: Ordered,
        workspace: Works,
        news: Bell,
        wait: Wait = 0,
    ) -> Response[ErrandView]:
        operation = _find(catalogue, name)
        params = read_single(await _json(request), operation)
        caller.check(operation.needed(params))
        wish = Wish(operation, params, order)
        identity = from_path(station_id)
        errand = await workspace.write(lambda services: wish.ask(services, identity))
        if wait and not errand.state.is_final:
            errand = await ended_errand(workspace, news, errand.number, wait)
        is_told = bool(wait) and errand.state.is_final
        return Response(
            show_errand(errand),
            status_code=HTTPStatus.OK if is_told else HTTPStatus.ACCEPTED,
            headers={"Location": f"/api/v1/errands/{errand.number}"},
        )

    @post(
        "/operations/{name:str}",
        status_code=HTTPStatus.ACCEPTED,
        summary="Ask something of many stations",
        operation_id="askMany",
        request_max_body_size=MAX_BATCH_BYTES,
    )
    async def ask_many(
        self,
        *,
        request: Request[Any, Any, Any],
        name: Name,
        catalogue: Offered,
        caller: Asking,
        order: Ordered,
        workspace: Works,
        news: Bell,
        wait: Wait = 0,
    ) -> Response[ErrandBatchView]:
        operation = _find(catalogue, name)
        selection, params = read_many(await _json(request), operation)
        caller.check(operation.needed(params))
        selected = await resolve(workspace, selection)
        asked = await ask_many(workspace, Wish(operation, params, order), selected.stations)
        reasons = dict.fromkeys(selected.unknown, UNREGISTERED) | asked.refused
        batch = await finished_batch(workspace, news, asked.batch, wait)
        is_told = bool(wait) and batch.is_finished
        return Response(
            show_batch(batch, [RefusedStation(station, reason) for station, reason in reasons.items()]),
            status_code=HTTPStatus.OK if is_told else HTTPStatus.ACCEPTED,
            headers={"Location": f"/api/v1/batches/{batch.number}"},
        )


def _find(catalogue: Catalogue, name: str) -> AnyOperation:
    wanted = from_path(name)
    operation = catalogue.get(wanted)
    if operation is None:
        sentence = f"There is no operation {wanted!r}; GET /api/v1/operations lists those that there are."
        raise Refusal(HTTPStatus.NOT_FOUND, sentence)
    return operation


async def _json(request: Request[Any, Any, Any]) -> bytes:
    """The body; raises Refusal 415 for one that is not JSON. It may be left out when nothing has to be said."""
    body = await request.body()
    if body:
        check_is_json(request.headers.get("content-type", ""))
    return body
