"""The replacement of a root at many stations."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter, QueryParameter, SkipValidation
from litestar.response import Stream
from msgspec import Meta

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.bodies import MAX_BATCH_BYTES
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.root_views import (
    ROLLOVER_COLUMNS,
    STEP_COLUMNS,
    RolloverStationView,
    RolloverView,
    rollover_rows,
    show_rollover,
    show_step,
    step_rows,
)
from forecourt.api.selections import Selection, check_selection, resolve, unusable
from forecourt.api.stations import StationId
from forecourt.api.words import MAX_LONG, Line, Works
from forecourt.asgi.csv import csv_download
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import not_found
from forecourt.domain.rollovers.model import (
    MAX_NAMES,
    RolloverFilter,
    RolloverNumber,
    RolloverState,
    Step,
    StepFilter,
    Wanted,
)
from forecourt.domain.rollovers.planning import not_registered, plan_for
from forecourt.operations.reading import BadField

Number = Annotated[int, PathParameter(description="The number of the plan.")]
Wished = NamedDependency[SkipValidation[RolloverFilter]]
Chosen = NamedDependency[SkipValidation[frozenset[Step] | None]]


class NewRollover(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """A root that is to take the place of another one."""

    old_root: Annotated[str, Meta(max_length=100, description="The root that goes, by its fingerprint in the store.")]
    new_root: Annotated[str, Meta(max_length=100, description="The root that comes, by its fingerprint in the store.")]
    selection: Annotated[Selection, Meta(description="Which stations.")]
    server_certificates: Annotated[
        list[Line],
        Meta(
            max_length=MAX_NAMES,
            description="What listeners present after the switch, by name; whatever does not lead to the new root is "
            "disabled then. Without any, the plan waits until the listeners present nothing else.",
        ),
    ] = []
    switch_percent: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | None,
        Meta(description="Switch by itself when so many of a hundred stations are ready; null waits for an operator."),
    ] = None
    delete_old: Annotated[
        bool, Meta(description="Whether stations lose the old root, once they have connected over the new chain.")
    ] = True


class Switch(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """How to switch."""

    despite: Annotated[bool, Meta(description="Switch although there are stations that would be locked out.")] = False


async def chosen_steps(
    steps: Annotated[
        list[Step] | None,
        QueryParameter(name="step", description="Only stations at this step; may be given repeatedly."),
    ] = None,
) -> frozenset[Step] | None:
    """Which stations of a plan a request asks for."""
    return frozenset(steps) if steps else None


async def wished_plans(
    states: Annotated[
        list[RolloverState] | None,
        QueryParameter(name="state", description="Only plans in this state; may be given repeatedly."),
    ] = None,
) -> RolloverFilter:
    """Which plans a request asks for."""
    return RolloverFilter(frozenset(states) if states else None)


class Rollovers(Controller):
    tags = ("Roots",)
    opt = access(view=Permission.VIEW, change=Permission.SECURITY)
    dependencies = {"chosen": Provide(chosen_steps), "wanted": Provide(wished_plans)}  # noqa: RUF012  # declared so by the framework

    @post(
        "/root-rollovers",
        summary="Replace a root at stations",
        operation_id="startRootRollover",
        request_max_body_size=MAX_BATCH_BYTES,
    )
    async def start(self, data: JSONBody[NewRollover], workspace: Works, asked_by: AskedBy) -> Response[RolloverView]:
        """The stations are given the new root, and are asked whether they have it; then the listeners are switched;
        then the stations that have come back over the new chain lose the old root. Stations that are off line are seen
        to when they come."""
        selected = await resolve(workspace, check_selection(data.selection))
        if selected.unknown:
            raise unusable([BadField("selection.stations", not_registered(selected.unknown))])
        wanted = Wanted(
            old_root=data.old_root,
            new_root=data.new_root,
            server_certificates=tuple(data.server_certificates),
            switch_percent=data.switch_percent,
            deletes_old=data.delete_old,
        )
        progress = await plan_for(workspace, wanted, selected.stations, asked_by)
        location = f"/api/v1/root-rollovers/{progress.rollover.number}"
        return Response(show_rollover(progress), headers={"Location": location})

    @get("/root-rollovers", summary="List replacements of roots", operation_id="listRootRollovers")
    async def list_all(self, workspace: Works, page: Paging, wanted: Wished) -> Listing[RolloverView]:
        """Newest first."""
        return listing(await workspace.read(lambda services: services.rollovers.list(wanted, page)), show_rollover)

    @get("/root-rollovers.csv", summary="Download replacements of roots as CSV", operation_id="downloadRootRollovers")
    async def download_all(self, workspace: Works, wanted: Wished) -> Stream:
        return await csv_download(
            workspace,
            lambda services, page: services.rollovers.list(wanted, page),
            columns=ROLLOVER_COLUMNS,
            rows=rollover_rows,
            filename="root-rollovers.csv",
        )

    @get("/root-rollovers/{number:int}", summary="Show the replacement of a root", operation_id="getRootRollover")
    async def show(self, number: Number, workspace: Works) -> RolloverView:
        wanted = _number(number)
        return show_rollover(await workspace.read(lambda services: services.rollovers.get(wanted)))

    @get(
        "/root-rollovers/{number:int}/stations",
        summary="List the stations of a plan",
        operation_id="listRolloverStations",
    )
    async def stations(
        self, number: Number, workspace: Works, page: Paging, chosen: Chosen
    ) -> Listing[RolloverStationView]:
        """Ordered by station."""
        wanted = StepFilter(rollover=_number(number), steps=chosen)
        return listing(await workspace.read(lambda services: services.rollovers.stations(wanted, page)), show_step)

    @get(
        "/root-rollovers/{number:int}/stations.csv",
        summary="Download the stations of a plan as CSV",
        operation_id="downloadRolloverStations",
    )
    async def download(self, number: Number, workspace: Works, chosen: Chosen) -> Stream:
        wanted = StepFilter(rollover=_number(number), steps=chosen)
        return await csv_download(
            workspace,
            lambda services, page: services.rollovers.stations(wanted, page),
            columns=STEP_COLUMNS,
            rows=step_rows,
            filename="root-rollover.csv",
        )

    @post(
        "/root-rollovers/{number:int}/switch",
        status_code=200,
        summary="Switch the listeners",
        operation_id="switchRootRollover",
    )
    async def switch(self, number: Number, data: JSONBody[Switch], workspace: Works, asked_by: AskedBy) -> RolloverView:
        """Refused while there are stations that could not check what is presented then, unless that is accepted."""
        wanted = _number(number)
        return show_rollover(
            await workspace.write(lambda services: services.rollovers.switch(wanted, asked_by, despite=data.despite))
        )

    @post(
        "/root-rollovers/{number:int}/pause",
        status_code=200,
        summary="Have a plan stand still",
        operation_id="pauseRootRollover",
    )
    async def pause(self, number: Number, workspace: Works, asked_by: AskedBy) -> RolloverView:
        """What is on its way to stations ends; nothing more is begun."""
        wanted = _number(number)
        return show_rollover(await workspace.write(lambda services: services.rollovers.pause(wanted, asked_by)))

    @post(
        "/root-rollovers/{number:int}/continue",
        status_code=200,
        summary="Have a plan go on",
        operation_id="continueRootRollover",
    )
    async def resume(self, number: Number, workspace: Works, asked_by: AskedBy) -> RolloverView:
        wanted = _number(number)
        return show_rollover(await workspace.write(lambda services: services.rollovers.resume(wanted, asked_by)))

    @post(
        "/root-rollovers/{number:int}/retry",
        status_code=200,
        summary="Begin again with what failed",
        operation_id="retryRootRollover",
    )
    async def retry(self, number: Number, workspace: Works, asked_by: AskedBy) -> RolloverView:
        """The stations of the plan that failed begin again."""
        wanted = _number(number)
        return show_rollover(await workspace.write(lambda services: services.rollovers.retry(wanted, asked_by)))

    @post(
        "/root-rollovers/{number:int}/stations/{station_id:str}/retry",
        status_code=200,
        summary="Begin again with one station",
        operation_id="retryRolloverStation",
    )
    async def retry_station(
        self, number: Number, station_id: StationId, workspace: Works, asked_by: AskedBy
    ) -> RolloverStationView:
        """It failed, or was left."""
        wanted, identity = _number(number), from_path(station_id)
        return show_step(
            await workspace.write(lambda services: services.rollovers.retry_station(wanted, identity, asked_by))
        )

    @post(
        "/root-rollovers/{number:int}/stations/{station_id:str}/leave",
        status_code=200,
        summary="Wait for a station no longer",
        operation_id="leaveRolloverStation",
    )
    async def leave(
        self, number: Number, station_id: StationId, workspace: Works, asked_by: AskedBy
    ) -> RolloverStationView:
        """It keeps what it has, and does not hold the switch back; without the new root it cannot connect after
        that."""
        wanted, identity = _number(number), from_path(station_id)
        return show_step(await workspace.write(lambda services: services.rollovers.leave(wanted, identity, asked_by)))

    @post(
        "/root-rollovers/{number:int}/cancel",
        status_code=200,
        summary="Cancel a plan",
        operation_id="cancelRootRollover",
    )
    async def cancel(self, number: Number, workspace: Works, asked_by: AskedBy) -> RolloverView:
        """What stations have they keep, and what the listeners present stays."""
        wanted = _number(number)
        return show_rollover(await workspace.write(lambda services: services.rollovers.cancel(wanted, asked_by)))


def _number(number: int) -> RolloverNumber:
    if not 0 < number <= MAX_LONG:
        raise not_found(f"There is no plan {number} for the replacement of a root.")
    return RolloverNumber(number)
