"""Requests to authorities: what waits, and why; try again, or cancel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.signing.model import Signing, SigningFilter, SigningNumber, SigningState, Use
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.lists import number_in
from forecourt.web.visit import Typed, Visiting

COLUMNS: Final = (
    *("signing", "use", "owner", "authority", "commonName", "hostNames", "keyDigest", "state", "reason", "attempts"),
    *("askedBy", "askedAt", "againAt", "endedAt", "fingerprint"),
)


class SigningPages(Controller):
    @get("/authorities/requests", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = chosen(visit.query)
        page = await visit.read(lambda services: services.signing.list(wanted, visit.page()))
        return visit.show("security/signings.html", page=page, states=SigningState, uses=Use)

    @get("/authorities/requests.csv", permission=Permission.VIEW)
    async def download(self, visit: Visiting) -> Stream:
        wanted = chosen(visit.query)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.signing.list(wanted, page),
            columns=COLUMNS,
            rows=_rows,
            filename="signings.csv",
        )

    @get("/authorities/requests/{number:int}", permission=Permission.VIEW)
    async def show(self, number: FromPath[int], visit: Visiting) -> Response[str]:
        wanted = _number(number)
        signing = await visit.read(lambda services: services.signing.get(wanted))
        return visit.show("security/signing.html", signing=signing)

    @post("/authorities/requests/{number:int}/retry", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def retry(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        wanted = _number(number)
        await visit.write(lambda services: services.signing.retry(wanted))
        return visit.go(f"/authorities/requests/{number}", _("The authority is asked now."))

    @post("/authorities/requests/{number:int}/cancel", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def cancel(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        wanted, reason = _number(number), f"It was cancelled by {visit.asked_by}."
        await visit.write(lambda services: services.signing.cancel(wanted, reason))
        return visit.go(f"/authorities/requests/{number}", _("The request is cancelled."))


def chosen(query: Fields) -> SigningFilter:
    state = query.choice("state", SigningState)
    return SigningFilter(
        states=None if state is None else frozenset({state}),
        use=query.choice("use", Use),
        owner=query.maybe_text("owner"),
        authority=query.maybe_text("authority"),
        since=query.moment("from"),
        until=query.moment("to"),
    )


def _number(number: int) -> SigningNumber:
    return SigningNumber(number_in(number, _("There is no such request to an authority.")))


def _rows(signing: Signing) -> Iterator[Sequence[Cell]]:
    number: int = signing.number
    yield (
        *(number, signing.use.value, signing.owner, signing.authority, signing.common_name),
        *(" ".join(signing.host_names), signing.key_digest, signing.state.value, signing.reason, signing.attempts),
        *(signing.asked_by, signing.asked_at, signing.again_at, signing.ended_at, signing.fingerprint),
    )
