"""Time in a simulation: what the wall clock says, and how long the simulated world has run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from forecourt.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment in both times.

    Messages carry the wall clock, so that a central system never sees the future. Batteries, drivers and the
    intervals between samples follow the simulated seconds, which may run faster.
    """

    wall: datetime
    seconds: float


@dataclass(slots=True)
class Pace:
    """Tells moments; ``speed`` simulated seconds pass in one second."""

    speed: float = 1.0
    clock: Clock = field(default_factory=SystemClock)
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock.monotonic()

    def now(self) -> Moment:
        return Moment(self.clock.now(), (self.clock.monotonic() - self._started) * self.speed)
