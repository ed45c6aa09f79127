"""Composite schedules: asked for, told, and kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.errors import Kind
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.smart_charging.model import RateUnit
from tests.dialects.v16.outbound.charging import ChargingWorld
from tests.domain.smart_charging.profiles import a_schedule
from tests.domain.world import refused
from tests.schemas.official import Json
from tests.support.clock import NOON

WATT = RateUnit.WATT


def test_a_schedule_is_asked_for_and_kept() -> None:
    """Certification case 066."""
    world = ChargingWorld()
    world.does("FetchSchedule", {"connectorId": 1, "duration": 300, "chargingRateUnit": "W"})
    schedule: Json = {
        "chargingRateUnit": "W",
        "duration": 300,
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.099999904632568}, {"startPeriod": 60, "limit": 0}],
    }
    answer: Json = {
        "status": "Accepted",
        "connectorId": 1,
        "scheduleStart": "2026-01-01T11:59:00Z",
        "chargingSchedule": schedule,
    }
    assert world.answers(answer) == {"connectorId": 1, "duration": 300, "chargingRateUnit": "W"}
    [told] = world.charging.schedules(world.station)
    assert (told.place, told.asked_seconds, told.told_at) == (EvseId(1), 300, NOON)
    assert told.starts_at == NOON - timedelta(minutes=1)
    assert told.schedule == a_schedule((0, 6.1), (60, 0.0), unit=WATT, duration=300)


def test_the_newest_schedule_of_each_connector_is_kept() -> None:
    world = ChargingWorld()
    for connector_id, limit in [(1, 6), (0, 63), (1, 16)]:
        world.does("FetchSchedule", {"connectorId": connector_id, "duration": 60})
        schedule: Json = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
        assert world.answers({"status": "Accepted", "chargingSchedule": schedule}) == {
            "connectorId": connector_id,
            "duration": 60,
        }
    found = world.charging.schedules(world.station)
    assert [(one.place, one.schedule.periods[0].limit, one.starts_at) for one in found] == [
        (WHOLE_STATION, 63.0, NOON),
        (EvseId(1), 16.0, NOON),
    ]


@pytest.mark.parametrize("answer", [{"status": "Rejected"}, {"status": "Accepted"}])
def test_an_answer_without_a_schedule_leaves_the_older_one(answer: Json) -> None:
    world = ChargingWorld()
    world.does("FetchSchedule", {"connectorId": 1, "duration": 60})
    world.answers(answer)
    assert world.charging.schedules(world.station) == []
    with refused(Kind.NOT_FOUND, about="FetchSchedule"):
        world.charging.get_schedule(world.station, EvseId(1))


def test_a_schedule_of_no_time_is_warned_of() -> None:
    [warning] = ChargingWorld().does("GetCompositeSchedule", {"connectorId": 1, "duration": 0}).warnings
    assert "duration" in warning
