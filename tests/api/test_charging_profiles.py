"""Charging profiles and schedules over REST."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from forecourt.domain.errands.intents import Say
from forecourt.domain.errands.model import Delivery, Draft, Order
from forecourt.domain.evse import WHOLE_STATION, EvseId, Place
from forecourt.domain.provisioning.model import Station
from forecourt.domain.smart_charging.model import InstallAnswer, Profile
from tests.api.door import Door, faults, problem
from tests.domain.smart_charging.profiles import DEFAULT, MAX, a_draft, a_profile, a_schedule
from tests.support.clock import NOON

T_NOON = "2026-01-01T12:00:00Z"
STATION = "/stations/CP%201/charging-profiles"
SCHEDULES = "/stations/CP%201/schedules"


def a_body(**changes: Any) -> dict[str, Any]:  # Any: JSON has no narrower type
    return {
        "name": "Night",
        "stackLevel": 1,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Recurring",
        "recurrencyKind": "Daily",
        "validTo": "2027-01-01T01:00:00+01:00",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "startSchedule": "2026-01-01T13:00:00+01:00",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 32}, {"startPeriod": 60, "limit": 6.1}],
        },
        **changes,
    }


def a_station(door: Door) -> Station:
    return door.a_station("CP 1")


def assigned(door: Door, station: Station, number: int) -> None:
    order = Order(asked_by="tests", delivery=Delivery.WHEN_ONLINE)
    door.services.smart_charging.assign(
        station, profile_number=number, place=EvseId(1), transaction_id=None, order=order
    )


def test_a_profile_is_added_shown_changed_and_removed(door: Door) -> None:
    added = door.ask("POST", "/charging-profiles", a_body(description="cheap"))
    assert added.status_code == 201
    profile = added.json()
    number = profile["chargingProfileId"]
    assert profile == {
        "chargingProfileId": number,
        "name": "Night",
        "description": "cheap",
        "stackLevel": 1,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Recurring",
        "recurrencyKind": "Daily",
        "validFrom": None,
        "validTo": "2027-01-01T00:00:00Z",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [
                {"startPeriod": 0, "limit": 32.0, "numberPhases": None},
                {"startPeriod": 60, "limit": 6.1, "numberPhases": None},
            ],
            "duration": None,
            "startSchedule": T_NOON,
            "minChargingRate": None,
        },
        "createdAt": T_NOON,
        "changedAt": T_NOON,
    }
    assert door.get(f"/charging-profiles/{number}") == {"chargingProfile": profile, "assignments": []}
    assert door.get("/charging-profiles") == {"items": [profile], "next": None}
    changed = door.ask("PUT", f"/charging-profiles/{number}", a_body(name="Day", stackLevel=2))
    assert (changed.json()["chargingProfile"]["name"], changed.status_code) == ("Day", 200)
    assert door.ask("DELETE", f"/charging-profiles/{number}").status_code == 204
    problem(door.ask("GET", f"/charging-profiles/{number}"), 404)


def test_what_was_shown_can_be_sent_back(door: Door) -> None:
    number = door.services.smart_charging.add_profile(a_draft()).number
    shown = door.get(f"/charging-profiles/{number}")["chargingProfile"]
    body = {key: value for key, value in shown.items() if key not in ("chargingProfileId", "createdAt", "changedAt")}
    assert door.ask("PUT", f"/charging-profiles/{number}", body).json()["chargingProfile"] == shown


def test_profiles_are_searched_and_listed_in_pages(door: Door) -> None:
    for name, purpose in [("Night", DEFAULT), ("Grid", MAX), ("Nightly", MAX)]:
        door.services.smart_charging.add_profile(a_draft(a_profile(purpose), name=name))

    def names(query: str) -> list[str]:
        return [item["name"] for item in door.get(f"/charging-profiles?{query}")["items"]]

    assert names("search=NIGHT") == ["Night", "Nightly"]
    assert names("purpose=ChargePointMaxProfile") == ["Grid", "Nightly"]
    assert names("search=night&purpose=TxDefaultProfile") == ["Night"]
    first = door.get("/charging-profiles?limit=2")
    assert names(f"limit=2&cursor={first['next']}") == ["Nightly"]


def test_everything_that_is_wrong_with_a_profile_is_told_at_once(door: Door) -> None:
    wrong = a_body(
        stackLevel=-1,
        recurrencyKind=None,
        validFrom="2028-01-01T00:00:00Z",
        chargingSchedule={"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 1, "limit": 0.05}]},
    )
    found = faults(door.ask("POST", "/charging-profiles", wrong), 422)
    assert set(found) == {
        "stackLevel",
        "recurrencyKind",
        "validTo",
        "chargingSchedule.startSchedule",
        "chargingSchedule.chargingSchedulePeriod[0].startPeriod",
        "chargingSchedule.chargingSchedulePeriod[0].limit",
    }
    assert door.get("/charging-profiles")["items"] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"chargingProfileId": 7}, "chargingProfileId"),
        ({"transactionId": 7}, "transactionId"),
        ({"stackLevel": "1"}, "stackLevel"),
        ({"chargingProfilePurpose": "TxPurpose"}, "chargingProfilePurpose"),
        ({"validFrom": "2026-01-01T00:00:00"}, "validFrom"),
        ({"validFrom": "0001-01-01T00:00:00+14:00"}, "validFrom"),
        ({"chargingSchedule": {}}, "chargingSchedule"),
    ],
)
def test_a_body_that_is_no_profile_is_refused(door: Door, changes: dict[str, Any], field: str) -> None:
    assert list(faults(door.ask("POST", "/charging-profiles", a_body(**changes)), 400)) == [field]


def test_a_profile_without_a_name_is_refused(door: Door) -> None:
    assert list(faults(door.ask("POST", "/charging-profiles", a_body(name=" ")), 422)) == ["name"]


def test_a_profile_that_is_on_its_way_stays(door: Door) -> None:
    station = a_station(door)
    number = door.services.smart_charging.add_profile(a_draft()).number
    assigned(door, station, number)
    refusal = problem(door.ask("DELETE", f"/charging-profiles/{number}"), 409)
    assert "CP 1 (connector 1)" in refusal["detail"]
    assert "RemoveChargingProfile" in refusal["detail"]


def test_changing_a_profile_tells_which_stations_have_the_older_version(door: Door) -> None:
    station = a_station(door)
    number = door.services.smart_charging.add_profile(a_draft()).number
    assigned(door, station, number)
    [before] = door.get(f"/charging-profiles/{number}")["assignments"]
    assert (before["stationId"], before["connectorId"], before["outdated"]) == ("CP 1", 1, False)
    changed = door.ask("PUT", f"/charging-profiles/{number}", a_body())
    assert [one["outdated"] for one in changed.json()["assignments"]] == [True]


def has_by_hand(door: Door, station: Station, place: Place, profile: Profile) -> None:
    """The station took a profile that was sent exactly as an operator wrote it."""
    draft = Draft(operation="SetChargingProfile", intent=Say("SetChargingProfile", "{}"), shown=None)
    errand = door.services.errands.ask(station, draft, Order(asked_by="admin", delivery=Delivery.WHEN_ONLINE))
    door.services.smart_charging.installed(station, place, profile, InstallAnswer.ACCEPTED, errand.number)


def test_what_a_station_is_believed_to_have_is_listed(door: Door) -> None:
    station = a_station(door)
    has_by_hand(door, station, WHOLE_STATION, a_profile(MAX, number=8))
    has_by_hand(door, station, WHOLE_STATION, a_profile(MAX, number=9))
    [there] = door.get(STATION)["items"]
    assert there == {
        "assignment": 2,
        "stationId": "CP 1",
        "connectorId": 0,
        "origin": "raw",
        "state": "installed",
        "outdated": False,
        "errand": 2,
        "reason": None,
        "requestedAt": T_NOON,
        "changedAt": T_NOON,
        "chargingProfileId": 9,
        "transactionId": None,
        "stackLevel": 0,
        "chargingProfilePurpose": "ChargePointMaxProfile",
        "chargingProfileKind": "Absolute",
        "recurrencyKind": None,
        "validFrom": None,
        "validTo": None,
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0, "numberPhases": None}],
            "duration": None,
            "startSchedule": None,
            "minChargingRate": None,
        },
    }
    first = door.get(f"{STATION}?ended=true&limit=1")
    second = door.get(f"{STATION}?ended=true&limit=1&cursor={first['next']}")
    assert [one["items"][0]["state"] for one in (first, second)] == ["installed", "replaced"]


def test_schedules_of_a_station_are_listed(door: Door) -> None:
    station = a_station(door)
    schedule = a_schedule((0, 16.0))
    door.services.smart_charging.told(station, EvseId(1), asked_seconds=60, starts_at=NOON, schedule=schedule)
    assert door.get(SCHEDULES) == {
        "items": [
            {
                "connectorId": 1,
                "scheduleStart": T_NOON,
                "duration": 60,
                "chargingSchedule": {
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0, "numberPhases": None}],
                    "duration": None,
                    "startSchedule": None,
                    "minChargingRate": None,
                },
                "toldAt": T_NOON,
            }
        ],
        "next": None,
    }


def plot(door: Door, path: str) -> str:
    """The words of a plot."""
    response = door.ask("GET", path)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("image/svg+xml")
    assert "style-src 'sha256-" in response.headers["content-security-policy"]
    root = ET.fromstring(response.content)
    return f"{root[0].text} | {root[1].text}"


def test_profiles_schedules_and_what_is_installed_are_drawn(door: Door) -> None:
    station = a_station(door)
    charging = door.services.smart_charging
    number = charging.add_profile(a_draft(name="<Night>")).number
    assert plot(door, f"/charging-profiles/{number}/plot.svg").startswith(f"Charging profile {number}: <Night> | ")
    charging.told(station, EvseId(1), asked_seconds=60, starts_at=NOON, schedule=a_schedule((0, 6.5)))
    assert "from 2026-01-01 12:00:00 UTC 6.5 A per phase" in plot(door, f"{SCHEDULES}/1/plot.svg")
    has_by_hand(door, station, WHOLE_STATION, a_profile(MAX, number=8))
    lower = a_profile(number=9, schedule=a_schedule((0, 10.0), (60, 20.0)))
    has_by_hand(door, station, EvseId(1), lower)
    drawn = plot(door, f"{STATION}/plot.svg?connectorId=1&duration=3600")
    assert "Lowest limit, which holds: from 2026-01-01 12:00:00 UTC 10 A per phase; from 2026-01-01 12:01:00" in drawn
    assert "Profile 8: ChargePointMaxProfile" in drawn
    assert "Profile 9: TxDefaultProfile" in drawn
    elsewhere = plot(door, f"{STATION}/plot.svg?connectorId=2&from=2026-02-01T00:00:00Z")
    assert "from 2026-02-01 00:00:00 UTC 16 A per phase" in elsewhere
    assert "Profile 9" not in elsewhere


def test_limits_that_cannot_be_drawn_are_refused(door: Door) -> None:
    a_station(door)
    assert list(faults(door.ask("GET", f"{STATION}/plot.svg?connectorId=1&duration=59"))) == ["duration"]
    assert list(faults(door.ask("GET", f"{STATION}/plot.svg?connectorId=-1"))) == ["connectorId"]
    assert list(faults(door.ask("GET", f"{STATION}/plot.svg?connectorId=1&duration=1209601"))) == ["duration"]
    assert list(faults(door.ask("GET", f"{STATION}/plot.svg?connectorId=1&from=2026-01-01T00:00:00"))) == ["from"]
    assert list(faults(door.ask("GET", f"{STATION}/plot.svg?connectorId=1&from=9999-12-31T23:00:00Z"))) == ["from"]


@pytest.mark.parametrize(
    "path",
    [
        "/charging-profiles/7",
        "/charging-profiles/7/plot.svg",
        "/charging-profiles/99999999999999999999",
        "/stations/nobody/charging-profiles",
        "/stations/nobody/charging-profiles/plot.svg?connectorId=1",
        "/stations/nobody/schedules",
        "/stations/CP%201/schedules/1/plot.svg",
        "/stations/CP%201/schedules/99999999999/plot.svg",
    ],
)
def test_what_is_not_there_is_said(door: Door, path: str) -> None:
    a_station(door)
    problem(door.ask("GET", path), 404)
