"""What the overview needs from storage."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from forecourt.domain.overview.model import ChargingFigures, StationFigures, WorkFigures


class OverviewStore(Protocol):
    """Figures of the whole system, each in a question or two, whose cost does not grow with the past."""

    def stations(self) -> StationFigures: ...

    def charging(self, *, day_began: datetime, month_began: datetime, measured_since: datetime) -> ChargingFigures: ...

    def work(self, *, ends_before: datetime) -> WorkFigures: ...
