"""Reservations in a calendar: a week of days beside one another for each connector, or a month as an agenda."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from typing import Final

from babel.dates import format_date
from litestar import Controller, Response, get

from forecourt.asgi.paths import connector_id
from forecourt.domain.access.permissions import Permission
from forecourt.domain.paging import PageRequest
from forecourt.domain.reservation.model import Reservation, ReservationState
from forecourt.web.language import gettext as _
from forecourt.web.language import manner
from forecourt.web.pages.reservations import wording
from forecourt.web.pages.reservations.listing import reservations_wanted, state_choices
from forecourt.web.visit import Visit, Visiting

MOST: Final = 500
"""Reservations in one view; whoever has more of them filters."""

_NEVER_RAN: Final = frozenset({ReservationState.REFUSED, ReservationState.FAILED})
"""Not in the calendar, unless they are asked for."""

_FIRST_YEAR, _LAST_YEAR = 1970, 9000


@dataclass(frozen=True, slots=True)
class Entry:
    """A reservation on one day, in the viewer's zone."""

    reservation: Reservation
    starts_at: datetime | None
    """None when it began before this day."""
    ends_at: datetime | None
    """None when it goes on after this day."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What is reserved of one connector."""

    station: str
    connector: int
    days: Sequence[Sequence[Entry]]


class ReservationCalendar(Controller):
    @get("/reservations/week", permission=Permission.VIEW)
    async def week(self, visit: Visiting) -> Response[str]:
        """Monday to Sunday."""
        chosen = _day(visit)
        monday = chosen - timedelta(days=chosen.weekday())
        days = [monday + timedelta(days=count) for count in range(7)]
        found = await _between(visit, days[0], days[-1] + timedelta(days=1))
        return visit.show(
            "reservations/week.html",
            status=HTTPStatus.OK,
            days=days,
            lanes=_lanes(found, days),
            earlier=monday - timedelta(days=7),
            later=monday + timedelta(days=7),
            **_common(visit, found),
        )

    @get("/reservations/month", permission=Permission.VIEW)
    async def month(self, visit: Visiting) -> Response[str]:
        first = _day(visit).replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
        days = [first + timedelta(days=count) for count in range((after - first).days)]
        found = await _between(visit, first, after)
        agenda = [(day, entries) for day in days if (entries := _entries(found, day))]
        return visit.show(
            "reservations/month.html",
            status=HTTPStatus.OK,
            first=first,
            agenda=agenda,
            earlier=(first - timedelta(days=1)).replace(day=1),
            later=after,
            **_common(visit, found),
        )


def _common(visit: Visit, found: Sequence[Reservation]) -> dict[str, object]:
    return {
        "today": visit.house.clock.now().astimezone(manner().zone).date(),
        "is_cut": len(found) >= MOST,
        "states": state_choices(),
        "words": wording,
        "date_words": lambda day: format_date(day, "medium", locale=manner().locale),
        "weekday_words": lambda day: format_date(day, "EEEE", locale=manner().locale),
        "month_words": lambda day: format_date(day, "LLLL y", locale=manner().locale),
    }


def _day(visit: Visit) -> date:
    """The one that the address says, or today."""
    today = visit.house.clock.now().astimezone(manner().zone).date()
    try:
        found = date.fromisoformat(visit.query.shown("day") or today.isoformat())
    except ValueError:
        visit.query.refuse("day", _("A date, such as 2026-01-31."))
        return today
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else today


async def _between(visit: Visit, first: date, after: date) -> Sequence[Reservation]:
    """Those that run at some time between the beginnings of two days."""
    asked = reservations_wanted(visit.query)
    states = asked.states or frozenset(ReservationState) - _NEVER_RAN
    wanted = replace(asked, states=states, since=None, until=_begin(after), runs_after=_begin(first))
    page = await visit.read(lambda services: services.reservations.list(wanted, PageRequest(MOST)))
    return page.items


def _lanes(found: Sequence[Reservation], days: Sequence[date]) -> list[Lane]:
    places = sorted({(one.station, connector_id(one.place)) for one in found})
    by_place = {place: [one for one in found if (one.station, connector_id(one.place)) == place] for place in places}
    return [Lane(*place, [_entries(by_place[place], day) for day in days]) for place in places]


def _entries(found: Sequence[Reservation], day: date) -> list[Entry]:
    begins, ends = _begin(day), _begin(day + timedelta(days=1))
    running = sorted(
        (one for one in found if one.requested_at < ends and _end(one) > begins), key=lambda one: one.requested_at
    )
    return [
        Entry(
            one,
            one.requested_at if one.requested_at >= begins else None,
            _end(one) if _end(one) <= ends else None,
        )
        for one in running
    ]


def _end(reservation: Reservation) -> datetime:
    return reservation.ended_at or reservation.expires_at


def _begin(day: date) -> datetime:
    """The first moment of a day in the viewer's zone."""
    return datetime.combine(day, time(), tzinfo=manner().zone).astimezone(UTC)
