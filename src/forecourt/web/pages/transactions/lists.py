"""Transactions: all of them, and the stops that fit none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from litestar import Controller, Response, get
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.asgi.paths import connector_id, place_of
from forecourt.domain.access.permissions import Permission
from forecourt.domain.authorization.model import fold
from forecourt.domain.drivers.model import DriverNumber
from forecourt.domain.drivers.service import MAX_DRIVER_NUMBER
from forecourt.domain.services import Services
from forecourt.domain.transactions.model import Transaction, TransactionFilter
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import manner
from forecourt.web.pages.transactions.numbers import MAX_TRANSACTION_ID
from forecourt.web.pages.transactions.words import doubt_in_words
from forecourt.web.visit import Visit, Visiting

_DAYS: Final = {"today": 0, "10": 10, "30": 30, "90": 90}
_COLUMNS: Final = (
    *("transactionId", "stationId", "connectorId", "idTag", "parentIdTag", "idTagStatus", "startTimestamp"),
    *("meterStart", "reservationId", "active", "stopTimestamp", "meterStop", "reason", "stopIdTag", "energyWh"),
    *("durationSeconds", "doubts", "stoppedBy", "remoteStart", "remoteStop"),
)


class TransactionPages(Controller):
    @get("/transactions", permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = _wanted(visit)

        def work(services: Services) -> dict[str, Any]:  # Any: whatever the template shows
            page = services.transactions.list(wanted, visit.page())
            running = [one.transaction_id for one in page.items if one.is_active]
            return {
                "page": page,
                "drivers": services.drivers.names_of_tags({one.id_token for one in page.items}),
                "measured": services.transactions.newest_figures(running),
            }

        found = await visit.read(work) if visit.query.is_good else {"page": None}
        return visit.show("transactions/list.html", now=visit.house.clock.now(), fold=fold, **found)

    @get("/transactions/download", permission=Permission.VIEW)
    async def download(self, visit: Visiting) -> Stream:
        wanted = _wanted(visit)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.transactions.list(wanted, page),
            columns=_COLUMNS,
            rows=_rows,
            filename="transactions.csv",
        )

    @get("/doubtful-stops", permission=Permission.VIEW)
    async def doubtful_stops(self, visit: Visiting) -> Response[str]:
        page = await visit.read(lambda services: services.transactions.list_doubtful_stops(visit.page()))
        return visit.show("transactions/doubtful_stops.html", page=page, doubt_in_words=doubt_in_words)


def _wanted(visit: Visit) -> TransactionFilter:
    query = visit.query
    station = query.maybe_text("station")
    connector = query.number("connectorId")
    if connector is not None and station is None:
        query.refuse("connectorId", _("Name the station, too: every station has a connector of this number."))
    driver = query.number("driver", low=1, high=MAX_DRIVER_NUMBER)
    return TransactionFilter(
        transaction_id=query.number("transactionId", low=1, high=MAX_TRANSACTION_ID),
        station=station,
        evse=None if connector is None else place_of(connector),
        id_token=query.maybe_text("idTag"),
        driver=None if driver is None else DriverNumber(driver),
        is_active=query.yes_or_no("active"),
        is_doubtful=query.yes_or_no("doubtful"),
        since=query.moment("from") or _begin(query, visit.house.clock.now()),
        until=query.moment("to"),
    )


def _begin(query: Fields, now: datetime) -> datetime | None:
    """When the period begins that was chosen: at midnight where the viewer is."""
    days = _DAYS.get(query.shown("period"))
    if days is None:
        return None
    midnight = now.astimezone(manner().zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days)


def _rows(one: Transaction) -> Iterator[Sequence[Cell]]:
    stop = one.stop
    start = (one.id_token, one.parent, one.status.value, one.started_at, one.meter_start_wh, one.reservation_id)
    end: tuple[Cell, ...] = (None,) * 4
    if stop is not None:
        end = (stop.stopped_at, stop.meter_stop_wh, stop.reason, stop.id_token)
    seconds = None if stop is None else round((stop.stopped_at - one.started_at).total_seconds())
    doubts = " ".join(sorted(doubt.value for doubt in one.doubts))
    stopped_by = None if stop is None else stop.stopped_by or "station"
    asked = (one.remote_start, one.remote_stop)
    place = (one.transaction_id, one.station, connector_id(one.evse))
    yield [*place, *start, one.is_active, *end, one.energy_wh, seconds, doubts, stopped_by, *asked]
