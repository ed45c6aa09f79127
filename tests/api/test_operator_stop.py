"""A transaction whose station is gone is stopped over REST."""

from __future__ import annotations

import csv
import io

import pytest

from forecourt.domain.presence.model import LinkId
from tests.api.door import Door, faults, problem

STOP = {"meterStop": 5000, "stoppedAt": "2026-01-01T12:30:00+01:00", "reason": "removed"}


def test_an_operator_stops_a_transaction(door: Door) -> None:
    number = door.a_transaction(door.a_station())
    before = door.get(f"/transactions/{number}")
    assert (before["stoppedBy"], before["operatorStop"]) == (None, None)

    response = door.ask("POST", f"/transactions/{number}/stop", STOP)

    assert response.status_code == 200
    stopped = response.json()
    assert stopped == door.get(f"/transactions/{number}")
    assert (stopped["active"], stopped["energyWh"], stopped["reason"]) == (False, 4000, "removed")
    assert stopped["stopTimestamp"] == "2026-01-01T11:30:00Z"
    assert stopped["doubts"] == ["stopBeforeStart"]
    assert stopped["stoppedBy"] == "token tests"
    assert stopped["operatorStop"] == {
        "stoppedBy": "token tests",
        "stopTimestamp": "2026-01-01T11:30:00Z",
        "meterStop": 5000,
        "reason": "removed",
        "receivedAt": "2026-01-01T12:00:00Z",
    }
    assert door.get("/transactions?active=true")["items"] == []


def test_what_is_not_given_is_found_out(door: Door) -> None:
    station = door.a_station()
    number = door.a_transaction(station)
    door.a_reading(station, number, "1700")

    stopped = door.ask("POST", f"/transactions/{number}/stop", {}).json()

    assert (stopped["meterStop"], stopped["stopTimestamp"]) == (1700, "2026-01-01T12:00:00Z")
    assert stopped["reason"] == "Other"


def test_nothing_has_to_be_said(door: Door) -> None:
    number = door.a_transaction(door.a_station())

    assert door.ask("POST", f"/transactions/{number}/stop").json()["active"] is False


def test_the_stations_own_stop_counts_when_it_comes(door: Door) -> None:
    station = door.a_station()
    number = door.a_transaction(station)
    door.ask("POST", f"/transactions/{number}/stop", STOP)

    door.a_stop(station, number, meter_stop_wh=3500)

    shown = door.get(f"/transactions/{number}")
    assert (shown["stoppedBy"], shown["meterStop"], shown["reason"]) == ("station", 3500, "Local")
    assert (shown["operatorStop"]["stoppedBy"], shown["operatorStop"]["meterStop"]) == ("token tests", 5000)
    assert door.get("/doubtful-stops")["items"] == []
    [row] = csv.DictReader(io.StringIO(door.ask("GET", "/transactions.csv").text))
    assert (row["stoppedBy"], row["operatorStoppedBy"], row["operatorMeterStop"]) == ("station", "token tests", "5000")
    assert row["operatorStopTimestamp"] == "2026-01-01T11:30:00Z"


def test_a_transaction_that_is_stopped_stays_as_it_is(door: Door) -> None:
    station = door.a_station()
    number = door.a_transaction(station)
    door.a_stop(station, number)
    before = door.get(f"/transactions/{number}")

    problem(door.ask("POST", f"/transactions/{number}/stop", STOP), 409)

    assert door.get(f"/transactions/{number}") == before


def test_a_connected_station_is_asked_instead_unless_it_is_forced(door: Door) -> None:
    station = door.a_station()
    number = door.a_transaction(station)
    door.services.presence.open(station, LinkId(1), node="n", address="::1", subprotocol="ocpp1.6")

    assert "StopCharging" in problem(door.ask("POST", f"/transactions/{number}/stop", {}), 409)["detail"]
    assert door.get(f"/transactions/{number}")["active"]
    assert door.ask("POST", f"/transactions/{number}/stop", {"force": True}).json()["active"] is False


@pytest.mark.parametrize("number", [1, 0, 2**40])
def test_a_transaction_that_does_not_exist_is_a_404(door: Door, number: int) -> None:
    problem(door.ask("POST", f"/transactions/{number}/stop", {}), 404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"meterStop": -1}, "meterStop"),
        ({"meterStop": 2**31}, "meterStop"),
        ({"meterStop": 1.5}, "meterStop"),
        ({"stoppedAt": "2026-01-01T12:00:00"}, "stoppedAt"),
        ({"reason": "x" * 256}, "reason"),
        ({"reason": "\x00"}, "reason"),
        ({"force": "yes"}, "force"),
        ({"stopTimestamp": "2026-01-01T12:00:00Z"}, "stopTimestamp"),
    ],
)
def test_a_body_at_fault_is_a_400_that_names_the_field(door: Door, body: object, field: str) -> None:
    number = door.a_transaction(door.a_station())

    assert list(faults(door.ask("POST", f"/transactions/{number}/stop", body))) == [field]
    assert door.get(f"/transactions/{number}")["active"]
