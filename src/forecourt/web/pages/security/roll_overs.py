"""The replacement of a root at many stations: plans, and how far each is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.paging import Page
from forecourt.domain.rollovers.model import (
    Progress,
    RolloverFilter,
    RolloverNumber,
    RolloverState,
    StationStep,
    Step,
    StepFilter,
)
from forecourt.domain.services import Services
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.lists import number_in
from forecourt.web.visit import Typed, Visit, Visiting

COLUMNS: Final = (
    *("number", "state", "paused", "reason", "oldRoot", "newRoot", "serverCertificates", "switchPercent", "deleteOld"),
    *("total", "ready", "left", "failed", "askedBy", "askedAt", "changedAt", "switchedAt", "endedAt"),
)
STATION_COLUMNS: Final = ("stationId", "step", "ready", "reason", "errand", "attempts", "againAt", "changedAt")

_ORDER: Final = [
    RolloverState.PREPARING,
    RolloverState.INSTALLING,
    RolloverState.READY,
    RolloverState.SWITCHED,
    RolloverState.CLEANING,
    RolloverState.DONE,
]
"""The life of a plan that is not cancelled."""


class RollOverPages(Controller):
    @get("/roll-overs", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = chosen(visit)
        page = await visit.read(lambda services: services.rollovers.list(wanted, visit.page()))
        return visit.show("security/roll_overs.html", page=page, states=RolloverState, failed=Step.FAILED)

    @get("/roll-overs.csv", permission=Permission.VIEW)
    async def download(self, visit: Visiting) -> Stream:
        wanted = chosen(visit)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.rollovers.list(wanted, page),
            columns=COLUMNS,
            rows=_rows,
            filename="root-rollovers.csv",
        )

    @get("/roll-overs/{number:int}", permission=Permission.VIEW)
    async def show(self, number: FromPath[int], visit: Visiting) -> Response[str]:
        wanted = _steps(visit, number)

        def read(services: Services) -> tuple[Progress, Page[StationStep]]:
            return services.rollovers.get(wanted.rollover), services.rollovers.stations(wanted, visit.page())

        progress, page = await visit.read(read)
        return visit.show(
            "security/roll_over.html",
            progress=progress,
            page=page,
            steps=Step,
            order=_ORDER,
            now=visit.house.clock.now(),
        )

    @get("/roll-overs/{number:int}/stations.csv", permission=Permission.VIEW)
    async def stations(self, number: FromPath[int], visit: Visiting) -> Stream:
        wanted = _steps(visit, number)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.rollovers.stations(wanted, page),
            columns=STATION_COLUMNS,
            rows=_station_rows,
            filename="root-rollover.csv",
        )


class RollOverActions(Controller):
    path = "/roll-overs/{number:int}"

    @post("/switch", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def switch(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        wanted, despite = _number(number), form.flag("despite")
        await visit.write(lambda services: services.rollovers.switch(wanted, visit.asked_by, despite=despite))
        return visit.go(f"/roll-overs/{number}", _("The listeners are switched."))

    @post("/pause", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def pause(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        wanted = _number(number)
        await visit.write(lambda services: services.rollovers.pause(wanted, visit.asked_by))
        return visit.go(f"/roll-overs/{number}", _("The plan stands still; what is on its way to stations ends."))

    @post("/continue", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def resume(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        wanted = _number(number)
        await visit.write(lambda services: services.rollovers.resume(wanted, visit.asked_by))
        return visit.go(f"/roll-overs/{number}", _("The plan goes on."))

    @post("/retry", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def retry(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        wanted = _number(number)
        await visit.write(lambda services: services.rollovers.retry(wanted, visit.asked_by))
        return visit.go(f"/roll-overs/{number}", _("The stations that failed begin again."))

    @post("/cancel", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def cancel(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        wanted = _number(number)
        await visit.write(lambda services: services.rollovers.cancel(wanted, visit.asked_by))
        return visit.go(f"/roll-overs/{number}", _("The plan is cancelled; what stations have, they keep."))

    @post("/stations/{station_id:str}/retry", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def retry_station(
        self, number: FromPath[int], station_id: FromPath[str], visit: Visiting, form: Typed
    ) -> Response[Any]:
        wanted, identity = _number(number), from_path(station_id)
        await visit.write(lambda services: services.rollovers.retry_station(wanted, identity, visit.asked_by))
        return visit.go(f"/roll-overs/{number}", _("The station begins again."))

    @post("/stations/{station_id:str}/leave", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def leave(
        self, number: FromPath[int], station_id: FromPath[str], visit: Visiting, form: Typed
    ) -> Response[Any]:
        wanted, identity = _number(number), from_path(station_id)
        await visit.write(lambda services: services.rollovers.leave(wanted, identity, visit.asked_by))
        return visit.go(f"/roll-overs/{number}", _("The plan waits for this station no longer."))


def chosen(visit: Visit) -> RolloverFilter:
    state = visit.query.choice("state", RolloverState)
    return RolloverFilter(None if state is None else frozenset({state}))


def _steps(visit: Visit, number: int) -> StepFilter:
    step = visit.query.choice("step", Step)
    return StepFilter(rollover=_number(number), steps=None if step is None else frozenset({step}))


def _number(number: int) -> RolloverNumber:
    return RolloverNumber(number_in(number, _("There is no such plan.")))


def _rows(progress: Progress) -> Iterator[Sequence[Cell]]:
    plan = progress.rollover
    yield (
        *(plan.number, plan.state.value, plan.is_paused, plan.reason),
        *(plan.old_root.fingerprint, plan.new_root.fingerprint, " ".join(plan.server_certificates)),
        *(plan.switch_percent, plan.deletes_old, progress.total, progress.ready, progress.left),
        *(progress.counts[Step.FAILED], plan.asked_by, plan.asked_at, plan.changed_at, plan.switched_at, plan.ended_at),
    )


def _station_rows(step: StationStep) -> Iterator[Sequence[Cell]]:
    yield (
        *(step.station, step.step.value, step.step.is_ready, step.reason, step.errand),
        *(step.attempts, step.again_at, step.changed_at),
    )
