"""Plots of charging profiles and schedules: which lines are drawn for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from forecourt.domain.evse import WHOLE_STATION, Place
from forecourt.domain.smart_charging.composite import NOMINAL_VOLTS, Composite, Stack, alone
from forecourt.domain.smart_charging.model import (
    Assignment,
    AssignmentState,
    LibraryProfile,
    Profile,
    ProfileKind,
    Purpose,
    RateUnit,
    ToldSchedule,
)
from forecourt.domain.smart_charging.rules import RECURRENCE_SECONDS
from forecourt.drawing.step_plot import Line, Plot

_DAY: Final = 86_400
_UNITS: Final = {RateUnit.AMPERE: "A per phase", RateUnit.WATT: "W"}


def plot_profile(kept: LibraryProfile) -> Plot:
    """A day or a week of a recurring profile, else its duration, else a day or what its steps need. A profile without
    a number is not kept yet."""
    profile = kept.profile
    schedule = profile.schedule
    last = schedule.periods[-1].start_seconds
    seconds = schedule.duration_seconds or max(_DAY, last + max(last // 4, 1))
    if profile.kind is ProfileKind.RECURRING and profile.recurrency is not None:
        seconds = RECURRENCE_SECONDS[profile.recurrency]
    at = schedule.starts_at or kept.created_at
    limits = alone(replace(profile, valid_from=None, valid_to=None), at, seconds)
    return Plot(
        title=f"Charging profile {kept.number}: {kept.name}" if kept.number else kept.name,
        note=f"{_words(profile)}. {_validity(profile)}",
        unit=_UNITS[schedule.unit],
        seconds=seconds,
        starts_at=schedule.starts_at,
        lines=[_line("Limit", limits, is_result=True)],
    )


def plot_told(station: str, told: ToldSchedule) -> Plot:
    """A schedule as a station told it."""
    schedule = told.schedule
    last = max((period.start_seconds for period in schedule.periods), default=0)
    steps = [(period.start_seconds, period.limit) for period in schedule.periods]
    return Plot(
        title=f"Schedule of {_named(told.place)} of {station}",
        note=f"As the station told it on {_moment(told.told_at)}.",
        unit=_UNITS[schedule.unit],
        seconds=max(schedule.duration_seconds or told.asked_seconds, last + 1),
        starts_at=told.starts_at,
        lines=[Line("Limit", sorted(steps), is_result=True)],
    )


def plot_stack(station: str, place: Place, stack: Stack) -> Plot:
    """What is believed to be installed and concerns a place: every profile, and what results from them."""
    result = stack.result
    units = {one.profile.schedule.unit for one in stack.assignments}
    note = "As believed installed." if stack.assignments else "Nothing that is believed installed limits it."
    if len(units) > 1:
        note += f" Amperes and watts are compared at {NOMINAL_VOLTS} V."
    lines = [_line("Lowest limit, which holds", result, is_result=True)]
    lines += [
        _line(_named_profile(one), alone(one.profile, stack.starts_at, result.seconds, result.unit))
        for one in stack.assignments
    ]
    return Plot(
        title=f"Charging profiles on {_named(place)} of {station}",
        note=note,
        unit=_UNITS[result.unit],
        seconds=result.seconds,
        starts_at=stack.starts_at,
        lines=lines,
    )


def _line(name: str, limits: Composite, *, is_result: bool = False) -> Line:
    return Line(name, [(step.start_seconds, step.limit) for step in limits.steps], is_result)


def _named_profile(one: Assignment) -> str:
    is_everywhere = one.place is WHOLE_STATION and one.profile.purpose is Purpose.TRANSACTION_DEFAULT
    everywhere = ", for all connectors" if is_everywhere else ""
    doubt = ", not known whether installed" if one.state is AssignmentState.UNKNOWN else ""
    return f"Profile {one.profile.profile_id}: {_words(one.profile)}{everywhere}{doubt}"


def _words(profile: Profile) -> str:
    kind = profile.kind.value if profile.recurrency is None else f"{profile.kind.value} {profile.recurrency.value}"
    return f"{profile.purpose.value}, stack level {profile.stack_level}, {kind}"


def _validity(profile: Profile) -> str:
    since = "" if profile.valid_from is None else f" from {_moment(profile.valid_from)}"
    until = "" if profile.valid_to is None else f" to {_moment(profile.valid_to)}"
    return f"Valid{since}{until}." if since or until else ""


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _named(place: Place) -> str:
    return "the whole station" if place is WHOLE_STATION else f"connector {place}"
