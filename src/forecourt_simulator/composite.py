"""The limits that result from charging profiles together (OCPP 1.6 §3.13.2, §3.13.3, §5.7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from msgspec import UNSET

from forecourt.dialects.v16.messages.charging_profiles import (
    ChargingProfile,
    ChargingRateUnit,
    ToldSchedule,
    ToldSchedulePeriod,
)
from forecourt_simulator.readings import PHASES, VOLTS

LONGEST_SECONDS: Final = 31 * 86_400
"""What a station computes at most; the answer says how long it is."""

MAX_AMPERES: Final = 32.0
"""What one connector can give on each of its phases."""

_ROUNDS: Final = {"Daily": 86_400, "Weekly": 7 * 86_400}


@dataclass(frozen=True, slots=True)
class Question:
    """For which time the limits are wanted, and in which unit."""

    start: datetime
    seconds: int
    unit: ChargingRateUnit
    charging_since: datetime | None
    """When the transaction began; what counts from then counts from the question's start when there is none."""
    connectors: int = 1
    """How many share the limit: 1 for a connector, all for the grid connection of a station."""

    @property
    def began(self) -> datetime:
        return self.charging_since or self.start


def composite(question: Question, layers: Sequence[Sequence[ChargingProfile]]) -> ToldSchedule:
    """The lowest limit of all layers at every moment. In a layer, which is a purpose, the highest stack level that has
    a limit at a moment counts."""
    periods: list[ToldSchedulePeriod] = []
    for offset in _offsets(question, layers):
        limit = _limit(question, layers, question.start + timedelta(seconds=offset))
        if not periods or periods[-1].limit != limit:
            periods.append(ToldSchedulePeriod(start_period=offset, limit=limit))
    return ToldSchedule(
        charging_rate_unit=question.unit,
        charging_schedule_period=periods,
        duration=question.seconds,
        start_schedule=question.start,
    )


def _limit(question: Question, layers: Sequence[Sequence[ChargingProfile]], at: datetime) -> float:
    own = MAX_AMPERES * (VOLTS * PHASES * question.connectors if question.unit == "W" else question.connectors)
    found = [rate for layer in layers if (rate := _rate(question, layer, at)) is not None]
    return round(min([own, *found]), 1)


def _rate(question: Question, layer: Sequence[ChargingProfile], at: datetime) -> float | None:
    for profile in sorted(layer, key=lambda one: -one.stack_level):
        seconds = _position(profile, question, at)
        if seconds is None:
            continue
        schedule = profile.charging_schedule
        current = [one for one in schedule.charging_schedule_period if one.start_period <= seconds]
        if current:
            phases = PHASES if current[-1].number_phases is UNSET else max(1, current[-1].number_phases)
            return _converted(current[-1].limit, schedule.charging_rate_unit, question.unit, phases)
    return None


def _converted(limit: float, unit: ChargingRateUnit, wanted: ChargingRateUnit, phases: int) -> float:
    if unit == wanted:
        return limit
    return limit * VOLTS * phases if wanted == "W" else limit / (VOLTS * phases)


def _position(profile: ChargingProfile, question: Question, at: datetime) -> float | None:
    """How far a schedule has come, in seconds; None while it does not hold."""
    if (profile.valid_from is not UNSET and at < profile.valid_from) or (
        profile.valid_to is not UNSET and at >= profile.valid_to
    ):
        return None
    seconds = (at - _anchor(profile, question)).total_seconds()
    if seconds < 0:
        return None
    turn = _round_seconds(profile)
    if turn is not None:
        seconds %= turn
    duration = profile.charging_schedule.duration
    return None if duration is not UNSET and seconds >= duration else seconds


def _anchor(profile: ChargingProfile, question: Question) -> datetime:
    start = profile.charging_schedule.start_schedule
    is_relative = profile.charging_profile_kind == "Relative"
    return question.began if is_relative or start is UNSET else start


def _round_seconds(profile: ChargingProfile) -> int | None:
    if profile.charging_profile_kind != "Recurring" or profile.recurrency_kind is UNSET:
        return None
    return _ROUNDS[profile.recurrency_kind]


def _offsets(question: Question, layers: Sequence[Sequence[ChargingProfile]]) -> list[int]:
    """Seconds from the start at which a limit can change."""
    found = {0}
    for layer in layers:
        for profile in layer:
            found.update(offset for offset in _changes(profile, question) if 0 < offset < question.seconds)
    return sorted(found)


def _changes(profile: ChargingProfile, question: Question) -> Iterator[int]:
    for moment in (profile.valid_from, profile.valid_to):
        if moment is not UNSET:
            yield int((moment - question.start).total_seconds())
    schedule = profile.charging_schedule
    steps = [period.start_period for period in schedule.charging_schedule_period]
    if schedule.duration is not UNSET:
        steps.append(schedule.duration)
    first = int((_anchor(profile, question) - question.start).total_seconds())
    turn = _round_seconds(profile)
    begins = [first] if turn is None else _begins(first, turn, question.seconds)
    for begin in begins:
        yield begin
        yield from (begin + step for step in steps)


def _begins(first: int, turn: int, seconds: int) -> range:
    """The beginning of every round that reaches into the time in question."""
    return range(first if first >= 0 else first % turn - turn, seconds, turn)


def is_in_order(profile: ChargingProfile) -> bool:
    """True when its periods begin at 0 and rise (OCPP 1.6 §7.14)."""
    starts = [period.start_period for period in profile.charging_schedule.charging_schedule_period]
    return bool(starts) and starts[0] == 0 and all(one < two for one, two in pairwise(starts))
