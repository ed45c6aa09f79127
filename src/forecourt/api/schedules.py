"""Schedules: the limits that stations computed from all their charging profiles."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, Response, get
from litestar.params import PathParameter

from forecourt.api.access import access
from forecourt.api.charging_profile_views import CompositeScheduleView, show_told
from forecourt.api.paging import Listing, listing
from forecourt.api.plots import SVG, answer_plot
from forecourt.api.stations import StationId
from forecourt.api.words import MAX_NUMBER, Works
from forecourt.asgi.paths import from_path, place_of
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import not_found
from forecourt.domain.paging import Page
from forecourt.domain.services import Services
from forecourt.domain.smart_charging.model import ToldSchedule
from forecourt.drawing.schedules import plot_told

ConnectorNumber = Annotated[int, PathParameter(description="The connector; 0 is the station as a whole.")]


class Schedules(Controller):
    path = "/stations/{station_id:str}/schedules"
    tags = ("Smart charging",)
    opt = access(view=Permission.VIEW)

    @get(summary="List the schedules that a station told", operation_id="listSchedules")
    async def list_all(self, station_id: StationId, workspace: Works) -> Listing[CompositeScheduleView]:
        """The newest one for each connector, all in one page. Ask for a new one with FetchSchedule."""
        identity = from_path(station_id)

        def work(services: Services) -> Page[ToldSchedule]:
            station = services.provisioning.get_station(identity)
            return Page(services.smart_charging.schedules(station), None)

        return listing(await workspace.read(work), show_told)

    @get(
        "/{connector_id:int}/plot.svg",
        summary="Draw the schedule of a connector",
        operation_id="plotSchedule",
        media_type=SVG,
        response_description="An image, image/svg+xml.",
    )
    async def plot(self, station_id: StationId, connector_id: ConnectorNumber, workspace: Works) -> Response[str]:
        """The newest schedule that the station told for it."""
        identity = from_path(station_id)
        place = place_of(_known(connector_id))

        def work(services: Services) -> ToldSchedule:
            return services.smart_charging.get_schedule(services.provisioning.get_station(identity), place)

        return answer_plot(plot_told(identity, await workspace.read(work)))


def _known(number: int) -> int:
    if not 0 <= number <= MAX_NUMBER:
        raise not_found(f"There is no connector {number}.")
    return number
