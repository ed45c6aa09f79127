"""Values that the official schemas do not speak of: moments, numbers that are not finite, and addresses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from forecourt.dialects.v16.messages.charging_profiles import (
    ChargingSchedule,
    ChargingSchedulePeriod,
    ToldSchedule,
    ToldSchedulePeriod,
)
from forecourt.dialects.v16.messages.get_diagnostics import GetDiagnosticsRequest
from forecourt.dialects.v16.messages.heartbeat import HeartbeatResponse

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00", "2026-01-31T17:30:00+05:30", "2026-01-31T01:00:00-11:00"],
)
def test_every_moment_is_read_as_utc(text: str) -> None:
    read = msgspec.json.decode(f'{{"currentTime":"{text}"}}', type=HeartbeatResponse)
    assert read.current_time == NOON
    assert read.current_time.tzinfo is UTC
    assert msgspec.json.encode(read) == b'{"currentTime":"2026-01-31T12:00:00Z"}'


@pytest.mark.parametrize("moment", [NOON.replace(tzinfo=None), NOON.astimezone(timezone(timedelta(hours=5)))])
def test_moments_are_sent_in_utc(moment: datetime) -> None:
    assert msgspec.json.encode(HeartbeatResponse(current_time=moment)) == b'{"currentTime":"2026-01-31T12:00:00Z"}'


def test_a_moment_outside_the_calendar_is_refused_with_a_reason() -> None:
    with pytest.raises(msgspec.ValidationError, match="currentTime lies outside the years 1 to 9999"):
        msgspec.json.decode('{"currentTime":"9999-12-31T23:59:59-01:00"}', type=HeartbeatResponse)


@pytest.mark.parametrize("limit", [float("inf"), float("-inf"), float("nan"), 0.05, 6.099999904632568])
def test_a_rate_that_is_no_tenth_is_refused_also_when_we_make_it(limit: float) -> None:
    with pytest.raises(ValueError, match=r"limit is .*, but rates go in steps of 0\.1"):
        ChargingSchedulePeriod(start_period=0, limit=limit)
    with pytest.raises(ValueError, match=r"minChargingRate is .*, but rates go in steps of 0\.1"):
        ChargingSchedule(charging_rate_unit="A", charging_schedule_period=[], min_charging_rate=limit)


@pytest.mark.parametrize("limit", [6.099999904632568, 6.1, 0.30000000000000004, 22080.30078125, 0.0, 150000.203125])
def test_a_station_may_tell_a_rate_with_the_noise_of_a_float(limit: float) -> None:
    told = ToldSchedule(
        charging_rate_unit="A",
        charging_schedule_period=[ToldSchedulePeriod(start_period=0, limit=limit)],
        min_charging_rate=limit,
    )
    assert told.charging_schedule_period[0].limit == told.min_charging_rate == round(limit, 1)


@pytest.mark.parametrize("limit", [float("inf"), float("nan"), 0.05, 6.0999, 99999.95, -6.15, 1e-7])
def test_a_told_rate_with_a_second_decimal_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match=r"limit is .*, but rates go in steps of 0\.1"):
        ToldSchedulePeriod(start_period=0, limit=limit)


def test_every_tenth_is_a_rate() -> None:
    for tenths in range(100_000):
        assert ChargingSchedulePeriod(start_period=0, limit=tenths / 10).limit == tenths / 10


def test_the_refusal_of_an_address_does_not_repeat_its_password() -> None:
    with pytest.raises(ValueError, match="not a complete URI") as refusal:
        GetDiagnosticsRequest(location="ftp://user:secret@files example/")
    assert "secret" not in str(refusal.value)
