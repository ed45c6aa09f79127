"""How the whole system does, in figures."""

from __future__ import annotations

from datetime import datetime

from forecourt.clock import Clock
from forecourt.domain.availability.service import Availability
from forecourt.domain.overview.model import ENDS_SOON, POWER_IS_OF, Figures
from forecourt.domain.overview.store import OverviewStore


class Overview:
    """Changes nothing."""

    def __init__(self, store: OverviewStore, availability: Availability, clock: Clock) -> None:
        self._store = store
        self._availability = availability
        self._clock = clock

    def figures(self, *, day_began: datetime, month_began: datetime) -> Figures:
        """The figures of now. When a day and a month begin depends on where somebody looks from."""
        now = self._clock.now()
        return Figures(
            stations=self._store.stations(),
            charging=self._store.charging(
                day_began=day_began, month_began=month_began, measured_since=now - POWER_IS_OF
            ),
            work=self._store.work(ends_before=now + ENDS_SOON),
            connectors=self._availability.counts(),
        )
