"""How one station proves who it is: its profile, its passwords, its certificate, the roots that it has, and what it
reported of its security."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Controller, Response, get
from litestar.params import FromPath

from forecourt.domain.access.permissions import Permission
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.certificates.model import CalendarFilter, OrderFilter
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import StationSheet
from forecourt.domain.security.model import SecurityEventFilter
from forecourt.domain.services import Services
from forecourt.web.pages.stations.looking import look
from forecourt.web.visit import Visiting

_FEW = PageRequest(10)
_ONE = PageRequest(1)


class StationSecurityPage(Controller):
    path = "/stations/{name:str}/security"

    @get(permission=Permission.VIEW)
    async def show(self, name: FromPath[str], visit: Visiting) -> Response[Any]:
        return await look(visit, name, "stations/security.html", _read)


def _read(services: Services, sheet: StationSheet) -> Mapping[str, object]:
    station, identity = sheet.station, sheet.station.identity
    admission = services.admissions.sheet(station)
    present = admission.access.profile
    certificates = services.certificates.calendar(CalendarFilter(station=identity), _ONE).items
    return {
        "admission": admission,
        "preconditions": []
        if present is max(SecurityProfile)
        else services.profile_upgrades.preconditions(station, SecurityProfile(present + 1)),
        "certificate": certificates[0] if certificates else None,
        "orders": services.certificates.orders(OrderFilter(station=identity), _FEW).items,
        "roots": services.roots.of_station(station),
        "events": services.security.list(SecurityEventFilter(station=identity), _FEW).items,
        "speaks_extension": services.security.is_spoken_by(station),
    }
