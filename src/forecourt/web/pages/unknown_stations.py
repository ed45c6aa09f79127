"""Stations that knocked at the door and are not registered: one click admits them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Controller, Response, get, post

from forecourt.asgi.paths import to_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import DomainError
from forecourt.domain.paging import Page
from forecourt.domain.provisioning.model import Registration, StationDraft, UnknownStation, check_identity
from forecourt.domain.services import Services
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import translated
from forecourt.web.visit import Typed, Visit, Visiting


class UnknownStationPages(Controller):
    path = "/unknown-stations"

    @get(permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        return await _show(visit, Fields())

    @post("/admit", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def admit(self, visit: Visiting, form: Typed) -> Response[Any]:
        identity = form.shown("station")
        decision = form.choice("registration", Registration, is_required=True)
        if decision is not None:
            draft = StationDraft(identity=identity, registration=decision)
            with form.refusals():
                await visit.write(lambda services: services.provisioning.add(draft, visit.asked_by))
                done = _("The station is registered; it connects when it tries again.")
                return visit.go(f"/stations/{to_path(identity)}", done)
        return await _show(visit, form)

    @post("/forget", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def forget(self, visit: Visiting, form: Typed) -> Response[Any]:
        """One that is not there any more, because it was registered or forgotten, is no mistake."""
        identity = form.shown("station")

        def work(services: Services) -> None:
            if services.provisioning.find_stranger(identity) is not None:
                services.provisioning.forget_stranger(identity)

        await visit.write(work)
        return visit.go("/unknown-stations", _("The station is forgotten until it knocks again."))


async def _show(visit: Visit, form: Fields) -> Response[Any]:
    def read(services: Services) -> Page[UnknownStation]:
        return services.provisioning.list_strangers(visit.page())

    page = await visit.read(read)
    return visit.show_form(
        "unknown_stations/list.html",
        form,
        page=page,
        impossible={one.identity: reason for one in page.items if (reason := _why_not(one.identity))},
        now=visit.house.clock.now(),
    )


def _why_not(identity: str) -> str:
    """Why no station may be registered under a name that somebody knocked with; empty when one may."""
    try:
        check_identity(identity)
    except DomainError as error:
        return translated(error.said)
    return ""
