"""A new plan for the replacement of a root."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post

from forecourt.domain.access.permissions import Permission
from forecourt.domain.paging import PageRequest
from forecourt.domain.rollovers.model import Wanted
from forecourt.domain.rollovers.planning import plan_for
from forecourt.domain.services import Services
from forecourt.domain.trust.model import Purpose, Role, ServerChain, Trusted, TrustFilter
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.selecting import stations_in
from forecourt.web.visit import Typed, Visit, Visiting

ROOTS: Final = PageRequest(500)
"""So many can be chosen from; an operator has a handful."""


class NewRollOverPages(Controller):
    path = "/roll-overs/new"

    @get(permission=Permission.SECURITY)
    async def form(self, visit: Visiting) -> Response[str]:
        return await _page(visit, Fields.of(which="all", deleteOld=True, oldRoot=visit.query.shown("oldRoot")))

    @post(permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def start(self, visit: Visiting, form: Typed) -> Response[Any]:
        wanted = Wanted(
            old_root=form.text("oldRoot", is_required=True),
            new_root=form.text("newRoot", is_required=True),
            server_certificates=tuple(form.all("serverCertificates")),
            switch_percent=form.number("switchPercent", low=1, high=100),
            deletes_old=form.flag("deleteOld"),
        )
        stations = await stations_in(visit, form)
        if form.is_good:
            with form.refusals():
                progress = await plan_for(visit.workspace, wanted, stations, visit.asked_by)
                return visit.go(f"/roll-overs/{progress.rollover.number}", _("The plan is begun."))
        return await _page(visit, form)


async def _page(visit: Visit, form: Fields) -> Response[str]:
    roots = TrustFilter(purpose=Purpose.SERVER, role=Role.ANCHOR, is_enabled=True)

    def read(services: Services) -> tuple[Sequence[Trusted], Sequence[ServerChain]]:
        return services.trust.list(roots, ROOTS).items, services.trust.server_certificates()

    found, served = await visit.read(read)
    return visit.show_form("security/roll_over_new.html", form, roots=found, served=served)
