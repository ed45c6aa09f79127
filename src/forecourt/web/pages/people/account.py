"""The visitor's own account: how pages are shown to them, their password, and where they are signed in."""

from __future__ import annotations

import functools
import zoneinfo
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post

from forecourt.domain.access.model import digest
from forecourt.domain.access.permissions import Permission
from forecourt.domain.services import Services
from forecourt.web.admission import SESSION
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import mark
from forecourt.web.pages.people.proofs import new_password, prove
from forecourt.web.signing_in import cookie_of
from forecourt.web.visit import Typed, Visit, Visiting

LANGUAGES_BY_NAME: Final = (("en", "English"), ("de", "Deutsch"))
THEMES: Final = (("light", mark("Light")), ("dark", mark("Dark")))


class AccountPages(Controller):
    path = "/account"

    @get(permission=Permission.VIEW)
    async def show(self, visit: Visiting) -> Response[str]:
        account = await visit.read(lambda services: services.accounts.get(visit.asked_by))
        form = Fields.of(
            shownName=account.shown_name, language=account.language, zone=account.zone, theme=account.theme
        )
        return await _show(visit, form)

    @post(permission=Permission.VIEW, status_code=HTTPStatus.OK)
    async def change(self, visit: Visiting, form: Typed) -> Response[Any]:
        name = visit.asked_by
        shown_name = form.text("shownName")
        language, zone, theme = (form.maybe_text(field) for field in ("language", "zone", "theme"))

        def work(services: Services) -> None:
            services.accounts.set_manner(name, language=language, zone=zone, theme=theme)
            services.accounts.change(name, shown_name=shown_name)

        with form.refusals():
            if form.is_good:
                await visit.write(work)
                return visit.go("/account", _("Your account is changed."))
        return await _show(visit, form)

    @get("/password", permission=Permission.VIEW)
    async def show_password(self, visit: Visiting) -> Response[str]:
        return await _show_password(visit, Fields())

    @post("/password", permission=Permission.VIEW, status_code=HTTPStatus.OK)
    async def change_password(self, visit: Visiting, form: Typed) -> Response[Any]:
        name, own = visit.asked_by, cookie_of(visit, SESSION)
        await prove(visit, form)
        hashed = await new_password(visit, form, name)
        if hashed is None:
            return await _show_password(visit, form)
        await visit.write(lambda services: services.accounts.set_password(name, hashed, keep=own))
        return visit.go("/account", _("Your password is changed, and your other sessions are ended."))

    @post("/sessions/end", permission=Permission.VIEW, status_code=HTTPStatus.OK)
    async def end_session(self, visit: Visiting, form: Typed) -> Response[Any]:
        name, session = visit.asked_by, form.text("session")
        await visit.write(lambda services: services.sessions.close_one(name, session))
        return visit.go("/account#sessions", _("The session is ended."))

    @post("/sessions/end-others", permission=Permission.VIEW, status_code=HTTPStatus.OK)
    async def end_other_sessions(self, visit: Visiting, form: Typed) -> Response[Any]:
        name, own = visit.asked_by, cookie_of(visit, SESSION)
        await visit.write(lambda services: services.sessions.close_all(name, but=own))
        return visit.go("/account#sessions", _("Your other sessions are ended."))


@functools.cache
def zones() -> tuple[str, ...]:
    """Every time zone that there is, by its IANA name."""
    return tuple(sorted(zoneinfo.available_timezones()))


async def _show(visit: Visit, form: Fields) -> Response[str]:
    name = visit.asked_by
    account, sessions = await visit.read(
        lambda services: (services.accounts.get(name), services.sessions.list_of(name))
    )
    return visit.show_form(
        "people/account.html",
        form,
        account=account,
        sessions=sessions,
        own_session=digest(cookie_of(visit, SESSION)),
        languages=LANGUAGES_BY_NAME,
        themes=[(value, _(label)) for value, label in THEMES],
        zones=zones(),
        now=visit.house.clock.now(),
    )


async def _show_password(visit: Visit, form: Fields) -> Response[str]:
    account = await visit.read(lambda services: services.accounts.get(visit.asked_by))
    return visit.show_form("people/password.html", form, account=account)
