"""Errands: what was asked of stations, and what became of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from forecourt.asgi.csv import MEDIA_TYPE as CSV
from forecourt.asgi.csv import csv_download
from forecourt.asgi.rows.errands import ERRAND_COLUMNS, errand_rows
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errands.model import BatchNumber, ErrandFilter, ErrandNumber, ErrandState
from forecourt.domain.errors import DomainError, Kind
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import translated
from forecourt.web.pages.errands import outcomes
from forecourt.web.pages.numbers import MAX_LONG, known_number
from forecourt.web.pages.operations.permits import may_ask
from forecourt.web.pages.operations.prefilling import same_again
from forecourt.web.visit import Typed, Visit, Visiting

OPEN: Final = "open"


class ErrandPages(Controller):
    @get("/errands", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = errands_wanted(visit.query)
        page = await visit.read(lambda services: services.errands.list(wanted, visit.page()))
        return visit.show(
            "errands/list.html",
            page=page,
            wanted=wanted,
            states=[(OPEN, _("Not ended"))] + [(one.value, outcomes.state_words(one)) for one in ErrandState],
            operations=list(visit.house.catalogue),
            words=outcomes,
        )

    @get("/errands.csv", permission=Permission.VIEW, media_type=CSV)
    async def download(self, visit: Visiting) -> Stream:
        wanted = errands_wanted(visit.query)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.errands.list(wanted, page),
            columns=ERRAND_COLUMNS,
            rows=errand_rows,
            filename="errands.csv",
        )

    @get("/errands/{number:int}", permission=Permission.VIEW)
    async def show(self, number: FromPath[int], visit: Visiting) -> Response[str]:
        return await _show(visit, number)

    @post("/errands/{number:int}/cancel", permission=Permission.OPERATE, status_code=HTTPStatus.OK)
    async def cancel(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        errand = _number(number)
        with form.refusals():
            await visit.write(lambda services: services.errands.cancel(errand))
            return visit.go(f"/errands/{number}", _("It is taken back and will not be sent."))
        return await _show(visit, number, form)


def errands_wanted(query: Fields) -> ErrandFilter:
    """The filter in an address."""
    batch = query.number("batch", low=1, high=MAX_LONG)
    if query.shown("state") == OPEN:
        states = frozenset(state for state in ErrandState if not state.is_final)
    else:
        states = frozenset(state for state in ErrandState if state.value in query.all("state"))
    return ErrandFilter(
        station=query.maybe_text("station"),
        operation=query.maybe_text("operation"),
        states=states or None,
        batch=None if batch is None else BatchNumber(batch),
        asked_by=query.maybe_text("askedBy"),
        since=query.moment("from"),
        until=query.moment("to"),
    )


async def _show(visit: Visit, number: int, form: Fields | None = None) -> Response[str]:
    try:
        errand = await visit.read(lambda services: services.errands.get(_number(number)))
    except DomainError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
        return visit.show(
            "operations/gone.html",
            status=HTTPStatus.NOT_FOUND,
            sentence=translated(error.said),
            path="/errands",
            way=_("To the errands"),
        )
    operation = visit.house.catalogue.get(errand.operation)
    may_repeat = operation is not None and may_ask(visit, operation)
    return visit.show_form(
        "errands/errand.html",
        form or Fields(),
        errand=errand,
        again=same_again(operation, errand) if may_repeat and operation is not None else None,
        words=outcomes,
    )


def _number(number: int) -> ErrandNumber:
    return ErrandNumber(known_number(number, _("There is no errand %(number)s.") % {"number": number}))
