"""Signing in with a password, and out."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any

from litestar import Controller, Response, get, post

from forecourt.domain.access.account import Credentials
from forecourt.domain.audit.model import Deed, SignIn, Via
from forecourt.domain.services import Services
from forecourt.web.admission import OPEN, SESSION, TOKENLESS
from forecourt.web.fields import WHOLE_FORM, Fields
from forecourt.web.language import gettext as _
from forecourt.web.sign_in_desk import TooBusy
from forecourt.web.signing_in import (
    HALF,
    HALF_SECONDS,
    address_of,
    agent_of,
    cookie_of,
    drop_cookie,
    is_elsewhere,
    is_exposed,
    let_in,
    next_of,
    note_failure,
    set_cookie,
    with_next,
)
from forecourt.web.visit import Typed, Visit, Visiting


class SignInPages(Controller):
    path = "/"
    opt = {OPEN: True}  # noqa: RUF012  # as the framework wants it

    @get("/sign-in")
    async def show(self, visit: Visiting) -> Response[Any]:
        if visit.is_signed_in:
            return visit.go(next_of(visit))
        return show_sign_in(visit, Fields())

    @post("/sign-in", status_code=HTTPStatus.OK, opt={TOKENLESS: True})
    async def sign_in(self, visit: Visiting, form: Typed) -> Response[Any]:
        name, password = form.text("name", is_required=True), form.secret("password")
        if is_guessing(visit, form) or not form.is_good:
            return show_sign_in(visit, form)
        credentials = await _checked(visit, form, name, password)
        if credentials is None:
            return show_sign_in(visit, form)
        visit.house.desk.attempts.give_back(address_of(visit))
        if credentials.has_second_factor:
            return await _ask_for_second_factor(visit, credentials.account)
        return await let_in(visit, credentials.account, by="password", next_path=next_of(visit))

    @post("/sign-out", status_code=HTTPStatus.OK)
    async def sign_out(self, visit: Visiting, form: Typed) -> Response[Any]:
        secret = cookie_of(visit, SESSION)
        if visit.is_signed_in:
            account, address = visit.asked_by, address_of(visit)
            await visit.house.workspace.write(lambda services: _close(services, account, secret, address))
        response = visit.go("/sign-in", _("You have signed out."))
        drop_cookie(response, visit, SESSION)
        return response


def show_sign_in(visit: Visit, form: Fields) -> Response[str]:
    return visit.show_form(
        "people/sign_in.html", form, is_exposed=is_exposed(visit), is_elsewhere=is_elsewhere(visit), next=next_of(visit)
    )


def is_guessing(visit: Visit, form: Fields) -> bool:
    """Counts an attempt of the address, and refuses the form for one too many."""
    wait = visit.house.desk.attempts.seconds_to_wait(address_of(visit), visit.house.clock.monotonic())
    if wait > 0:
        sentence = _("Too many attempts from this address; wait %(seconds)s seconds.")
        form.refuse(WHOLE_FORM, sentence % {"seconds": math.ceil(wait)})
    return wait > 0


async def _checked(visit: Visit, form: Fields, name: str, password: str) -> Credentials | None:
    """Whose password it is; None when it is nobody's, which the form tells then."""
    house = visit.house
    credentials = await house.workspace.read(lambda services: services.accounts.credentials(name))
    hashed = None if credentials is None else credentials.password_hash
    try:
        is_match = await house.desk.is_match(house.hasher, hashed, password)
    except TooBusy:
        form.refuse(WHOLE_FORM, _("Many are signing in at the moment; try again in a moment."))
        return None
    if is_match:
        return credentials
    account = None if credentials is None else credentials.account
    await note_failure(visit, account, SignIn.FAILED, "wrong password" if account else "unknown name")
    form.refuse(WHOLE_FORM, _("The name or the password is wrong."))
    return None


async def _ask_for_second_factor(visit: Visit, account: str) -> Response[Any]:
    address, agent = address_of(visit), agent_of(visit)
    before = cookie_of(visit, HALF)

    def work(services: Services) -> str:
        if before:
            services.sessions.close(before)
        return services.sessions.open_half(account, address=address, agent=agent)

    secret = await visit.house.workspace.write(work)
    response = visit.go(with_next("/sign-in/code", next_of(visit)))
    set_cookie(response, visit, HALF, secret, seconds=HALF_SECONDS)
    return response


def _close(services: Services, account: str, secret: str, address: str) -> None:
    services.sessions.close(secret)
    services.audit.note(Deed(who=account, via=Via.PAGE, action=SignIn.OUT, subject=account, detail=address))
