"""How a car's battery takes energy: full power first, then a taper towards the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

LONGEST_STEP_SECONDS: Final = 30.0
"""Power is taken as constant for at most this long."""


@dataclass(frozen=True, slots=True)
class ChargingCurve:
    """Power over the state of charge (0 to 1): constant up to ``taper_from``, then falling in a straight line."""

    full_power_w: float = 11_000.0
    taper_from: float = 0.8
    end_power_w: float = 1_000.0
    """Power just before the battery is full."""

    def power_w(self, soc: float) -> float:
        if soc >= 1.0:
            return 0.0
        if soc <= self.taper_from:
            return self.full_power_w
        left = (1.0 - soc) / (1.0 - self.taper_from)
        return self.end_power_w + (self.full_power_w - self.end_power_w) * left


@dataclass(slots=True)
class Battery:
    """The battery of the car that is plugged in."""

    soc: float
    """State of charge, 0 to 1; it only rises."""
    capacity_wh: float = 60_000.0
    curve: ChargingCurve = field(default_factory=ChargingCurve)

    @property
    def is_full(self) -> bool:
        return self.soc >= 1.0

    @property
    def power_w(self) -> float:
        return self.curve.power_w(self.soc)

    def charge(self, seconds: float) -> float:
        """Take energy for this long; returns the Wh taken, which is never negative."""
        taken = 0.0
        while seconds > 0.0 and not self.is_full:
            step = min(seconds, LONGEST_STEP_SECONDS)
            room = (1.0 - self.soc) * self.capacity_wh
            energy = min(self.power_w * step / 3600.0, room)
            self.soc = 1.0 if energy >= room else self.soc + energy / self.capacity_wh
            taken += energy
            seconds -= step
        return taken
