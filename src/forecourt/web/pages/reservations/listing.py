"""Reservations as a list."""

from __future__ import annotations

from typing import Final

from litestar import Controller, Response, get
from litestar.response import Stream

from forecourt.asgi.csv import MEDIA_TYPE as CSV
from forecourt.asgi.csv import csv_download
from forecourt.asgi.paths import place_of
from forecourt.asgi.rows.reservations import RESERVATION_COLUMNS, reservation_rows
from forecourt.domain.access.permissions import Permission
from forecourt.domain.reservation.model import ReservationFilter, ReservationState
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.reservations import wording
from forecourt.web.visit import Visiting

OPEN: Final = "open"


class ReservationPages(Controller):
    @get("/reservations", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = reservations_wanted(visit.query)
        page = await visit.read(lambda services: services.reservations.list(wanted, visit.page()))
        return visit.show("reservations/list.html", page=page, states=state_choices(), words=wording)

    @get("/reservations.csv", permission=Permission.VIEW, media_type=CSV)
    async def download(self, visit: Visiting) -> Stream:
        wanted = reservations_wanted(visit.query)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.reservations.list(wanted, page),
            columns=RESERVATION_COLUMNS,
            rows=reservation_rows,
            filename="reservations.csv",
        )


def reservations_wanted(query: Fields) -> ReservationFilter:
    """The filter in an address."""
    connector = query.number("connectorId")
    states = frozenset(state for state in ReservationState if state.value in query.all("state"))
    return ReservationFilter(
        station=query.maybe_text("station"),
        place=None if connector is None else place_of(connector),
        id_token=query.maybe_text("idTag"),
        states=states or None,
        is_open=True if query.shown("state") == OPEN else None,
        since=query.moment("from"),
        until=query.moment("to"),
    )


def state_choices() -> list[tuple[str, str]]:
    return [(OPEN, _("Not ended")), *((one.value, wording.state_words(one)) for one in ReservationState)]
