"""What limits a station: the charging profiles that it is believed to have, and the schedules that it told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from litestar import Controller, Response, get
from litestar.params import FromPath
from markupsafe import Markup

from forecourt.domain.access.permissions import Permission
from forecourt.domain.evse import WHOLE_STATION, Place
from forecourt.domain.provisioning.model import Station, StationSheet
from forecourt.domain.services import Services
from forecourt.domain.smart_charging.model import Assignment, ToldSchedule
from forecourt.drawing.schedules import plot_stack, plot_told
from forecourt.drawing.step_plot import step_plot_in_page
from forecourt.web.pages.stations.looking import look
from forecourt.web.pictures import in_page, viewer
from forecourt.web.visit import Visiting

DAY_SECONDS: Final = 86_400
MOST_PLACES: Final = 20
"""Connectors of which a plot is drawn on one page."""


@dataclass(frozen=True, slots=True)
class Limited:
    """One place, what is believed to limit it in the next day, and what the station told of it."""

    place: Place
    stack: Markup
    told: ToldSchedule | None
    told_plot: Markup | None


class StationCharging(Controller):
    path = "/stations/{name:str}/charging"

    @get(permission=Permission.VIEW)
    async def show(self, name: FromPath[str], visit: Visiting) -> Response[Any]:
        def read(services: Services, sheet: StationSheet) -> Mapping[str, object]:
            station = sheet.station
            present = services.smart_charging.present(station)
            return {"present": present, "places": _places(services, sheet, present)}

        return await look(visit, name, "stations/charging.html", read)


def _places(services: Services, sheet: StationSheet, present: Sequence[Assignment]) -> list[Limited]:
    """The whole station, each connector that reported, and whatever else has a profile or a schedule."""
    station = sheet.station
    told = {one.place: one for one in services.smart_charging.schedules(station)}
    known = {status.report.place for status in sheet.evses} | {one.place for one in present} | told.keys()
    connectors = sorted(place for place in known if place is not WHOLE_STATION)
    places: list[Place] = [WHOLE_STATION, *connectors]
    return [_limited(services, station, place, told.get(place)) for place in places[:MOST_PLACES]]


def _limited(services: Services, station: Station, place: Place, told: ToldSchedule | None) -> Limited:
    stack = services.smart_charging.stack(station, place, since=None, seconds=DAY_SECONDS)
    identity = station.identity
    return Limited(
        place=place,
        stack=in_page(step_plot_in_page(plot_stack(identity, place, stack, viewer()))),
        told=told,
        told_plot=None if told is None else in_page(step_plot_in_page(plot_told(identity, told, viewer()))),
    )
