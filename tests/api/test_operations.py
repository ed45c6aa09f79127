"""Operations over REST: how they are declared, and how one station is asked."""

from __future__ import annotations

import asyncio
from typing import Any

import jsonschema
import pytest

from tests.api.door import CATALOGUE, Door, faults, problem
from tests.api.operating import RESET, stored
from tests.support.carrying import Carrying

OFFLINE = "The station is not connected. Ask for delivery when it is on line, or try again later."


# The declarations


def test_every_operation_is_listed_by_name(door: Door) -> None:
    items = door.get("/operations")["items"]
    assert [item["name"] for item in items] == sorted(CATALOGUE)
    first = door.get("/operations?limit=3")
    assert door.get(f"/operations?limit=3&cursor={first['next']}")["items"] == items[3:6]


def test_a_declaration_holds_the_schemas_of_parameters_and_answer(door: Door) -> None:
    shown = door.get("/operations/Reset")
    assert {name: shown[name] for name in ("name", "summary", "group", "dangerous", "composed")} == {
        "name": "Reset",
        "summary": "Restarts a station.",
        "group": "Core",
        "dangerous": True,
        "composed": False,
    }
    jsonschema.validate({"type": "Hard"}, shown["parameters"])
    jsonschema.validate({"status": "Accepted"}, shown["response"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"type": "Firm"}, shown["parameters"])


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/operations/reset"), ("POST", "/stations/CP1/operations/reset"), ("POST", "/operations/reset")],
)
def test_an_unknown_operation_is_a_404_that_says_where_they_are(door: Door, method: str, path: str) -> None:
    door.a_station()
    assert "GET /api/v1/operations" in problem(door.ask(method, path, None), 404)["detail"]


# One station


def test_what_is_asked_of_a_station_on_line_is_an_errand(door: Door) -> None:
    Carrying(door.services, door.a_station("CP/1".replace("/", "-")))
    response = door.ask("POST", "/stations/CP-1/operations/Reset", RESET)
    assert response.status_code == 202
    assert response.headers["location"] == "/api/v1/errands/1"
    assert response.json() == {
        "errand": 1,
        "stationId": "CP-1",
        "operation": "Reset",
        "action": None,
        "request": {"type": "Soft"},
        "state": "queued",
        "delivery": "now",
        "priority": "normal",
        "batch": None,
        "askedBy": "token tests",
        "queuedAt": "2026-01-01T12:00:00Z",
        "expiresAt": "2026-01-01T12:00:30Z",
        "sentAt": None,
        "endedAt": None,
        "attempts": 0,
        "reason": None,
        "errorCode": None,
        "response": None,
        "outcomeUnknown": False,
        "warnings": [],
    }
    assert door.get("/errands/1") == response.json()


def test_a_station_that_is_off_line_fails_the_errand_at_once(door: Door) -> None:
    door.a_station()
    for query, status in (("", 202), ("?wait=60", 200)):
        response = door.ask("POST", f"/stations/CP1/operations/Reset{query}", RESET)
        assert response.status_code == status
        assert (response.json()["state"], response.json()["reason"]) == ("failed", OFFLINE)


def test_the_order_is_said_in_the_address(door: Door) -> None:
    door.a_station()
    query = "delivery=whenOnline&priority=high&expiresAt=2026-01-03T13:00:00%2B01:00"
    shown = door.ask("POST", f"/stations/CP1/operations/ClearCache?{query}").json()
    assert shown["state"] == "queued"
    assert (shown["delivery"], shown["priority"], shown["expiresAt"]) == ("whenOnline", "high", "2026-01-03T12:00:00Z")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("wait=-1", "wait"),
        ("wait=61", "wait"),
        ("wait=nan", "wait"),
        ("wait=soon", "wait"),
        ("delivery=later", "delivery"),
        ("priority=2", "priority"),
        ("expiresAt=tomorrow", "expiresAt"),
        ("expiresAt=2026-01-03T13:00:00", "expiresAt"),
        ("expires=2026-01-03T13:00:00Z", "expires"),
    ],
)
def test_an_order_that_cannot_be_understood_is_a_400(door: Door, query: str, name: str) -> None:
    door.a_station()
    assert set(faults(door.ask("POST", f"/stations/CP1/operations/ClearCache?{query}"))) == {name}
    assert set(faults(door.ask("POST", f"/operations/ClearCache?{query}", {"selection": {"all": True}}))) == {name}
    assert stored(door) == []


