"""The switch of theme and language that stands on every page, also for whoever has not signed in."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, post
from litestar.datastructures import Cookie

from forecourt.domain.services import Services
from forecourt.web.admission import LANGUAGE, OPEN, THEME
from forecourt.web.language import LANGUAGES
from forecourt.web.signing_in import checked_next
from forecourt.web.visit import Typed, Visit, Visiting

THEMES: Final = ("auto", "light", "dark")
YEAR_SECONDS: Final = 365 * 86_400


class Preferences(Controller):
    path = "/preferences"
    opt = {OPEN: True}  # noqa: RUF012  # as the framework wants it

    @post(status_code=HTTPStatus.OK)
    async def change(self, visit: Visiting, form: Typed) -> Response[Any]:
        """One of both, kept in the browser, and with the account of whoever has signed in."""
        language, theme = form.shown("language"), form.shown("theme")
        response = visit.go(checked_next(form.shown("next")))
        if language in LANGUAGES:
            response.set_cookie(_cookie(visit, LANGUAGE, language))
        if theme in THEMES:
            response.set_cookie(_cookie(visit, THEME, theme))
        if visit.is_signed_in:
            await visit.write(lambda services: _keep(visit, services, language=language, theme=theme))
        return response


def _keep(visit: Visit, services: Services, *, language: str, theme: str) -> None:
    """An account that says nothing of it follows the browser, and goes on doing so for the theme of the system."""
    account = services.accounts.find(visit.asked_by)
    if account is None:
        return
    language_wanted = language if language in LANGUAGES else account.language
    theme_wanted = (None if theme == "auto" else theme) if theme in THEMES else account.theme
    if (language_wanted, theme_wanted) != (account.language, account.theme):
        services.accounts.set_manner(account.name, language=language_wanted, zone=account.zone, theme=theme_wanted)


def _cookie(visit: Visit, name: str, value: str) -> Cookie:
    return Cookie(name, value=value, max_age=YEAR_SECONDS, samesite="lax", secure=visit.house.is_secure, httponly=True)
