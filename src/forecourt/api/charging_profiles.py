"""The library of charging profiles, and what of it is believed to be on stations."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from litestar import Controller, Request, Response, delete, get, post, put
from litestar.datastructures import State
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.types import ExceptionHandlersMap

from forecourt.api.access import access
from forecourt.api.charging_profile_views import (
    AssignmentView,
    ChargingProfileView,
    NewChargingProfile,
    PlacedChargingProfileView,
    show_assignment,
    show_profile,
)
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.plots import SVG, answer_plot
from forecourt.api.problems import Fault, Problem, bad_request, problem_response
from forecourt.api.stations import StationId
from forecourt.api.words import MAX_NUMBER, Search, Works, utc
from forecourt.asgi.paths import from_path, place_of
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import not_found
from forecourt.domain.paging import Page
from forecourt.domain.services import Services
from forecourt.domain.smart_charging.composite import LONGEST, Stack
from forecourt.domain.smart_charging.model import Assignment, LibraryProfile, ProfileFilter, Purpose
from forecourt.domain.smart_charging.rules import LAST_YEAR, ProfileRefused
from forecourt.drawing.schedules import plot_profile, plot_stack

ProfileNumber = Annotated[int, PathParameter(description="The chargingProfileId: the number that the system gave it.")]


def _answer_faults(_request: Request[object, object, State], error: ProfileRefused) -> Response[Problem]:
    """A profile that breaks rules is answered with everything that is wrong with it."""
    errors = [Fault(fault.field, str(fault.reason)) for fault in error.faults]
    return problem_response(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The charging profile breaks rules of OCPP 1.6.", errors=errors
    )


_FAULTS: Final[ExceptionHandlersMap] = {ProfileRefused: _answer_faults}


class ChargingProfiles(Controller):
    path = "/charging-profiles"
    tags = ("Smart charging",)
    opt = access(view=Permission.VIEW, change=Permission.MANAGE)
    exception_handlers = _FAULTS

    @get(summary="List charging profiles", operation_id="listChargingProfiles")
    async def list_all(
        self,
        workspace: Works,
        page: Paging,
        search: Search = None,
        purpose: Annotated[Purpose | None, QueryParameter(description="Only those with this purpose.")] = None,
    ) -> Listing[ChargingProfileView]:
        """By number. The search looks at names and descriptions."""
        wanted = ProfileFilter(search=search or None, purpose=purpose)
        found = await workspace.read(lambda services: services.smart_charging.list_profiles(wanted, page))
        return listing(found, show_profile)

    @post(summary="Add a charging profile", operation_id="addChargingProfile")
    async def add(self, data: JSONBody[NewChargingProfile], workspace: Works) -> ChargingProfileView:
        """The system gives it the number that it has on stations. Everything that is wrong with it is answered at
        once."""
        draft = data.draft()
        return show_profile(await workspace.write(lambda services: services.smart_charging.add_profile(draft)))

    @get("/{profile_id:int}", summary="Show a charging profile", operation_id="getChargingProfile")
    async def show(self, profile_id: ProfileNumber, workspace: Works) -> PlacedChargingProfileView:
        """With the stations that have it, may have it, or are about to get it."""
        known = _number(profile_id)

        def work(services: Services) -> PlacedChargingProfileView:
            return _placed(services, services.smart_charging.get_profile(known))

        return await workspace.read(work)

    @put("/{profile_id:int}", summary="Change a charging profile", operation_id="changeChargingProfile")
    async def change(
        self, profile_id: ProfileNumber, data: JSONBody[NewChargingProfile], workspace: Works
    ) -> PlacedChargingProfileView:
        """Stations keep the version that they have: their assignments are `outdated` until it is assigned again."""
        known, draft = _number(profile_id), data.draft()

        def work(services: Services) -> PlacedChargingProfileView:
            return _placed(services, services.smart_charging.change_profile(known, draft))

        return await workspace.write(work)

    @delete("/{profile_id:int}", summary="Remove a charging profile", operation_id="removeChargingProfile")
    async def remove(self, profile_id: ProfileNumber, workspace: Works) -> None:
        """Refused with 409 while a station has it, may have it, or is about to get it."""
        known = _number(profile_id)
        await workspace.write(lambda services: services.smart_charging.remove_profile(known))

    @get(
        "/{profile_id:int}/plot.svg",
        summary="Draw a charging profile",
        operation_id="plotChargingProfile",
        media_type=SVG,
        response_description="An image, image/svg+xml.",
    )
    async def plot(self, profile_id: ProfileNumber, workspace: Works) -> Response[str]:
        """One day or week of a profile that recurs, else its duration, or a day."""
        known = _number(profile_id)
        kept = await workspace.read(lambda services: services.smart_charging.get_profile(known))
        return answer_plot(plot_profile(kept))


class StationChargingProfiles(Controller):
    path = "/stations/{station_id:str}/charging-profiles"
    tags = ("Smart charging",)
    opt = access(view=Permission.VIEW)

    @get(summary="List the charging profiles of a station", operation_id="listStationChargingProfiles")
    async def list_all(
        self,
        station_id: StationId,
        workspace: Works,
        page: Paging,
        ended: Annotated[
            bool, QueryParameter(description="Also those that it has no more, or never got; newest first, in pages.")
        ] = False,
    ) -> Listing[AssignmentView]:
        """What the station is believed to have, may have, or is about to get, oldest first and all in one page."""
        identity = from_path(station_id)

        def work(services: Services) -> Page[Assignment]:
            station = services.provisioning.get_station(identity)
            if ended:
                return services.smart_charging.history(station, page)
            return Page(services.smart_charging.present(station), None)

        return listing(await workspace.read(work), show_assignment)

    @get(
        "/plot.svg",
        summary="Draw the charging profiles of a connector",
        operation_id="plotStationChargingProfiles",
        media_type=SVG,
        response_description="An image, image/svg+xml.",
    )
    async def plot(
        self,
        station_id: StationId,
        workspace: Works,
        connector_id: Annotated[
            int, QueryParameter(name="connectorId", ge=0, le=MAX_NUMBER, description="0 is the station as a whole.")
        ] = 0,
        since: Annotated[
            datetime | None, QueryParameter(name="from", description="From when on; absent for now.")
        ] = None,
        duration: Annotated[int, QueryParameter(ge=60, le=LONGEST, description="How far ahead, in seconds.")] = 86_400,
    ) -> Response[str]:
        """Each profile that is believed installed and concerns the connector, and the limit that results."""
        identity = from_path(station_id)
        place = place_of(connector_id)
        begin = utc(since, "from")
        if begin is not None and begin.year > LAST_YEAR:
            raise bad_request("A time cannot be used.", Fault("from", f"Times end with the year {LAST_YEAR}."))

        def work(services: Services) -> Stack:
            station = services.provisioning.get_station(identity)
            return services.smart_charging.stack(station, place, since=begin, seconds=duration)

        return answer_plot(plot_stack(identity, place, await workspace.read(work)))


def _number(number: int) -> int:
    if not 0 < number <= MAX_NUMBER:
        raise not_found(f"There is no charging profile {number} in the library.")
    return number


def _placed(services: Services, kept: LibraryProfile) -> PlacedChargingProfileView:
    where = services.smart_charging.where(kept.number)
    return PlacedChargingProfileView(
        charging_profile=show_profile(kept), assignments=[show_assignment(one) for one in where]
    )
