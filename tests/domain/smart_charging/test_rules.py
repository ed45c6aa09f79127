"""Tests of the rules for charging profiles: every fault is named with its field, and all of them at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.evse import WHOLE_STATION, EvseId, Place
from forecourt.domain.smart_charging.model import Profile, ProfileKind, Purpose, RateUnit, Recurrency
from forecourt.domain.smart_charging.rules import (
    ProfileRefused,
    check,
    faults_of,
    faults_of_place,
    faults_of_remote_start,
    limits_exceeded,
)
from tests.domain.smart_charging.profiles import DEFAULT, MAX, TX, a_profile, a_schedule
from tests.support.clock import NOON

DAY = 86_400
DAILY, WEEKLY = Recurrency.DAILY, Recurrency.WEEKLY
S = "chargingSchedule"
P = "chargingSchedule.chargingSchedulePeriod"


def fields(profile: Profile) -> list[str]:
    return [fault.field for fault in faults_of(profile)]


@pytest.mark.parametrize(
    "profile",
    [
        a_profile(),
        a_profile(MAX, a_schedule((0, 22000.0), (3600, 0.0), unit=RateUnit.WATT, duration=3601)),
        a_profile(TX, a_schedule((0, 6.1, 1), (1, 32.0, 3)), kind=ProfileKind.RELATIVE),
        a_profile(recurrency=DAILY, schedule=a_schedule((0, 1.0), (DAY - 1, 2.0), starts_at=NOON)),
        a_profile(recurrency=WEEKLY, schedule=a_schedule((0, 1.0), (6 * DAY, 2.0), starts_at=NOON, duration=7 * DAY)),
        a_profile(TX, valid_from=NOON, valid_to=NOON + timedelta(seconds=1)),
        a_profile(schedule=a_schedule((0, 16.0), starts_at=NOON, min_rate=4.4)),
    ],
)
def test_profiles_that_keep_all_rules_are_taken(profile: Profile) -> None:
    assert check(profile) is profile


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        (a_profile(level=-1), "stackLevel"),
        (a_profile(level=2**31), "stackLevel"),
        (replace(a_profile(), recurrency=DAILY), "recurrencyKind"),
        (replace(a_profile(recurrency=DAILY), recurrency=None), "recurrencyKind"),
        (a_profile(kind=ProfileKind.RELATIVE, schedule=a_schedule(starts_at=NOON)), f"{S}.startSchedule"),
        (a_profile(recurrency=DAILY, schedule=a_schedule()), f"{S}.startSchedule"),
        (a_profile(recurrency=DAILY, schedule=a_schedule(starts_at=NOON, duration=DAY + 1)), f"{S}.duration"),
        (a_profile(recurrency=WEEKLY, schedule=a_schedule(starts_at=NOON, duration=7 * DAY + 1)), f"{S}.duration"),
        (
            a_profile(recurrency=DAILY, schedule=a_schedule((0, 1.0), (DAY, 2.0), starts_at=NOON)),
            f"{P}[1].startPeriod",
        ),
        (a_profile(valid_from=NOON, valid_to=NOON), "validTo"),
        (a_profile(valid_to=NOON.replace(year=3000)), "validTo"),
        (a_profile(schedule=a_schedule(starts_at=NOON.replace(year=3000))), f"{S}.startSchedule"),
        (a_profile(DEFAULT, transaction_id=7), "transactionId"),
        (a_profile(schedule=replace(a_schedule(), periods=())), P),
        (a_profile(schedule=a_schedule(*((second, 1.0) for second in range(1001)))), P),
        (a_profile(schedule=a_schedule((1, 16.0))), f"{P}[0].startPeriod"),
        (a_profile(schedule=a_schedule((-1, 16.0))), f"{P}[0].startPeriod"),
        (a_profile(schedule=a_schedule((0, 16.0), (5, 8.0), (5, 6.0))), f"{P}[2].startPeriod"),
        (a_profile(schedule=a_schedule((0, 16.0), (2**31, 8.0))), f"{P}[1].startPeriod"),
        (a_profile(schedule=a_schedule((0, -0.1))), f"{P}[0].limit"),
        (a_profile(schedule=a_schedule((0, 6.15))), f"{P}[0].limit"),
        (a_profile(schedule=a_schedule((0, float("nan")))), f"{P}[0].limit"),
        (a_profile(schedule=a_schedule((0, float("inf")))), f"{P}[0].limit"),
        (a_profile(schedule=a_schedule((0, 16.0, 0))), f"{P}[0].numberPhases"),
        (a_profile(schedule=a_schedule((0, 16.0, 4))), f"{P}[0].numberPhases"),
        (a_profile(schedule=a_schedule((0, 16.0), (60, 8.0), duration=60)), f"{S}.duration"),
        (a_profile(schedule=a_schedule(duration=0)), f"{S}.duration"),
        (a_profile(schedule=a_schedule(duration=2**31)), f"{S}.duration"),
        (a_profile(schedule=a_schedule(min_rate=0.05)), f"{S}.minChargingRate"),
        (a_profile(schedule=a_schedule(min_rate=-1.0)), f"{S}.minChargingRate"),
    ],
)
def test_a_fault_is_named_with_its_field(profile: Profile, field: str) -> None:
    assert fields(profile) == [field]


def test_all_faults_are_told_at_once() -> None:
    profile = a_profile(level=-1, schedule=a_schedule((3, 6.15), (2, -1.0, 9)), valid_from=NOON, valid_to=NOON)
    with pytest.raises(ProfileRefused) as refusal:
        check(profile)
    assert [fault.field for fault in refusal.value.faults] == [
        "stackLevel",
        "validTo",
        f"{P}[0].startPeriod",
        f"{P}[0].limit",
        f"{P}[1].startPeriod",
        f"{P}[1].limit",
        f"{P}[1].numberPhases",
    ]
    assert all(str(fault.reason).endswith(".") for fault in refusal.value.faults)


def test_every_tenth_is_a_limit() -> None:
    assert not [tenths for tenths in range(20_000) if fields(a_profile(schedule=a_schedule((0, tenths / 10))))]


@pytest.mark.parametrize(
    ("purpose", "place", "is_right"),
    [
        (MAX, WHOLE_STATION, True),
        (MAX, EvseId(1), False),
        (DEFAULT, WHOLE_STATION, True),
        (DEFAULT, EvseId(1), True),
        (TX, WHOLE_STATION, False),
        (TX, EvseId(1), True),
    ],
)
def test_where_a_purpose_may_be_installed(purpose: Purpose, place: Place, is_right: bool) -> None:
    """OCPP 1.6 §3.13.1."""
    found = [fault.field for fault in faults_of_place(a_profile(purpose), place)]
    assert found == ([] if is_right else ["connectorId"])


def test_a_remote_start_takes_a_tx_profile_without_a_transaction() -> None:
    """OCPP 1.6 §5.11."""
    assert list(faults_of_remote_start(a_profile(TX))) == []
    wrong = a_profile(DEFAULT, level=-1, transaction_id=4)
    assert [fault.field for fault in faults_of_remote_start(wrong)] == [
        "chargingProfilePurpose",
        "transactionId",
        "stackLevel",
    ]


@pytest.mark.parametrize(
    ("settings", "others", "about"),
    [
        ({"ChargeProfileMaxStackLevel": "3"}, 0, "up to 3"),
        ({"ChargingScheduleMaxPeriods": "1"}, 0, "up to 1 steps"),
        ({"MaxChargingProfilesInstalled": "2"}, 2, "up to 2 profiles"),
        ({"ChargingScheduleAllowedChargingRateUnit": "Power"}, 0, "as Power"),
    ],
)
def test_what_a_station_says_that_it_cannot_do_is_warned_of(settings: dict[str, str], others: int, about: str) -> None:
    """OCPP 1.6 §9.4."""
    [warning] = limits_exceeded(a_profile(level=4, schedule=a_schedule((0, 1.0), (9, 2.0))), settings, others)
    assert about in warning


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"ChargeProfileMaxStackLevel": "4", "ChargingScheduleMaxPeriods": "1", "MaxChargingProfilesInstalled": "3"},
        {"ChargeProfileMaxStackLevel": "many", "ChargingScheduleAllowedChargingRateUnit": ""},
        {"ChargingScheduleAllowedChargingRateUnit": "Power, Current"},
        {"ChargingScheduleAllowedChargingRateUnit": "Current"},
    ],
)
def test_what_a_station_can_do_or_does_not_say_is_not_warned_of(settings: dict[str, str]) -> None:
    assert list(limits_exceeded(a_profile(level=4), settings, 2)) == []
