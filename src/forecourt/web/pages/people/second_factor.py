"""The second step of signing in: a code of the authenticator, or a recovery code."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post

from forecourt.domain.audit.model import SignIn
from forecourt.domain.services import Services
from forecourt.web.admission import OPEN, TOKENLESS
from forecourt.web.fields import WHOLE_FORM, Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.people.sign_in import is_guessing
from forecourt.web.signing_in import HALF, address_of, cookie_of, drop_cookie, let_in, next_of, note_failure, with_next
from forecourt.web.visit import Typed, Visit, Visiting

MAX_CODE_CHARACTERS: Final = 100


class SecondFactorPages(Controller):
    path = "/sign-in/code"
    opt = {OPEN: True}  # noqa: RUF012  # as the framework wants it

    @get()
    async def show(self, visit: Visiting) -> Response[Any]:
        if await _half_open(visit) is None:
            return _begin_again(visit)
        return visit.show_form("people/second_factor.html", Fields(), next=next_of(visit))

    @post(status_code=HTTPStatus.OK, opt={TOKENLESS: True})
    async def sign_in(self, visit: Visiting, form: Typed) -> Response[Any]:
        account = await _half_open(visit)
        if account is None:
            return _begin_again(visit)
        code = form.text("code", most=MAX_CODE_CHARACTERS, is_required=True)
        is_guessing(visit, form)
        _refuse_guesses_of(visit, form, account)
        if form.is_good and await _is_right(visit, account, code):
            visit.house.desk.attempts.give_back(address_of(visit))
            visit.house.desk.codes.give_back(account)
            return await let_in(visit, account, by="password and second factor", next_path=next_of(visit))
        if form.is_good:
            await note_failure(visit, account, SignIn.FACTOR_FAILED, "wrong code")
            form.refuse("code", _("The code is wrong, or was used before."))
        if await _half_open(visit) is None:
            return _begin_again(visit)
        form.secret("code")
        return visit.show_form("people/second_factor.html", form, next=next_of(visit))


async def _half_open(visit: Visit) -> str | None:
    """The account whose password was given in this browser a moment ago."""
    secret = cookie_of(visit, HALF)
    if not secret:
        return None
    return await visit.read(lambda services: services.sessions.find_half(secret))


def _begin_again(visit: Visit) -> Response[Any]:
    response = visit.go(
        with_next("/sign-in", next_of(visit)), _("It took too long, or too many codes were wrong. Begin again.")
    )
    drop_cookie(response, visit, HALF)
    return response


def _refuse_guesses_of(visit: Visit, form: Fields, account: str) -> None:
    wait = visit.house.desk.codes.seconds_to_wait(account, visit.house.clock.monotonic())
    if wait > 0:
        sentence = _("Too many codes were tried for this account; wait %(seconds)s seconds.")
        form.refuse(WHOLE_FORM, sentence % {"seconds": math.ceil(wait)})


async def _is_right(visit: Visit, account: str, code: str) -> bool:
    secret = cookie_of(visit, HALF)

    def work(services: Services) -> bool:
        # Looked up again here: of many guesses at once, each finds those that were counted before it.
        if services.sessions.find_half(secret) != account:
            return False
        services.sessions.tried(secret)
        return services.accounts.check_totp(account, code)

    return await visit.house.workspace.write(work)
