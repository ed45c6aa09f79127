"""Which limits result from several profiles together (OCPP 1.6 §3.13).

Of one purpose the profile with the highest stack level counts that says something about the moment. A TxProfile takes
the place of the TxDefaultProfile, a TxDefaultProfile of the connector that of one for all connectors, and the lowest
limit of what is left holds. Days are 86,400 s: a profile that recurs knows no daylight saving time.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forecourt.domain.evse import WHOLE_STATION, Place
from forecourt.domain.smart_charging.model import Assignment, Period, Profile, ProfileKind, Purpose, RateUnit, Schedule
from forecourt.domain.smart_charging.rules import RECURRENCE_SECONDS

NOMINAL_VOLTS: Final = 230
"""Turns amperes per phase into watts and back, because stations do not say which voltage they have."""

PHASES: Final = 3
"""What is meant when a period does not say how many (OCPP 1.6 §7.14)."""

LONGEST: Final = 14 * 86_400
"""How far ahead limits can be computed, in seconds."""

_SECOND: Final = 1_000_000
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Placed:
    """A profile at a place of a station."""

    place: Place
    profile: Profile


@dataclass(frozen=True, slots=True)
class Step:
    """From here on, until the next step begins; ``limit`` None means that nothing limits."""

    start_seconds: int
    limit: float | None
    phases: int | None = None


@dataclass(frozen=True, slots=True)
class Composite:
    """Limits over a time, beginning at its second 0."""

    unit: RateUnit
    seconds: int
    steps: tuple[Step, ...]

    def at(self, second: int) -> Step:
        index = bisect.bisect_right(self.steps, second, key=lambda step: step.start_seconds)
        return self.steps[index - 1]


@dataclass(frozen=True, slots=True)
class Stack:
    """What is believed to limit a place from a time on, and what results from it."""

    starts_at: datetime
    assignments: Sequence[Assignment]
    result: Composite


def composite(
    profiles: Sequence[Placed], place: Place, at: datetime, seconds: int, unit: RateUnit | None = None
) -> Composite:
    """What holds at a place from ``at`` for so many seconds, at most :data:`LONGEST`.

    Schedules without a start of their own start at ``at``. Without a unit it is that of the profiles, and W when they
    have different ones. For the whole station only ChargePointMaxProfiles count.
    """
    seconds = max(1, min(seconds, LONGEST))
    relevant = [one for one in profiles if applies(one, place)]
    common = unit or _common_unit(relevant)
    groups = _in_order_of_rank(relevant)

    def holds(second: int) -> Step:
        moment = at + timedelta(seconds=second)
        found = [hit for group in groups if (hit := _first(group, moment, at, common)) is not None]
        limit = min((rate for rate, _ in found), default=None)
        return Step(second, limit, min((phases for _, phases in found if phases is not None), default=None))

    return Composite(common, seconds, _merged(holds, _changes(relevant, at, seconds)))


def alone(profile: Profile, at: datetime, seconds: int, unit: RateUnit | None = None) -> Composite:
    """What one profile says by itself, wherever it is."""
    wanted = unit or profile.schedule.unit

    def holds(second: int) -> Step:
        found = _first([profile], at + timedelta(seconds=second), at, wanted)
        return Step(second, None) if found is None else Step(second, *found)

    return Composite(wanted, seconds, _merged(holds, _changes([Placed(WHOLE_STATION, profile)], at, seconds)))


def applies(one: Placed, place: Place) -> bool:
    """Whether a profile says something about a place of the same station (OCPP 1.6 §3.13.1)."""
    if one.profile.purpose is Purpose.STATION:
        return one.place is WHOLE_STATION
    if place is WHOLE_STATION:
        return False
    return one.place == place or (one.place is WHOLE_STATION and one.profile.purpose is Purpose.TRANSACTION_DEFAULT)


def period_at(profile: Profile, moment: datetime, relative_start: datetime) -> Period | None:
    """The step of a profile that holds at a moment; None when it says nothing about that."""
    if profile.valid_from is not None and moment < profile.valid_from:
        return None
    if profile.valid_to is not None and moment >= profile.valid_to:
        return None
    elapsed = (moment - _start(profile, relative_start)) // _MICROSECOND
    if elapsed < 0:
        return None
    if profile.kind is ProfileKind.RECURRING and profile.recurrency is not None:
        elapsed %= RECURRENCE_SECONDS[profile.recurrency] * _SECOND
    duration = profile.schedule.duration_seconds
    if duration is not None and elapsed >= duration * _SECOND:
        return None
    periods = profile.schedule.periods
    index = bisect.bisect_right(periods, elapsed, key=lambda period: period.start_seconds * _SECOND)
    return periods[index - 1] if index else None


def _start(profile: Profile, relative_start: datetime) -> datetime:
    """A schedule without a start of its own counts from the start of charging (OCPP 1.6 §7.13)."""
    starts_at = profile.schedule.starts_at
    return relative_start if starts_at is None or profile.kind is ProfileKind.RELATIVE else starts_at


def _in_order_of_rank(relevant: Iterable[Placed]) -> list[list[Profile]]:
    """What limits the station, and what limits charging: of each group the first that says something counts."""
    first = {Purpose.TRANSACTION: 2, Purpose.TRANSACTION_DEFAULT: 1, Purpose.STATION: 0}

    def rank(one: Placed) -> tuple[int, bool, int]:
        return first[one.profile.purpose], one.place is not WHOLE_STATION, one.profile.stack_level

    ranked = sorted(relevant, key=rank, reverse=True)
    return [
        [one.profile for one in ranked if one.profile.purpose is Purpose.STATION],
        [one.profile for one in ranked if one.profile.purpose is not Purpose.STATION],
    ]


def _first(group: Sequence[Profile], moment: datetime, at: datetime, unit: RateUnit) -> tuple[float, int | None] | None:
    for profile in group:
        period = period_at(profile, moment, at)
        if period is not None:
            return _converted(period, profile.schedule.unit, unit)
    return None


def _common_unit(relevant: Sequence[Placed]) -> RateUnit:
    units = {one.profile.schedule.unit for one in relevant}
    return units.pop() if len(units) == 1 else RateUnit.WATT


def _converted(period: Period, of: RateUnit, to: RateUnit) -> tuple[float, int | None]:
    if of is to:
        return period.limit, period.phases
    factor = NOMINAL_VOLTS * (period.phases or PHASES)
    return (period.limit * factor if to is RateUnit.WATT else period.limit / factor), period.phases


def _merged(holds: Callable[[int], Step], seconds: Iterable[int]) -> tuple[Step, ...]:
    steps: list[Step] = []
    for second in sorted({0, *seconds}):
        step = holds(second)
        if not steps or (step.limit, step.phases) != (steps[-1].limit, steps[-1].phases):
            steps.append(step)
    return tuple(steps)


def _changes(relevant: Iterable[Placed], at: datetime, seconds: int) -> set[int]:
    """Every whole second at which something may begin or end."""
    found: set[int] = set()
    for one in relevant:
        profile = one.profile
        found |= {_second((moment - at) // _MICROSECOND) for moment in (profile.valid_from, profile.valid_to) if moment}
        start = (_start(profile, at) - at) // _MICROSECOND
        for begun in _occurrences(profile, start, seconds):
            found |= {_second(begun + edge * _SECOND) for edge in _edges(profile.schedule)}
    return {second for second in found if 0 < second < seconds}


def _occurrences(profile: Profile, start: int, seconds: int) -> Sequence[int]:
    """When a schedule starts, in microseconds."""
    if profile.kind is not ProfileKind.RECURRING or profile.recurrency is None:
        return [start]
    every = RECURRENCE_SECONDS[profile.recurrency] * _SECOND
    first = start if start >= 0 else start % every - every
    return range(first, seconds * _SECOND, every)


def _edges(schedule: Schedule) -> set[int]:
    edges = {period.start_seconds for period in schedule.periods} | {0}
    return edges if schedule.duration_seconds is None else edges | {schedule.duration_seconds}


def _second(microseconds: int) -> int:
    """The first whole second that is not before it."""
    return -(-microseconds // _SECOND)
