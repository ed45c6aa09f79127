"""The lists of what one station did and what was wanted of it: transactions, errands, files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Controller, Response, get
from litestar.params import FromPath

from forecourt.domain.access.permissions import Permission
from forecourt.domain.errands.model import ErrandFilter, ErrandState
from forecourt.domain.files.model import FileFilter
from forecourt.domain.provisioning.model import StationSheet
from forecourt.domain.services import Services
from forecourt.domain.transactions.model import TransactionFilter
from forecourt.web.pages.stations.looking import look
from forecourt.web.visit import Visiting


class StationTabs(Controller):
    path = "/stations/{name:str}"

    @get("/transactions", permission=Permission.VIEW)
    async def transactions(self, name: FromPath[str], visit: Visiting) -> Response[Any]:
        is_active = visit.query.yes_or_no("active")

        def read(services: Services, sheet: StationSheet) -> Mapping[str, object]:
            wanted = TransactionFilter(station=sheet.station.identity, is_active=is_active)
            page = services.transactions.list(wanted, visit.page())
            running = [one.transaction_id for one in page.items if one.is_active]
            return {"page": page, "figures": services.transactions.newest_figures(running)}

        return await look(visit, name, "stations/transactions.html", read)

    @get("/errands", permission=Permission.VIEW)
    async def errands(self, name: FromPath[str], visit: Visiting) -> Response[Any]:
        state = visit.query.choice("state", ErrandState)
        operation = visit.query.maybe_text("operation")

        def read(services: Services, sheet: StationSheet) -> Mapping[str, object]:
            wanted = ErrandFilter(
                station=sheet.station.identity,
                operation=operation,
                states=None if state is None else frozenset({state}),
            )
            return {"page": services.errands.list(wanted, visit.page())}

        operations = list(visit.house.catalogue)
        return await look(visit, name, "stations/errands.html", read, states=ErrandState, operations=operations)

    @get("/files", permission=Permission.VIEW)
    async def files(self, name: FromPath[str], visit: Visiting) -> Response[Any]:
        def read(services: Services, sheet: StationSheet) -> Mapping[str, object]:
            return {"page": services.files.list(FileFilter(station=sheet.station.identity), visit.page())}

        return await look(visit, name, "stations/files.html", read)
