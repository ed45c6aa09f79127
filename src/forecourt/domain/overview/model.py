"""The figures by which somebody sees how the whole system does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.provisioning.model import Registration

POWER_IS_OF: Final = timedelta(hours=1)
"""A power that was measured longer ago tells nothing of now: the station was off line since, or measures none."""

ENDS_SOON: Final = timedelta(days=30)
"""So long before its end a certificate is shown as one that ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationFigures:
    """How many registered stations there are, and in which state."""

    total: int = 0
    online: int = 0
    faulted: int = 0
    """A connector of it, or the station as a whole, reports a fault."""
    unknown: int = 0
    """Not registered; they knocked at the door."""
    by_registration: Mapping[Registration, int] = field(default_factory=dict)
    by_profile: Mapping[SecurityProfile, int] = field(default_factory=dict)

    @property
    def offline(self) -> int:
        return self.total - self.online


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingFigures:
    """What is charged now and was charged of late."""

    active: int = 0
    """Transactions that run."""
    measured: int = 0
    """Those of them of which a power is known that is not older than :data:`POWER_IS_OF`."""
    power_w: float = 0
    """Of those together."""
    energy_today_wh: int = 0
    """Of transactions that ended today."""
    energy_month_wh: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFigures:
    """What is under way."""

    reservations: int = 0
    jobs: int = 0
    ending_certificates: int = 0
    """Stations whose certificate ends within :data:`ENDS_SOON`, or has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    stations: StationFigures
    charging: ChargingFigures
    work: WorkFigures
    connectors: Mapping[str, int]
    """How many are in each status, the stations as a whole not counted."""
