"""A station on its way to a higher security profile: what it needs, what it lacks, and each step from here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from forecourt.asgi.paths import from_path, to_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.admission.model import AccessSheet, SecurityProfile
from forecourt.domain.admission.passwords import CHANGE_PASSWORD
from forecourt.domain.admission.preconditions import Precondition
from forecourt.domain.admission.profile_upgrades import UPGRADE_SECURITY_PROFILE
from forecourt.domain.certificates.requests import RENEW_CERTIFICATE
from forecourt.domain.errands.model import Errand, ErrandFilter
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import StationSheet
from forecourt.domain.roots.service import INSTALL
from forecourt.domain.services import Services
from forecourt.domain.trust.held import Use
from forecourt.domain.trust.model import Policy, Purpose, Role, Trusted, TrustFilter
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.asking import ask_one
from forecourt.web.visit import Typed, Visit, Visiting

ROOTS: Final = PageRequest(100)
ERRANDS: Final = PageRequest(8)
_OWN: Final = frozenset({CHANGE_PASSWORD, RENEW_CERTIFICATE, INSTALL, UPGRADE_SECURITY_PROFILE})


@dataclass(frozen=True, slots=True)
class Path:
    """What is known of a station on its way."""

    sheet: StationSheet
    access: AccessSheet
    wanted: SecurityProfile
    needs: Sequence[Precondition]
    roots: Sequence[Trusted]
    errands: Sequence[Errand]
    policy: Policy


class ProfileUpgradePages(Controller):
    path = "/stations/{name:str}/upgrade"

    @get(permission=Permission.VIEW)
    async def show(self, name: FromPath[str], visit: Visiting) -> Response[str]:
        return await _page(visit, name, Fields.of(reset=True), visit.query.number("profile", low=1, high=3))

    @post("/password", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def password(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        """One is made for it alone."""
        done = _("A new password is made for the station and brought to it.")
        return await _asked(visit, name, form, CHANGE_PASSWORD, parameters={}, done=done)

    @post("/root", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def root(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        parameters = {"use": Use.CENTRAL_SYSTEM_ROOT.value, "fingerprint": form.text("fingerprint")}
        done = _("The root certificate is brought to the station.")
        return await _asked(visit, name, form, INSTALL, parameters=parameters, done=done)

    @post("/certificate", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def certificate(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        done = _("The station is asked for a new key as soon as it is on line.")
        return await _asked(visit, name, form, RENEW_CERTIFICATE, parameters={}, done=done)

    @post("/start", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def start(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        parameters: dict[str, object] = {
            "profile": form.number("profile", low=1, high=3, is_required=True) or 0,
            "despitePreconditions": form.flag("despitePreconditions"),
            "reset": form.flag("reset"),
        }
        done = _("The station is asked to use the higher profile. Until it has connected with it, both are accepted.")
        return await _asked(visit, name, form, UPGRADE_SECURITY_PROFILE, parameters=parameters, done=done)

    @post("/give-up", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def give_up(self, name: FromPath[str], visit: Visiting, form: Typed) -> Response[Any]:
        identity = from_path(name)

        def work(services: Services) -> None:
            services.profile_upgrades.give_up(services.provisioning.get_station(identity), visit.asked_by)

        if form.is_good:
            with form.refusals():
                await visit.write(work)
                done = _("Only the present profile is accepted again.")
                return visit.go(f"/stations/{to_path(identity)}/upgrade", done)
        return await _page(visit, name, form, None)


async def _asked(
    visit: Visit, name: str, form: Fields, operation: str, *, parameters: Mapping[str, object], done: str
) -> Response[Any]:
    identity, profile = from_path(name), form.number("profile", low=1, high=3)
    if form.is_good:
        with form.refusals():
            await ask_one(visit, operation, identity, parameters)
            wanted = f"?profile={profile}" if profile else ""
            return visit.go(f"/stations/{to_path(identity)}/upgrade{wanted}", done)
    return await _page(visit, name, form, profile)


async def _page(visit: Visit, name: str, form: Fields, wanted: int | None) -> Response[str]:
    identity = from_path(name)
    path = await visit.read(lambda services: path_of(services, identity, wanted))
    return visit.show_form(
        "security/upgrade.html", form, path=path, profiles=SecurityProfile, now=visit.house.clock.now()
    )


def path_of(services: Services, identity: str, wanted: int | None) -> Path:
    """Towards the next higher profile unless another is wanted. Raises DomainError NOT_FOUND."""
    sheet = services.provisioning.get(identity)
    access = services.admissions.sheet(sheet.station)
    upgrade = access.access.upgrade
    highest = upgrade.profile if upgrade is not None else min(access.access.profile + 1, max(SecurityProfile))
    profile = SecurityProfile(highest if wanted is None else wanted)
    roots = TrustFilter(purpose=Purpose.SERVER, role=Role.ANCHOR, is_enabled=True)
    errands = services.errands.list(ErrandFilter(station=identity), PageRequest(40)).items
    return Path(
        sheet=sheet,
        access=access,
        wanted=profile,
        needs=services.profile_upgrades.preconditions(sheet.station, profile),
        roots=services.trust.list(roots, ROOTS).items,
        errands=[one for one in errands if one.operation in _OWN][: ERRANDS.limit],
        policy=services.trust.policy(),
    )
