"""The list of stations: searched, filtered, with the columns that somebody chose, and as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.response import Stream

from forecourt.asgi.csv import Cell, csv_download
from forecourt.domain.access.permissions import Permission
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.paging import Page
from forecourt.domain.provisioning.model import BootFacts, Registration, StationFilter, StationSheet
from forecourt.domain.services import Services
from forecourt.web.language import gettext as _
from forecourt.web.pages.operations.selection import UNGROUPED, address_of_filter, station_filter
from forecourt.web.pages.stations.columns import COLUMNS, columns_of, remembering
from forecourt.web.visit import Typed, Visiting

CSV_COLUMNS: Final = (
    *("id", "description", "group", "labels", "registration", "securityProfile", "online", "lastSeenAt", "bootedAt"),
    *("chargePointVendor", "chargePointModel", "chargePointSerialNumber", "firmwareVersion", "heartbeatInterval"),
    *("connectors", "createdAt"),
)


class StationList(Controller):
    path = "/stations"

    @get(permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        wanted = station_filter(visit.query)

        def read(services: Services) -> tuple[Page[StationSheet], int, Sequence[str], Sequence[str]]:
            stations = services.provisioning
            return stations.list(wanted, visit.page()), stations.count(wanted), stations.groups(), stations.labels()

        page, found, groups, labels = await visit.read(read)
        return visit.show(
            "stations/list.html",
            page=page,
            found=found,
            groups=[(UNGROUPED, _("In no group")), *((group, group) for group in groups)],
            labels=labels,
            shown=columns_of(visit),
            columns=COLUMNS,
            registrations=Registration,
            profiles=SecurityProfile,
            is_filtered=wanted != StationFilter(),
            filter=address_of_filter(visit.query),
            now=visit.house.clock.now(),
        )

    @post("/columns", permission=Permission.VIEW, status_code=HTTPStatus.OK)
    async def choose_columns(self, visit: Visiting, form: Typed) -> Response[Any]:
        back = form.shown("back")
        response = visit.go(back if back.startswith("/stations?") else "/stations")
        response.set_cookie(remembering(visit, form.all("column")))
        return response


class StationDownload(Controller):
    path = "/stations.csv"

    @get(permission=Permission.VIEW)
    async def download(self, visit: Visiting) -> Stream:
        """The whole list, with its filters."""
        wanted = station_filter(visit.query)
        return await csv_download(
            visit.house.workspace,
            lambda services, page: services.provisioning.list(wanted, page),
            columns=CSV_COLUMNS,
            rows=_rows,
            filename="stations.csv",
        )


def _rows(sheet: StationSheet) -> list[Sequence[Cell]]:
    station = sheet.station
    return [
        (
            station.identity,
            sheet.description,
            sheet.group,
            ",".join(sheet.labels),
            station.registration.value,
            int(sheet.security_profile),
            sheet.is_online,
            sheet.last_seen_at,
            sheet.booted_at,
            *_told(sheet.facts),
            station.heartbeat_seconds,
            len(sheet.connectors),
            sheet.created_at,
        )
    ]


def _told(facts: BootFacts | None) -> Sequence[Cell]:
    if facts is None:
        return [None] * 4
    return [facts.vendor, facts.model, facts.serial_number, facts.firmware_version]
