"""Signing in and out."""

from __future__ import annotations

import asyncio
import math
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.datastructures import Cookie

from forecourt.asgi.throttle import Throttle
from forecourt.web.admission import OPEN, SESSION
from forecourt.web.fields import WHOLE_FORM, Fields
from forecourt.web.language import gettext as _
from forecourt.web.visit import Typed, Visit, Visiting

MAX_PASSWORD_CHARACTERS: Final = 1024

_throttle = Throttle()


class SignInPages(Controller):
    path = "/"
    opt = {OPEN: True}  # noqa: RUF012  # as the framework wants it

    @get("/sign-in")
    async def show(self, visit: Visiting) -> Response[Any]:
        if visit.is_signed_in:
            return visit.go(_next(visit))
        return visit.show_form("sign_in.html", Fields())

    @post("/sign-in", status_code=HTTPStatus.OK)
    async def sign_in(self, visit: Visiting, form: Typed) -> Response[Any]:
        name, password = form.text("name", is_required=True), form.secret("password")
        client = visit.request.client
        address = client.host if client else ""
        wait = _throttle.seconds_to_wait(address, visit.house.clock.monotonic())
        if wait > 0:
            sentence = _("Too many attempts from this address; wait %(seconds)s seconds.")
            form.refuse(WHOLE_FORM, sentence % {"seconds": math.ceil(wait)})
        elif form.is_good and not await _is_match(visit, name, password):
            form.refuse(WHOLE_FORM, _("The name or the password is wrong."))
        if not form.is_good:
            return visit.show_form("sign_in.html", form)
        _throttle.give_back(address)
        agent = visit.request.headers.get("user-agent", "")
        secret = await visit.write(lambda services: services.sessions.open(name, address=address, agent=agent))
        response = visit.go(_next(visit))
        response.set_cookie(_cookie(visit, secret))
        return response

    @post("/sign-out", status_code=HTTPStatus.OK)
    async def sign_out(self, visit: Visiting, form: Typed) -> Response[Any]:
        secret = visit.request.cookies.get(SESSION, "")
        await visit.write(lambda services: services.sessions.close(secret))
        response = visit.go("/sign-in", _("You have signed out."))
        response.delete_cookie(SESSION)
        return response


async def _is_match(visit: Visit, name: str, password: str) -> bool:
    if not 0 < len(password) <= MAX_PASSWORD_CHARACTERS:
        return False
    hashed = await visit.read(lambda services: services.access.password_hash(name))
    return hashed is not None and await asyncio.to_thread(visit.house.hasher.is_match, hashed, password)


def _cookie(visit: Visit, secret: str) -> Cookie:
    return Cookie(SESSION, value=secret, httponly=True, samesite="lax", secure=visit.house.is_secure)


def _next(visit: Visit) -> str:
    """Where somebody wanted to go; only within this system."""
    wanted = visit.query.shown("next")
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and "\\" not in wanted
    return wanted if is_ours and wanted.isprintable() else "/"