@pytest.mark.parametrize("moment", ["2026-01-01T12:00:00Z", "2027-06-01T00:00:00Z"])
def test_a_time_until_which_nothing_can_be_sent_is_a_422(door: Door, moment: str) -> None:
    door.a_station()
    assert "expiresAt" in faults(door.ask("POST", f"/stations/CP1/operations/ClearCache?expiresAt={moment}"), 422)
    many = door.ask("POST", f"/operations/ClearCache?expiresAt={moment}", {"selection": {"all": True}})
    assert "expiresAt" in faults(many, 422)
    assert door.get("/batches")["items"] == []


def test_a_body_that_does_not_fit_is_a_422_with_every_fault(door: Door) -> None:
    door.a_station()
    schedule = {
        "chargingRateUnit": "V",
        "chargingSchedulePeriod": [{"startPeriod": 0}, {"startPeriod": 1, "limit": "x"}],
    }
    profile = {"chargingProfileId": "one", "chargingSchedule": schedule}
    body = {"connectorId": 1, "csChargingProfiles": profile}
    found = faults(door.ask("POST", "/stations/CP1/operations/SetChargingProfile", body), 422)
    assert {
        "csChargingProfiles.chargingProfileId",
        "csChargingProfiles.chargingSchedule.chargingRateUnit",
        "csChargingProfiles.chargingSchedule.chargingSchedulePeriod[1].limit",
    } <= set(found)
    assert stored(door) == []


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"{", b"\xff", b"[" * 100_000, b'{"type": "\\u0000"}'])
def test_a_body_that_is_no_object_is_a_422(door: Door, body: bytes) -> None:
    door.a_station()
    headers = {"Authorization": f"Bearer {door.token}", "Content-Type": "application/json"}
    for path in ("/stations/CP1/operations/Reset", "/operations/Reset"):
        assert problem(door.ask("POST", path, content=body, headers=headers), 422)["errors"]
    assert stored(door) == []


def test_a_body_must_be_declared_as_json_and_have_an_end(door: Door) -> None:
    door.a_station()
    headers = {"Authorization": f"Bearer {door.token}", "Content-Type": "text/plain"}
    json_headers = headers | {"Content-Type": "application/json"}
    for path, size in (("/stations/CP1/operations/ClearCache", 2**20), ("/operations/ClearCache", 4 * 2**20)):
        problem(door.ask("POST", path, content=b"{}", headers=headers), 415)
        problem(door.ask("POST", path, content=b" " * (size + 1), headers=json_headers), 413)


def test_a_station_that_is_not_registered_is_a_404(door: Door) -> None:
    assert "'CP7'" in problem(door.ask("POST", "/stations/CP7/operations/Reset", RESET), 404)["detail"]


# Waiting


def test_who_waits_is_answered_when_the_errand_has_ended(door: Door) -> None:
    """The ring comes after the request was written and before the hour is over; nobody looks meanwhile."""
    carrying = Carrying(door.services, door.a_station())

    async def story() -> Any:
        asking = asyncio.ensure_future(door.asking("POST", "/stations/CP1/operations/Reset?wait=60", RESET))
        await until(lambda: bool(stored(door)))
        carrying.does(status="Accepted")
        door.news.heard("1")
        async with asyncio.timeout(0.5):
            return await asking

    response = door.run(story())
    assert response.status_code == 200
    assert (response.json()["state"], response.json()["response"]) == ("answered", {"status": "Accepted"})


def test_who_waits_in_vain_is_told_how_it_stands(door: Door) -> None:
    Carrying(door.services, door.a_station())
    response = door.ask("POST", "/stations/CP1/operations/Reset?wait=0.05", RESET)
    assert (response.status_code, response.json()["state"]) == (202, "queued")


def test_who_waits_for_many_is_answered_when_all_have_ended(door: Door) -> None:
    both = [Carrying(door.services, door.a_station(name)) for name in ("CP1", "CP2")]

    async def story() -> Any:
        body = {"selection": {"all": True}, "parameters": RESET}
        asking = asyncio.ensure_future(door.asking("POST", "/operations/Reset?wait=60", body))
        await until(lambda: len(stored(door)) == 2)
        for carrying in both:
            assert not asking.done()
            carrying.does(status="Rejected")
            door.news.heard(None)
        async with asyncio.timeout(0.5):
            return await asking

    response = door.run(story())
    assert response.status_code == 200
    assert response.json()["counts"]["refused"] == 2


async def until(is_true: Any) -> None:  # any question without parameters
    """Let others go on until it is true."""
    async with asyncio.timeout(10):
        while not is_true():
            await asyncio.sleep(0)
