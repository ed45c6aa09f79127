"""The stream by which an open page hears that something changed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get
from litestar.response import Stream

from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import DomainError
from forecourt.web.admission import OPEN, SESSION
from forecourt.web.language import gettext as _
from forecourt.web.live import SIGNED_OUT, Full
from forecourt.web.visit import Visit, Visiting

MEDIA_TYPE: Final = "text/event-stream"
RETRY_AFTER_SECONDS: Final = 30
_HEADERS: Final = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
"""The first has nginx pass events on as they come."""


class LiveStream(Controller):
    path = "/live"
    opt = {OPEN: True}  # noqa: RUF012  # as the framework wants it

    @get()
    async def follow(self, visit: Visiting) -> Response[Any]:
        """Open to all, as a browser cannot tell a script that it was sent elsewhere: a stranger is told to sign in."""
        if not visit.may(Permission.VIEW):
            return Stream(iter([SIGNED_OUT]), media_type=MEDIA_TYPE, headers=_HEADERS)
        live, house = visit.house.live, visit.house
        try:
            seat = live.take_seat()
        except Full:
            sentence = _(
                "Too many pages are open that follow what happens. This one shows how it was when it was opened."
            )
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return Response(
                sentence, status_code=HTTPStatus.SERVICE_UNAVAILABLE, media_type="text/plain", headers=headers
            )
        told = live.tell(seat, workspace=house.workspace, news=house.news, is_welcome=lambda: _is_welcome(visit))
        return Stream(told, media_type=MEDIA_TYPE, headers=_HEADERS)


async def _is_welcome(visit: Visit) -> bool:
    """Still signed in, and with the same role: what a page shows depends on it."""
    secret = visit.request.cookies.get(visit.house.cookie(SESSION), "")
    try:
        found = await visit.read(lambda services: services.sessions.find(secret))
    except DomainError:  # a database that is out of reach: ask again later
        return True
    return found is not None and found.role is visit.visitor.role
