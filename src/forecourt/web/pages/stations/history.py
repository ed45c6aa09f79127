"""How the connectors of a station were: their reports, and the same as a drawing over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from litestar import Controller, Response, get
from litestar.params import FromPath

from forecourt.asgi.paths import connector_id, place_of
from forecourt.domain.access.permissions import Permission
from forecourt.domain.availability.model import EvseStatus
from forecourt.domain.evse import Place
from forecourt.domain.provisioning.model import StationSheet
from forecourt.domain.services import Services
from forecourt.web.pages.stations.looking import look
from forecourt.web.visit import Visiting

SHOWN: Final = 100
LINE_WIDTH: Final = 1000
"""Units of a drawing, whatever its size on the screen."""
MOST_LINES: Final = 20


@dataclass(frozen=True, slots=True)
class Stretch:
    """How long a connector was in a status, as a part of a drawing."""

    status: str
    since: datetime
    until: datetime
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """The stretches of each connector, over the time that the reports of this page span."""

    began: datetime
    ended: datetime
    lines: Sequence[tuple[Place, Sequence[Stretch]]]


class HistoryPage(Controller):
    path = "/stations/{name:str}/history"

    @get(permission=Permission.VIEW)
    async def show(self, name: FromPath[str], visit: Visiting) -> Response[Any]:
        number = visit.query.number("connector")
        place = None if number is None else place_of(number)
        is_newest = not visit.query.shown("after")
        now = visit.house.clock.now()

        def read(services: Services, sheet: StationSheet) -> Mapping[str, object]:
            page = services.availability.history(sheet.station, place, visit.page(SHOWN))
            timeline = timeline_of(page.items, now if is_newest else None)
            return {"page": page, "timeline": timeline}

        return await look(visit, name, "stations/history.html", read)


def timeline_of(reports: Sequence[EvseStatus], until: datetime | None) -> Timeline | None:
    """A report counts until the next one of its connector, and the last one until a moment, or until the newest report
    of all. None when there is nothing to draw."""
    if not reports:
        return None
    began = min(one.at for one in reports)
    ended = max([one.at for one in reports] + ([] if until is None else [until]))
    span = (ended - began).total_seconds()
    if span <= 0:
        return None
    by_place: dict[Place, list[EvseStatus]] = {}
    for one in sorted(reports, key=lambda report: report.at):
        by_place.setdefault(one.report.place, []).append(one)
    places = sorted(by_place, key=connector_id)[:MOST_LINES]
    return Timeline(began, ended, [(place, _stretches(by_place[place], began, ended, span)) for place in places])


def _stretches(reports: Sequence[EvseStatus], began: datetime, ended: datetime, span: float) -> list[Stretch]:
    found: list[Stretch] = []
    ends = [*(one.at for one in reports[1:]), ended]
    for one, end in zip(reports, ends, strict=True):
        left = LINE_WIDTH * (one.at - began).total_seconds() / span
        width = LINE_WIDTH * (end - one.at).total_seconds() / span
        found.append(Stretch(one.report.status, one.at, end, round(left, 2), round(width, 2)))
    return found
