"""The connectors of all stations, and how many are in which state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from litestar import Controller, Response, get

from forecourt.domain.access.permissions import Permission
from forecourt.domain.availability.model import ConnectorFilter, ConnectorState
from forecourt.domain.paging import Page
from forecourt.domain.services import Services
from forecourt.web.visit import Visiting

BAR_WIDTH: Final = 1000
"""Units of a drawing, whatever its size on the screen."""


@dataclass(frozen=True, slots=True)
class Part:
    """One status in a bar of all of them."""

    status: str
    count: int
    left: float
    width: float


class ConnectorPages(Controller):
    path = "/connectors"

    @get(permission=Permission.VIEW)
    async def list_all(self, visit: Visiting) -> Response[str]:
        query = visit.query
        wanted = ConnectorFilter(
            station=query.maybe_text("station"),
            status=query.maybe_text("status"),
            error_code=query.maybe_text("error"),
            is_online=query.yes_or_no("online"),
        )

        def read(services: Services) -> tuple[Page[ConnectorState], Mapping[str, int], Sequence[str]]:
            connectors = services.availability
            return connectors.connectors(wanted, visit.page()), connectors.counts(), connectors.error_codes()

        page, counts, errors = await visit.read(read)
        return visit.show(
            "connectors/list.html",
            page=page,
            bar=bar_of(counts),
            errors=errors,
            is_filtered=wanted != ConnectorFilter(),
            now=visit.house.clock.now(),
        )


def bar_of(counts: Mapping[str, int]) -> list[Part]:
    """The statuses side by side, each as wide as its share; the most frequent first."""
    total = sum(counts.values())
    parts: list[Part] = []
    left = 0.0
    for status, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        width = BAR_WIDTH * count / total
        parts.append(Part(status, count, round(left, 2), round(width, 2)))
        left += width
    return parts
