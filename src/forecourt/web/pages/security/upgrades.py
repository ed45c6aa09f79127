"""Many stations on their way to a higher security profile: what each lacks, and one step for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post

from forecourt.domain.access.permissions import Permission
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.admission.passwords import CHANGE_PASSWORD
from forecourt.domain.admission.profile_upgrades import UPGRADE_SECURITY_PROFILE
from forecourt.domain.certificates.requests import RENEW_CERTIFICATE
from forecourt.domain.paging import Page
from forecourt.domain.provisioning.model import StationFilter
from forecourt.domain.roots.service import INSTALL
from forecourt.domain.services import Services
from forecourt.domain.trust.held import Use
from forecourt.domain.trust.model import Purpose, Role, Trusted, TrustFilter
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.asking import ask_all
from forecourt.web.pages.security.upgrade import ROOTS, Path, path_of
from forecourt.web.visit import Typed, Visit, Visiting

AT_ONCE: Final = 20
"""Stations on one page: each takes some queries."""
MOST: Final = 500
STEPS: Final = (CHANGE_PASSWORD, INSTALL, RENEW_CERTIFICATE, UPGRADE_SECURITY_PROFILE)


class ProfileUpgradesPages(Controller):
    path = "/profile-upgrades"

    @get(permission=Permission.VIEW)
    async def show(self, visit: Visiting) -> Response[str]:
        return await _page(visit, Fields.of(reset=True))

    @post(permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def start(self, visit: Visiting, form: Typed) -> Response[Any]:
        stations = list(dict.fromkeys(form.all("station")))[:MOST]
        operation = form.text("operation")
        if not stations:
            form.refuse("station", _("Choose at least one station."))
        if operation not in STEPS:
            form.refuse("operation", _("Choose a step."))
        if operation == INSTALL and not form.text("fingerprint"):
            form.refuse("fingerprint", _("Choose a root certificate."))
        if form.is_good:
            with form.refusals():
                batch = await ask_all(visit, operation, stations, _parameters(form, operation))
                return visit.go(
                    f"/batches/{batch}", _("The stations are asked; those that are off line when they come.")
                )
        return await _page(visit, form)


def _parameters(form: Fields, operation: str) -> Mapping[str, object]:
    if operation == INSTALL:
        return {"use": Use.CENTRAL_SYSTEM_ROOT.value, "fingerprint": form.text("fingerprint")}
    if operation == UPGRADE_SECURITY_PROFILE:
        return {
            "profile": form.number("wantedProfile", low=1, high=3) or 0,
            "despitePreconditions": form.flag("despitePreconditions"),
            "reset": form.flag("reset"),
        }
    return {}


async def _page(visit: Visit, form: Fields) -> Response[str]:
    query = visit.query
    present, wanted = query.number("fromProfile", low=0, high=2), query.number("profile", low=1, high=3)
    named = list(dict.fromkeys(query.all("station")))[:AT_ONCE]
    stations = StationFilter(
        search=query.maybe_text("search"),
        group=query.maybe_text("group"),
        security_profile=None if present is None else SecurityProfile(present),
    )
    anchors = TrustFilter(purpose=Purpose.SERVER, role=Role.ANCHOR, is_enabled=True)

    def read(services: Services) -> tuple[Page[Path], Sequence[Trusted]]:
        roots = services.trust.list(anchors, ROOTS).items
        if named:
            found = [name for name in named if services.provisioning.find_station(name) is not None]
            return Page([path_of(services, name, wanted) for name in found], None), roots
        page = services.provisioning.list(stations, visit.page(AT_ONCE))
        paths = [path_of(services, sheet.station.identity, wanted) for sheet in page.items]
        return Page(paths, page.next_after), roots

    page, roots = await visit.read(read)
    return visit.show_form(
        "security/upgrades.html", form, page=page, roots=roots, profiles=SecurityProfile, steps=STEPS
    )
