"""The state of every EVSE, as the stations report it (OCPP 1.6 §4.9)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from forecourt.domain.availability.model import EvseStatus, StatusReport
from forecourt.domain.evse import WHOLE_STATION, EvseId, Place
from tests.domain.world import ALL, World
from tests.support.clock import NOON

HOUR = timedelta(hours=1)


def a_report(status: str = "Available", *, at: datetime | None = None, place: Place | None = None) -> StatusReport:
    return StatusReport(
        place=EvseId(1) if place is None else place, status=status, error_code="NoError", reported_at=at
    )


@pytest.mark.parametrize(
    ("reported_at", "counts_from"),
    [
        (None, NOON),
        (NOON - HOUR, NOON - HOUR),
        (NOON, NOON),
        (NOON + timedelta(microseconds=1), NOON),
        (NOON + 1000 * HOUR, NOON),
        (datetime.min.replace(tzinfo=NOON.tzinfo), datetime.min.replace(tzinfo=NOON.tzinfo)),
    ],
)
def test_a_report_counts_from_its_time_stamp_unless_that_lies_ahead(
    reported_at: datetime | None, counts_from: datetime
) -> None:
    world = World()
    station = world.a_station()
    report = a_report(at=reported_at)

    world.services.availability.report(station, report)

    assert world.services.availability.present(station) == (EvseStatus(report, counts_from),)


def test_a_time_stamp_from_the_future_does_not_hide_later_reports() -> None:
    world = World()
    station = world.a_station()
    world.services.availability.report(station, a_report("Charging", at=NOON + 1000 * HOUR))
    world.clock.advance(timedelta(seconds=1))
    world.services.availability.report(station, a_report("Available", at=NOON + timedelta(seconds=1)))

    [present] = world.services.availability.present(station)
    assert present.report.status == "Available"


def test_an_older_report_does_not_replace_a_newer_one_but_is_kept() -> None:
    world = World()
    station = world.a_station()
    world.services.availability.report(station, a_report("Charging", at=NOON))
    world.services.availability.report(station, a_report("Preparing", at=NOON - HOUR))

    [present] = world.services.availability.present(station)
    assert present.report.status == "Charging"
    history = world.services.availability.history(station, None, ALL).items
    assert [one.report.status for one in history] == ["Preparing", "Charging"]


def test_any_state_may_follow_any_other() -> None:
    """The table of transitions refuses nothing (OCPP 1.6 §4.9)."""
    world = World()
    station = world.a_station()
    for status in ("Faulted", "Charging", "Available", "Finishing"):
        world.services.availability.report(station, a_report(status))

    [present] = world.services.availability.present(station)
    assert present.report.status == "Finishing"


def test_the_station_and_each_evse_have_a_state_of_their_own() -> None:
    world = World()
    station, other = world.a_station("CP-1"), world.a_station("CP-2")
    for place in (EvseId(2), WHOLE_STATION, EvseId(1)):
        world.services.availability.report(station, a_report(place=place))
    world.services.availability.report(other, a_report("Faulted"))

    present = world.services.availability.present(station)
    assert [one.report.place for one in present] == [WHOLE_STATION, EvseId(1), EvseId(2)]
    history = world.services.availability.history(station, EvseId(2), ALL).items
    assert [one.report.place for one in history] == [EvseId(2)]
    assert world.services.provisioning.get("CP-1").evses == present
