"""Charging profiles at a simulated station (OCPP 1.6 §3.13, §5.16, §5.5, §5.7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import pytest
from msgspec import UNSET

from forecourt.dialects.v16.messages.charging_profiles import (
    ChargingProfile,
    ChargingProfileKind,
    ChargingProfilePurpose,
    ChargingRateUnit,
    ChargingSchedule,
    ChargingSchedulePeriod,
)
from forecourt.dialects.v16.messages.clear_charging_profile import (
    ClearChargingProfileRequest,
    ClearChargingProfileResponse,
)
from forecourt.dialects.v16.messages.get_composite_schedule import (
    GetCompositeScheduleRequest,
    GetCompositeScheduleResponse,
)
from forecourt.dialects.v16.messages.remote_start_transaction import (
    RemoteStartTransactionRequest,
    RemoteStartTransactionResponse,
)
from forecourt.dialects.v16.messages.set_charging_profile import SetChargingProfileRequest, SetChargingProfileResponse
from tests.simulator.worlds import START, World, a_car, a_charging_world, a_world, ask

Periods = list[tuple[int, float]]


def a_profile(
    number: int = 1,
    *,
    purpose: ChargingProfilePurpose = "TxDefaultProfile",
    periods: Periods | None = None,
    stack_level: int = 0,
    kind: ChargingProfileKind = "Absolute",
    recurrency: Literal["Daily", "Weekly"] | None = None,
    unit: ChargingRateUnit = "A",
    start: datetime | None = START,
    duration: int | None = None,
    transaction_id: int | None = None,
    valid_to: datetime | None = None,
    phases: int | None = None,
) -> ChargingProfile:
    return ChargingProfile(
        charging_profile_id=number,
        transaction_id=UNSET if transaction_id is None else transaction_id,
        stack_level=stack_level,
        charging_profile_purpose=purpose,
        charging_profile_kind=kind,
        recurrency_kind=UNSET if recurrency is None else recurrency,
        valid_to=UNSET if valid_to is None else valid_to,
        charging_schedule=ChargingSchedule(
            charging_rate_unit=unit,
            duration=UNSET if duration is None else duration,
            start_schedule=UNSET if start is None else start,
            charging_schedule_period=[
                ChargingSchedulePeriod(start_period=at, limit=limit, number_phases=UNSET if phases is None else phases)
                for at, limit in (periods if periods is not None else [(0, 16.0)])
            ],
        ),
    )


def put(world: World, profile: ChargingProfile, connector_id: int = 1) -> str:
    response = ask(world, SetChargingProfileRequest(connector_id=connector_id, cs_charging_profiles=profile))
    assert isinstance(response, SetChargingProfileResponse)
    return response.status


def schedule(world: World, connector_id: int = 1, seconds: int = 3600, unit: ChargingRateUnit = "A") -> Periods:
    request = GetCompositeScheduleRequest(connector_id=connector_id, duration=seconds, charging_rate_unit=unit)
    response = ask(world, request)
    assert isinstance(response, GetCompositeScheduleResponse)
    assert response.status == "Accepted"
    assert response.charging_schedule is not UNSET
    assert response.charging_schedule.charging_rate_unit == unit
    assert response.schedule_start == world.now.wall
    return [(one.start_period, one.limit) for one in response.charging_schedule.charging_schedule_period]


def installed(world: World) -> list[int]:
    return [one.profile.charging_profile_id for one in world.station.profiles]


@pytest.mark.parametrize(
    ("profile", "connector_id", "answer"),
    [
        (a_profile(), 0, "Accepted"),
        (a_profile(), 2, "Accepted"),
        (a_profile(), 3, "Rejected"),
        (a_profile(purpose="ChargePointMaxProfile"), 0, "Accepted"),
        (a_profile(purpose="ChargePointMaxProfile"), 1, "Rejected"),
        (a_profile(purpose="TxProfile"), 1, "Accepted"),
        (a_profile(purpose="TxProfile", transaction_id=7), 1, "Accepted"),
        (a_profile(purpose="TxProfile", transaction_id=8), 1, "Rejected"),
        (a_profile(purpose="TxProfile"), 2, "Rejected"),
        (a_profile(purpose="TxProfile"), 0, "Rejected"),
        (a_profile(stack_level=10), 1, "Accepted"),
        (a_profile(stack_level=11), 1, "Rejected"),
        (a_profile(stack_level=-1), 1, "Rejected"),
        (a_profile(periods=[]), 1, "Rejected"),
        (a_profile(periods=[(5, 6.0)]), 1, "Rejected"),
        (a_profile(periods=[(0, 6.0), (9, 7.0), (9, 8.0)]), 1, "Rejected"),
        (a_profile(periods=[(n, 6.0) for n in range(25)]), 1, "Rejected"),
        (a_profile(kind="Recurring"), 1, "Rejected"),
        (a_profile(recurrency="Daily"), 1, "Rejected"),
    ],
)
def test_a_profile_is_taken_where_its_purpose_has_a_place(
    profile: ChargingProfile, connector_id: int, answer: str
) -> None:
    assert put(a_charging_world(), profile, connector_id) == answer


def test_a_profile_replaces_its_own_number_and_its_own_rank() -> None:
    world = a_world()
    for profile in (a_profile(1), a_profile(2, stack_level=1), a_profile(3), a_profile(2, stack_level=5)):
        put(world, profile)
    assert installed(world) == [3, 2]
    put(world, a_profile(4), 2)
    assert installed(world) == [3, 2, 4]


def test_no_more_profiles_are_kept_than_the_station_says() -> None:
    world = a_world()
    world.station.configuration.put("MaxChargingProfilesInstalled", "2")
    answers = [put(world, a_profile(number, stack_level=number)) for number in (1, 2, 3, 2)]
    assert answers == ["Accepted", "Accepted", "Rejected", "Accepted"]


@pytest.mark.parametrize(
    ("request_", "left"),
    [
        (ClearChargingProfileRequest(), []),
        (ClearChargingProfileRequest(id=2), [1, 3]),
        (ClearChargingProfileRequest(id=2, connector_id=9), [1, 3]),
        (ClearChargingProfileRequest(connector_id=0), [1, 2]),
        (ClearChargingProfileRequest(charging_profile_purpose="TxDefaultProfile"), [3]),
        (ClearChargingProfileRequest(charging_profile_purpose="TxDefaultProfile", stack_level=1), [1, 3]),
        (ClearChargingProfileRequest(stack_level=7), [1, 2, 3]),
    ],
)
def test_every_field_of_a_clearing_must_match(request_: ClearChargingProfileRequest, left: list[int]) -> None:
    world = a_world()
    put(world, a_profile(1))
    put(world, a_profile(2, stack_level=1))
    put(world, a_profile(3, purpose="ChargePointMaxProfile"), 0)
    response = ask(world, request_)
    assert response == ClearChargingProfileResponse(status="Unknown" if left == [1, 2, 3] else "Accepted")
    assert installed(world) == left


def test_a_tx_profile_ends_with_its_transaction() -> None:
    world = a_charging_world()
    put(world, a_profile(1))
    put(world, a_profile(2, purpose="TxProfile"))
    world.station.present_tag(1, "TAG", world.now)
    assert installed(world) == [1]


def test_a_remote_start_brings_its_profile() -> None:
    world = a_world()
    world.station.plug_in(1, a_car(), world.now)
    profile = a_profile(4, purpose="TxProfile", kind="Relative", start=None)
    request = RemoteStartTransactionRequest(id_tag="TAG", connector_id=1, charging_profile=profile)
    assert ask(world, request) == RemoteStartTransactionResponse(status="Accepted")
    world.letters()
    assert installed(world) == [4]
    wrong = RemoteStartTransactionRequest(id_tag="TAG", connector_id=2, charging_profile=a_profile(5))
    assert ask(world, wrong) == RemoteStartTransactionResponse(status="Rejected")


# The composite schedule


def test_without_profiles_the_hardware_is_the_limit() -> None:
    world = a_world()
    assert schedule(world) == [(0, 32.0)]
    assert schedule(world, unit="W") == [(0, 22080.0)]
    assert schedule(world, 0) == [(0, 64.0)]


def test_the_highest_stack_level_that_holds_counts() -> None:
    world = a_world()
    put(world, a_profile(1, periods=[(0, 10.0), (1800, 20.0)]))
    put(world, a_profile(2, stack_level=1, periods=[(0, 6.1)], duration=600))
    assert schedule(world) == [(0, 6.1), (600, 10.0), (1800, 20.0)]
    assert schedule(world, seconds=600) == [(0, 6.1)]


def test_the_station_limits_every_connector() -> None:
    world = a_world()
    put(world, a_profile(1, periods=[(0, 10.0), (1800, 20.0)]), 0)
    put(world, a_profile(2, purpose="ChargePointMaxProfile", periods=[(0, 15.0)]), 0)
    assert schedule(world) == [(0, 10.0), (1800, 15.0)]
    assert schedule(world, 0) == [(0, 15.0)]


def test_a_tx_profile_overrules_the_default() -> None:
    world = a_charging_world()
    put(world, a_profile(1, periods=[(0, 10.0)]), 0)
    put(world, a_profile(2, purpose="TxProfile", periods=[(0, 25.0)]))
    assert schedule(world, 1) == [(0, 25.0)]
    assert schedule(world, 2) == [(0, 10.0)]


def test_limits_are_converted_and_rounded_to_steps_of_0_1() -> None:
    world = a_world()
    put(world, a_profile(1, unit="W", periods=[(0, 5000.0)]))
    assert schedule(world) == [(0, 7.2)]
    put(world, a_profile(1, periods=[(0, 10.0)], phases=1))
    assert schedule(world, unit="W") == [(0, 2300.0)]


def test_a_daily_profile_starts_again_every_day() -> None:
    world = a_world()
    begin = START - timedelta(days=3, hours=1)
    profile = a_profile(
        kind="Recurring", recurrency="Daily", start=begin, periods=[(0, 8.0), (7200, 12.0)], duration=86_400
    )
    put(world, profile)
    day = 86_400
    assert schedule(world, seconds=day + 7200) == [(0, 8.0), (3600, 12.0), (day - 3600, 8.0), (day + 3600, 12.0)]


def test_a_relative_profile_counts_from_the_start_of_the_transaction() -> None:
    world = a_charging_world()
    put(world, a_profile(purpose="TxProfile", kind="Relative", start=None, periods=[(0, 9.0), (600, 11.0)]))
    world.wait(300)
    assert schedule(world) == [(0, 9.0), (300, 11.0)]


def test_a_profile_that_ends_gives_way() -> None:
    world = a_world()
    put(world, a_profile(valid_to=START + timedelta(seconds=900)))
    assert schedule(world) == [(0, 16.0), (900, 32.0)]


@pytest.mark.parametrize(("connector_id", "seconds"), [(3, 60), (1, 0), (1, -5)])
def test_no_schedule_for_what_there_is_not(connector_id: int, seconds: int) -> None:
    request = GetCompositeScheduleRequest(connector_id=connector_id, duration=seconds)
    assert ask(a_world(), request) == GetCompositeScheduleResponse(status="Rejected")
