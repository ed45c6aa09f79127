"""The library of charging profiles: its list, one profile, and where profiles are."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from markupsafe import Markup

from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import DomainError, Kind, not_found
from forecourt.domain.services import Services
from forecourt.domain.smart_charging.model import Assignment, LibraryProfile, ProfileFilter, Purpose
from forecourt.domain.smart_charging.rules import MAX_NUMBER
from forecourt.drawing.schedules import plot_profile
from forecourt.drawing.step_plot import step_plot_in_page
from forecourt.web.language import gettext as _
from forecourt.web.language import translated
from forecourt.web.pictures import in_page, viewer
from forecourt.web.visit import Typed, Visit, Visiting


class LibraryPages(Controller):
    path = "/charging-profiles"

    @get(permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        query = visit.query
        wanted = ProfileFilter(search=query.maybe_text("search"), purpose=query.choice("purpose", Purpose))
        page = await visit.read(lambda services: services.smart_charging.list_profiles(wanted, visit.page()))
        return visit.show("charging_profiles/list.html", page=page, purposes=Purpose)

    @get("/assignments", permission=Permission.VIEW)
    async def assignments(self, visit: Visiting) -> Response[str]:
        query = visit.query
        station = query.maybe_text("station")
        number = query.number("chargingProfile", low=1, high=MAX_NUMBER)
        page = await visit.read(
            lambda services: services.smart_charging.placed(visit.page(), station=station, library=number)
        )
        return visit.show("charging_profiles/assignments.html", page=page)

    @get("/{number:int}", permission=Permission.VIEW)
    async def show(self, number: FromPath[int], visit: Visiting) -> Response[Any]:
        def read(services: Services) -> tuple[LibraryProfile, list[Assignment]]:
            return find(services, number), list(services.smart_charging.where(number))

        try:
            kept, where = await visit.read(read)
        except DomainError as error:
            return gone(visit, error)
        return visit.show("charging_profiles/profile.html", kept=kept, where=where, plot=drawn(kept))

    @post("/{number:int}/remove", permission=Permission.MANAGE, status_code=HTTPStatus.OK)
    async def remove(self, number: FromPath[int], visit: Visiting, form: Typed) -> Response[Any]:
        with form.refusals():
            await visit.write(lambda services: services.smart_charging.remove_profile(find(services, number).number))
            return visit.go("/charging-profiles", _("The charging profile is removed."))
        kept = await visit.read(lambda services: find(services, number))
        where = await visit.read(lambda services: services.smart_charging.where(number))
        return visit.show_form("charging_profiles/profile.html", form, kept=kept, where=where, plot=drawn(kept))


def find(services: Services, number: int) -> LibraryProfile:
    """Raises DomainError NOT_FOUND, also for what no number can be."""
    if not 0 < number <= MAX_NUMBER:
        raise not_found(f"There is no charging profile {number} in the library.")
    return services.smart_charging.get_profile(number)


def drawn(kept: LibraryProfile) -> Markup:
    return in_page(step_plot_in_page(plot_profile(kept, viewer())))


def gone(visit: Visit, error: DomainError) -> Response[Any]:
    """The profile was removed meanwhile, or there never was one of that number."""
    if error.kind is not Kind.NOT_FOUND:
        raise error
    return visit.show("charging_profiles/gone.html", status=HTTPStatus.NOT_FOUND, sentence=translated(error.said))
