"""Plots of charging profiles and schedules: which lines are drawn for them."""

from __future__ import annotations

from dataclasses import replace
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
from forecourt.drawing.audience import EVERYBODY, Audience
from forecourt.drawing.step_plot import Line, Plot

_DAY: Final = 86_400


def plot_profile(kept: LibraryProfile, audience: Audience = EVERYBODY) -> Plot:
    """A day or a week of a recurring profile, else its duration, else a day or what its steps need. A profile without
    a number is not kept yet."""
    say = audience.say
    profile = kept.profile
    schedule = profile.schedule
    last = schedule.periods[-1].start_seconds
    seconds = schedule.duration_seconds or max(_DAY, last + max(last // 4, 1))
    if profile.kind is ProfileKind.RECURRING and profile.recurrency is not None:
        seconds = RECURRENCE_SECONDS[profile.recurrency]
    at = schedule.starts_at or kept.created_at
    limits = alone(replace(profile, valid_from=None, valid_to=None), at, seconds)
    title = kept.name
    if kept.number:
        title = say("Charging profile %(number)s: %(name)s") % {"number": kept.number, "name": kept.name}
    return Plot(
        title=title,
        note=f"{_words(profile, audience)}. {_validity(profile, audience)}",
        unit=_unit(schedule.unit, audience),
        seconds=seconds,
        starts_at=schedule.starts_at,
        lines=[_line(say("Limit"), limits, is_result=True)],
        audience=audience,
    )


def plot_told(station: str, told: ToldSchedule, audience: Audience = EVERYBODY) -> Plot:
    """A schedule as a station told it."""
    say = audience.say
    schedule = told.schedule
    last = max((period.start_seconds for period in schedule.periods), default=0)
    steps = [(period.start_seconds, period.limit) for period in schedule.periods]
    return Plot(
        title=say("Schedule of %(station)s: %(place)s") % {"station": station, "place": _named(told.place, audience)},
        note=say("As the station told it on %(time)s.") % {"time": audience.moment(told.told_at)},
        unit=_unit(schedule.unit, audience),
        seconds=max(schedule.duration_seconds or told.asked_seconds, last + 1),
        starts_at=told.starts_at,
        lines=[Line(say("Limit"), sorted(steps), is_result=True)],
        audience=audience,
    )


def plot_stack(station: str, place: Place, stack: Stack, audience: Audience = EVERYBODY) -> Plot:
    """What is believed to be installed and concerns a place: every profile, and what results from them."""
    say = audience.say
    result = stack.result
    units = {one.profile.schedule.unit for one in stack.assignments}
    note = say("As believed installed.") if stack.assignments else say("Nothing that is believed installed limits it.")
    if len(units) > 1:
        note += " " + say("Amperes and watts are compared at %(volts)s V.") % {"volts": NOMINAL_VOLTS}
    lines = [_line(say("Lowest limit, which holds"), result, is_result=True)]
    lines += [
        _line(_named_profile(one, audience), alone(one.profile, stack.starts_at, result.seconds, result.unit))
        for one in stack.assignments
    ]
    return Plot(
        title=say("Charging profiles of %(station)s: %(place)s")
        % {"station": station, "place": _named(place, audience)},
        note=note,
        unit=_unit(result.unit, audience),
        seconds=result.seconds,
        starts_at=stack.starts_at,
        lines=lines,
        audience=audience,
    )


def _unit(unit: RateUnit, audience: Audience) -> str:
    return audience.say("A per phase") if unit is RateUnit.AMPERE else "W"


def _line(name: str, limits: Composite, *, is_result: bool = False) -> Line:
    return Line(name, [(step.start_seconds, step.limit) for step in limits.steps], is_result)


def _named_profile(one: Assignment, audience: Audience) -> str:
    say = audience.say
    is_everywhere = one.place is WHOLE_STATION and one.profile.purpose is Purpose.TRANSACTION_DEFAULT
    told = [
        say("Profile %(number)s: %(words)s")
        % {"number": one.profile.profile_id, "words": _words(one.profile, audience)},
        *([say("for all connectors")] if is_everywhere else []),
        *([say("not known whether installed")] if one.state is AssignmentState.UNKNOWN else []),
    ]
    return ", ".join(told)


def _words(profile: Profile, audience: Audience) -> str:
    kind = profile.kind.value if profile.recurrency is None else f"{profile.kind.value} {profile.recurrency.value}"
    level = audience.say("stack level %(level)s") % {"level": profile.stack_level}
    return f"{profile.purpose.value}, {level}, {kind}"


def _validity(profile: Profile, audience: Audience) -> str:
    say, since, until = audience.say, profile.valid_from, profile.valid_to
    if since is not None and until is not None:
        times = {"since": audience.moment(since), "until": audience.moment(until)}
        return say("Valid from %(since)s to %(until)s.") % times
    if since is not None:
        return say("Valid from %(since)s.") % {"since": audience.moment(since)}
    return "" if until is None else say("Valid to %(until)s.") % {"until": audience.moment(until)}


def _named(place: Place, audience: Audience) -> str:
    if place is WHOLE_STATION:
        return audience.say("the whole station")
    return audience.say("connector %(number)s") % {"number": place}
