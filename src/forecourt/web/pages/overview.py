"""The overview: how the whole system does, each figure with the way to what it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from litestar import Controller, Response, get

from forecourt.domain.access.permissions import Permission
from forecourt.domain.alarms.model import OpenAlarms
from forecourt.domain.certificates.model import CalendarEntry, CalendarFilter
from forecourt.domain.overview.model import ENDS_SOON, Figures
from forecourt.domain.paging import PageRequest
from forecourt.domain.security.model import SecurityEventFilter, StoredEvent
from forecourt.domain.services import Services
from forecourt.domain.transactions.model import Transaction, TransactionFilter
from forecourt.web.pages.connectors import bar_of
from forecourt.web.visit import Visiting

_FEW = PageRequest(6)


@dataclass(frozen=True, slots=True)
class _Found:
    figures: Figures
    alarms: OpenAlarms
    transactions: Sequence[Transaction]
    events: Sequence[StoredEvent]
    certificates: Sequence[CalendarEntry]


class OverviewPage(Controller):
    path = "/"

    @get(permission=Permission.VIEW)
    async def show(self, visit: Visiting) -> Response[str]:
        now = visit.house.clock.now()
        day_began, month_began = beginnings(now, visit.manner.zone)

        def read(services: Services) -> _Found:
            return _Found(
                services.overview.figures(day_began=day_began, month_began=month_began),
                services.alarms.open_counts(),
                services.transactions.list(TransactionFilter(), _FEW).items,
                services.security.list(SecurityEventFilter(), _FEW).items,
                services.certificates.calendar(CalendarFilter(expires_before=now + ENDS_SOON), _FEW).items,
            )

        found = await visit.read(read)
        return visit.show(
            "overview/overview.html",
            figures=found.figures,
            alarms=found.alarms,
            transactions=found.transactions,
            events=found.events,
            certificates=found.certificates,
            bar=bar_of(found.figures.connectors),
            now=now,
        )


def beginnings(now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """When the day and the month began where somebody looks from."""
    day = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return day.astimezone(UTC), day.replace(day=1).astimezone(UTC)
