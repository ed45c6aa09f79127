"""Batches: one request to many stations, followed while it runs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.domain.access.permissions import Permission
from forecourt.domain.errands.model import Batch, BatchNumber, Errand, ErrandFilter, ErrandState
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.services import Services
from forecourt.operations.asking import cancel_batch
from forecourt.web.language import gettext as _
from forecourt.web.language import translated
from forecourt.web.pages.errands import outcomes
from forecourt.web.pages.numbers import known_number
from forecourt.web.pages.operations.permits import may_ask
from forecourt.web.pages.operations.prefilling import same_again
from forecourt.web.visit import Typed, Visit, Visiting


class BatchPages(Controller):
    path = "/batches"

    @get(permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        page = await visit.read(lambda services: services.errands.batches(visit.page()))
        return visit.show("errands/batches.html", page=page, ended=_ended, words=outcomes, states=ErrandState)

    @get("/{number:int}", permission=Permission.VIEW)
    async def show(self, number: FromPath[int], visit: Visiting) -> Response[str]:
        try:
            return await _show(visit, number)
        except DomainError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise
            return visit.show(
                "operations/gone.html",
                status=HTTPStatus.NOT_FOUND,
                sentence=translated(error.said),
                path="/batches",
                way=_("To the batches"),
            )

    @post("/{number:int}/cancel", permission=Permission.OPERATE, status_code=HTTPStatus.OK)
    async def cancel(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        await cancel_batch(visit.workspace, _number(number))
        return visit.go(f"/batches/{number}", _("What was not sent yet is taken back."))


async def _show(visit: Visit, number: int) -> Response[str]:
    state = visit.query.choice("state", ErrandState)
    wanted = ErrandFilter(batch=_number(number), states=None if state is None else frozenset({state}))
    undone = ErrandFilter(batch=_number(number), states=frozenset(outcomes.NOT_DONE))

    def look(services: Services) -> tuple[Batch, Page[Errand], Page[Errand]]:
        errands = services.errands
        batch = errands.get_batch(_number(number))
        return batch, errands.list(wanted, visit.page()), errands.list(undone, PageRequest(1))

    batch, page, failed = await visit.read(look)
    return visit.show(
        "errands/batch.html",
        batch=batch,
        page=page,
        ended=_ended(batch),
        again=_again(visit, batch, failed),
        queued=batch.counts.get(ErrandState.QUEUED, 0),
        states=ErrandState,
        words=outcomes,
    )


def _again(visit: Visit, batch: Batch, failed: Page[Errand]) -> str | None:
    """The address of the form for the stations in which it came to nothing; None when there is nothing to repeat."""
    operation = visit.house.catalogue.get(batch.operation)
    if operation is None or not may_ask(visit, operation) or not failed.items or not batch.is_finished:
        return None
    states = [("state", state.value) for state in outcomes.NOT_DONE]
    told = same_again(operation, failed.items[0])
    return f"/operations/{operation.name}?{urlencode([('batch', batch.number), *states])}{'&' if told else ''}{told}"


def _ended(batch: Batch) -> int:
    return sum(count for state, count in batch.counts.items() if state.is_final)


def _number(number: int) -> BatchNumber:
    return BatchNumber(known_number(number, _("There is no batch %(number)s.") % {"number": number}))
