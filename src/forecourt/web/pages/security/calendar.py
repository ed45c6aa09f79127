"""Certificates of stations: when each ends, when it is renewed, and how far its next one is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.asgi.paths import to_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.certificates.model import CalendarEntry, CalendarFilter
from forecourt.domain.certificates.requests import RENEW_CERTIFICATE
from forecourt.web.language import gettext as _
from forecourt.web.pages.security.asking import ask_all, ask_one
from forecourt.web.pages.security.lists import expires_before, expiries
from forecourt.web.visit import Typed, Visit, Visiting

MOST_AT_ONCE: Final = 500

COLUMNS: Final = (
    *("stationId", "group", "fingerprint", "subject", "issuer", "serial", "keyKind", "notBefore", "notAfter"),
    *("seen", "seenAt", "ordered", "coveredUntil", "renewAt", "order", "orderState"),
)


class CalendarPages(Controller):
    @get("/certificates", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = chosen(visit)
        page = await visit.read(lambda services: services.certificates.calendar(wanted, visit.page()))
        return visit.show("security/calendar.html", page=page, now=visit.house.clock.now(), expiries=expiries())

    @get("/certificates.csv", permission=Permission.VIEW)
    async def download(self, visit: Visiting) -> Stream:
        wanted = chosen(visit)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.certificates.calendar(wanted, page),
            columns=COLUMNS,
            rows=_rows,
            filename="certificates.csv",
        )

    @post("/certificates/renew", permission=Permission.SECURITY, status_code=HTTPStatus.OK)
    async def renew(self, visit: Visiting, form: Typed) -> Response[Any]:
        """Of one station or of many. One that is off line is asked when it comes."""
        stations = list(dict.fromkeys(form.all("station")))[:MOST_AT_ONCE]
        if not stations:
            return visit.go("/certificates", _("Nothing was chosen: tick the stations first."))
        if len(stations) > 1:
            await ask_all(visit, RENEW_CERTIFICATE, stations, {})
            done = _("%(number)s stations are asked for new keys as soon as they are on line.")
            return visit.go("/certificates/orders", done % {"number": len(stations)})
        await ask_one(visit, RENEW_CERTIFICATE, stations[0], {})
        return visit.go(
            f"/certificates/orders?station={to_path(stations[0])}",
            _("The station is asked for a new key as soon as it is on line."),
        )


def chosen(visit: Visit) -> CalendarFilter:
    return CalendarFilter(
        search=visit.query.maybe_text("search"),
        group=visit.query.maybe_text("group"),
        expires_before=expires_before(visit),
        is_renewed=visit.query.yes_or_no("renewed"),
    )


def _rows(entry: CalendarEntry) -> Iterator[Sequence[Cell]]:
    sheet, shown = entry.sheet, entry.sheet.shown
    facts: Sequence[Cell] = (None,) * 10
    if shown is not None:
        facts = (
            *(shown.fingerprint, shown.subject, shown.issuer, shown.serial, shown.key_kind, shown.not_before),
            *(shown.not_after, shown.seen.value, shown.seen_at, shown.order is not None),
        )
    state = None if entry.order_state is None else entry.order_state.value
    yield entry.station, entry.group, *facts, sheet.covered_until, entry.renew_at, entry.order, state
