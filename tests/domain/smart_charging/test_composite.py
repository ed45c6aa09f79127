"""Tests of the limits that result from several profiles (OCPP 1.6 §3.13)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecourt.domain.evse import WHOLE_STATION, EvseId, Place
from forecourt.domain.smart_charging.composite import LONGEST, Placed, alone, applies, composite, period_at
from forecourt.domain.smart_charging.model import Profile, ProfileKind, Purpose, RateUnit, Recurrency
from tests.domain.smart_charging.profiles import DEFAULT, MAX, TX, a_profile, a_schedule
from tests.support.clock import NOON

HOUR, DAY = 3600, 86_400
ONE, TWO = EvseId(1), EvseId(2)
A, W = RateUnit.AMPERE, RateUnit.WATT


def limits(*placed: tuple[Place, Profile], place: Place = ONE, seconds: int = DAY) -> list[tuple[int, float | None]]:
    result = composite([Placed(*one) for one in placed], place, NOON, seconds)
    return [(step.start_seconds, step.limit) for step in result.steps]


def flat(purpose: Purpose, limit: float, *, level: int = 0, start: int = 0, duration: int | None = None) -> Profile:
    starts_at = NOON + timedelta(seconds=start)
    return a_profile(purpose, a_schedule((0, limit), starts_at=starts_at, duration=duration), level=level)


def test_without_profiles_nothing_limits() -> None:
    assert limits() == [(0, None)]


def test_the_highest_stack_level_wins_and_the_next_one_holds_when_it_says_nothing() -> None:
    low = flat(DEFAULT, 10.0, level=1)
    high = flat(DEFAULT, 32.0, level=2, start=HOUR, duration=HOUR)
    assert limits((ONE, high), (ONE, low)) == [(0, 10.0), (HOUR, 32.0), (2 * HOUR, 10.0)]


def test_the_lowest_limit_of_the_purposes_holds() -> None:
    station = a_profile(MAX, a_schedule((0, 20.0), (HOUR, 8.0), starts_at=NOON))
    assert limits((WHOLE_STATION, station), (ONE, flat(DEFAULT, 10.0))) == [(0, 10.0), (HOUR, 8.0)]


def test_a_tx_profile_takes_the_place_of_the_default_while_it_says_something() -> None:
    default = flat(DEFAULT, 6.0, level=9)
    tx = flat(TX, 16.0, duration=HOUR)
    assert limits((ONE, default), (ONE, tx)) == [(0, 16.0), (HOUR, 6.0)]


def test_a_default_of_the_connector_takes_the_place_of_that_for_all_connectors() -> None:
    everywhere, here = flat(DEFAULT, 6.0, level=5), flat(DEFAULT, 16.0, level=0)
    assert limits((WHOLE_STATION, everywhere), (ONE, here)) == [(0, 16.0)]
    assert limits((WHOLE_STATION, everywhere), (ONE, here), place=TWO) == [(0, 6.0)]


def test_only_the_limit_of_the_station_holds_for_the_grid_connection() -> None:
    """OCPP 1.6 §5.7: connector 0 is the grid connection."""
    placed: list[tuple[Place, Profile]] = [
        (WHOLE_STATION, flat(MAX, 63.0)),
        (WHOLE_STATION, flat(DEFAULT, 6.0)),
        (ONE, flat(TX, 7.0)),
    ]
    assert limits(*placed, place=WHOLE_STATION) == [(0, 63.0)]


def test_a_profile_holds_only_while_it_is_valid() -> None:
    profile = a_profile(valid_from=NOON + timedelta(hours=1), valid_to=NOON + timedelta(hours=2, microseconds=1))
    assert limits((ONE, profile)) == [(0, None), (HOUR, 16.0), (2 * HOUR + 1, None)]


def test_a_daily_profile_starts_again_every_day_and_not_before_its_first() -> None:
    schedule = a_schedule((0, 16.0), (HOUR, 6.0), starts_at=NOON - timedelta(days=2, minutes=30), duration=2 * HOUR)
    daily = a_profile(schedule=schedule, recurrency=Recurrency.DAILY)
    assert limits((ONE, daily), seconds=DAY + HOUR) == [
        (0, 16.0),
        (1800, 6.0),
        (1800 + HOUR, None),
        (DAY - 1800, 16.0),
        (DAY + 1800, 6.0),
    ]
    later = a_profile(schedule=a_schedule(starts_at=NOON + timedelta(hours=1)), recurrency=Recurrency.DAILY)
    assert limits((ONE, later)) == [(0, None), (HOUR, 16.0)]


def test_a_weekly_profile_starts_again_every_week() -> None:
    schedule = a_schedule((0, 16.0), (6 * DAY, 6.0), starts_at=NOON - timedelta(days=70))
    weekly = a_profile(schedule=schedule, recurrency=Recurrency.WEEKLY)
    assert limits((ONE, weekly), seconds=LONGEST) == [(0, 16.0), (6 * DAY, 6.0), (7 * DAY, 16.0), (13 * DAY, 6.0)]


@pytest.mark.parametrize("kind", [ProfileKind.RELATIVE, ProfileKind.ABSOLUTE])
def test_a_schedule_without_a_start_starts_now(kind: ProfileKind) -> None:
    """OCPP 1.6 §7.13."""
    relative = a_profile(TX, a_schedule((0, 16.0), (600, 6.0), duration=HOUR), kind=kind)
    assert limits((ONE, relative)) == [(0, 16.0), (600, 6.0), (HOUR, None)]


def test_different_units_are_compared_as_watts() -> None:
    one_phase = a_profile(DEFAULT, a_schedule((0, 10.0, 1)))
    station = a_profile(MAX, a_schedule((0, 5000.0), unit=W))
    result = composite([Placed(ONE, one_phase), Placed(WHOLE_STATION, station)], ONE, NOON, HOUR)
    assert (result.unit, result.at(0).limit, result.at(0).phases) == (W, 2300.0, 1)
    as_amperes = composite([Placed(WHOLE_STATION, station)], ONE, NOON, HOUR, A)
    assert as_amperes.at(0).limit == pytest.approx(5000 / 690)


moments = st.integers(-3 * DAY, 3 * DAY).map(lambda second: NOON + timedelta(seconds=second))
rates = st.integers(0, 630).map(lambda tenths: tenths / 10)


@st.composite
def profiles(draw: st.DrawFn) -> Placed:
    purpose = draw(st.sampled_from(Purpose))
    recurrency = draw(st.none() | st.sampled_from(Recurrency))
    starts_at = draw(moments if recurrency else st.none() | moments)
    steps = draw(st.lists(st.integers(1, DAY - 1), max_size=4, unique=True).map(sorted))
    periods = [(0, draw(rates)), *((second, draw(rates)) for second in steps)]
    last = periods[-1][0]
    duration = draw(st.none() | st.integers(last + 1, DAY))
    profile = a_profile(
        purpose,
        a_schedule(*periods, starts_at=starts_at, duration=duration),
        level=draw(st.integers(0, 3)),
        recurrency=recurrency,
        valid_from=draw(st.none() | moments),
        valid_to=draw(st.none() | moments),
    )
    places: list[Place] = [WHOLE_STATION] if purpose is MAX else [ONE] if purpose is TX else [WHOLE_STATION, ONE]
    return Placed(draw(st.sampled_from(places)), profile)


def says(placed: Sequence[Placed], purpose: Purpose, second: int) -> list[tuple[bool, int, float]]:
    """What the profiles of a purpose say about a moment: whether it is of the connector, the rank, and the limit."""
    moment = NOON + timedelta(seconds=second)
    found = [(one, period_at(one.profile, moment, NOON)) for one in placed if one.profile.purpose is purpose]
    return [(one.place == ONE, one.profile.stack_level, period.limit) for one, period in found if period is not None]


@settings(max_examples=150, deadline=None)
@given(st.lists(profiles(), max_size=6), st.lists(st.integers(0, 2 * DAY - 1), min_size=1, max_size=10))
def test_the_result_is_never_above_the_active_limit_of_any_purpose(placed: list[Placed], seconds: list[int]) -> None:
    result = composite(placed, ONE, NOON, 2 * DAY)
    for second in [*seconds, *(step.start_seconds for step in result.steps)]:
        station, tx, default = (says(placed, purpose, second) for purpose in (MAX, TX, DEFAULT))
        active = [max(said)[:2] for said in (station, tx or default) if said]
        expected = [
            {limit for *rank, limit in said if tuple(rank) == top}
            for said, top in zip([said for said in (station, tx or default) if said], active, strict=True)
        ]
        limit = result.at(second).limit
        if not expected:
            assert limit is None
            continue
        assert limit is not None
        assert all(limit <= max(equals) for equals in expected)
        assert any(limit in equals for equals in expected)


@settings(max_examples=100, deadline=None)
@given(profiles(), st.integers(0, 2 * DAY - 1))
def test_one_profile_alone_is_what_its_periods_say(placed: Placed, second: int) -> None:
    """Also at every second at which the result says nothing changes."""
    period = period_at(placed.profile, NOON + timedelta(seconds=second), NOON)
    found = alone(placed.profile, NOON, 2 * DAY).at(second).limit
    assert found == (None if period is None else period.limit)
    if applies(placed, ONE):
        assert composite([placed], ONE, NOON, 2 * DAY).at(second).limit == found
