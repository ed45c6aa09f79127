"""All operations by their groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from litestar import Controller, Response, get

from forecourt.domain.access.permissions import Permission
from forecourt.operations.operation import AnyOperation
from forecourt.web.language import gettext as _
from forecourt.web.language import mark
from forecourt.web.pages.operations.permits import may_ask
from forecourt.web.pages.operations.selection import selection_in
from forecourt.web.visit import Visit, Visiting

GROUPS: Final[Mapping[str, str]] = {
    "Core": mark("What every station can do."),
    "FirmwareManagement": mark("Firmware and diagnostics."),
    "LocalAuthListManagement": mark("Who may charge while a station is off line."),
    "Reservation": mark("Keeping a connector for somebody."),
    "SmartCharging": mark("Limiting what stations give."),
    "RemoteTrigger": mark("Having stations send something now."),
    "Security": mark("Certificates, passwords, logs and signed firmware."),
}
"""Feature profiles of OCPP, in the order in which they are shown; others follow."""


class OperationList(Controller):
    path = "/operations"

    @get(permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        offered = [one for one in visit.house.catalogue.values() if may_ask(visit, one) and _is_sought(visit, one)]
        selection = selection_in(visit.query)
        return visit.show(
            "operations/list.html",
            groups=_grouped(offered),
            leads=GROUPS,
            selection="" if selection is None else selection.address,
            single=None if selection is None else selection.single,
        )


def _grouped(offered: Sequence[AnyOperation]) -> list[tuple[str, list[AnyOperation]]]:
    """Groups in order; in each those that this system composes first."""
    names = [*GROUPS, *sorted({one.group for one in offered} - GROUPS.keys())]
    groups = [(name, [one for one in offered if one.group == name]) for name in names]
    return [(name, sorted(ones, key=lambda one: (not one.is_composed, one.name))) for name, ones in groups if ones]


def _is_sought(visit: Visit, operation: AnyOperation) -> bool:
    sought = visit.query.shown("q").strip().casefold()
    texts = (operation.name, operation.summary, _(operation.summary), operation.group)
    return all(any(word in text.casefold() for text in texts) for word in sought.split())
