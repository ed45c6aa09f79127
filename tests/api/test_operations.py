"""What can be asked of stations over REST, of one and of many."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from forecourt.dialects.v16 import dialect as v16
from forecourt.domain.errands.model import Errand, ErrandFilter, Order
from forecourt.domain.errors import invalid
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import Registration, Station
from forecourt.domain.services import Services
from forecourt.operations.catalogue import make_catalogue
from forecourt.operations.operation import Operation, Parameters
from tests.api.door import CATALOGUE, Door, House, faults, problem
from tests.support.carrying import Carrying
from tests.support.imaginary import BLINK, imaginary_dialect

RESET = {"type": "Soft"}
OFFLINE = "The station is not connected. Ask for delivery when it is on line, or try again later."


def stored(door: Door) -> list[Errand]:
    return list(door.services.errands.list(ErrandFilter(), PageRequest(1000)).items)


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


# Many stations


def test_a_list_of_stations_becomes_a_batch(door: Door) -> None:
    Carrying(door.services, door.a_station("CP1"))
    door.a_station("CP2")
    body = {"selection": {"stations": ["CP2", "GONE", "CP1", "CP2"]}, "parameters": RESET}
    response = door.ask("POST", "/operations/Reset", body)
    assert response.status_code == 202
    assert response.headers["location"] == "/api/v1/batches/1"
    shown = response.json()
    assert shown["refused"] == [{"stationId": "GONE", "reason": "No such station is registered."}]
    assert (shown["total"], shown["finished"], shown["askedBy"]) == (2, False, "token tests")
    assert shown["counts"] == {
        "queued": 1,
        "sent": 0,
        "answered": 0,
        "refused": 0,
        "failed": 1,
        "expired": 0,
        "cancelled": 0,
    }
    items = door.get("/errands?batch=1")["items"]
    assert sorted((item["stationId"], item["batch"]) for item in items) == [("CP1", 1), ("CP2", 1)]


def test_a_list_of_stations_that_nobody_knows_is_refused_by_name(door: Door) -> None:
    door.a_station("CP1")
    body = {"selection": {"stations": ["GONE", "LOST", "GONE"]}, "parameters": RESET}
    assert faults(door.ask("POST", "/operations/Reset", body), 422) == dict.fromkeys(
        ("selection.stations[0]", "selection.stations[1]", "selection.stations[2]"), "No such station is registered."
    )
    assert door.get("/batches")["items"] == []


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        ({"all": True}, ["CP1", "CP2", "CP3"]),
        ({"filter": {"search": "bay"}}, ["CP2", "CP3"]),
        ({"filter": {"search": "bay", "registration": "Pending"}}, ["CP3"]),
        ({"filter": {"online": True}}, ["CP1"]),
        ({"filter": {"online": False}}, ["CP2", "CP3"]),
    ],
)
def test_stations_are_selected_by_what_is_known_of_them(door: Door, selection: object, chosen: list[str]) -> None:
    Carrying(door.services, door.a_station("CP1"))
    door.a_station("CP2", description="North bay")
    door.a_station("CP3", description="South bay", registration=Registration.PENDING)
    door.ask("POST", "/operations/Reset", {"selection": selection, "parameters": RESET})
    assert sorted(errand.station for errand in stored(door)) == chosen


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"parameters": RESET}, {"selection"}),
        ({"selection": {"all": True}, "parameters": {"type": "Firm"}}, {"parameters.type"}),
        ({"selection": {}, "parameters": RESET}, {"selection"}),
        ({"selection": {"stations": []}, "parameters": RESET}, {"selection.stations"}),
        ({"selection": {"stations": ["A"], "all": True}, "parameters": RESET}, {"selection"}),
        ({"selection": {"stations": ["A", 5]}, "parameters": RESET}, {"selection.stations[1]"}),
        ({"selection": {"stations": "A"}, "parameters": RESET}, {"selection.stations"}),
        ({"selection": {"all": False}, "parameters": RESET}, {"selection.all"}),
        ({"selection": {"filter": {}}, "parameters": RESET}, {"selection.filter"}),
        ({"selection": {"filter": {"search": "nowhere"}}, "parameters": RESET}, {"selection.filter"}),
        ({"selection": {"all": True}, "parameters": RESET, "wait": 5}, {"wait"}),
        (
            {"selection": {"filter": {"online": "yes"}}, "parameters": {"type": 1}},
            {"selection.filter.online", "parameters.type"},
        ),
    ],
)
def test_a_selection_that_cannot_be_used_is_a_422_with_every_fault(door: Door, body: object, fields: set[str]) -> None:
    door.a_station()
    assert set(faults(door.ask("POST", "/operations/Reset", body), 422)) == fields
    assert (stored(door), door.get("/batches")["items"]) == ([], [])


def test_all_stations_of_an_empty_register_is_a_422(door: Door) -> None:
    body = {"selection": {"all": True}, "parameters": RESET}
    assert "selection.all" in faults(door.ask("POST", "/operations/Reset", body), 422)


def test_a_batch_of_many_is_written_in_parts(door: Door) -> None:
    names = [f"CP{n:04}" for n in range(250)]
    for name in names:
        door.a_station(name)
    before = door.workspace.writes
    response = door.ask("POST", "/operations/ClearCache", {"selection": {"stations": names}})
    assert response.json()["total"] == 250
    assert door.workspace.writes - before == 4  # the batch, and three parts
    assert len(stored(door)) == 250


# Operations that are more than one action


class Colour(Parameters, frozen=True):
    """What the door tests paint with."""

    colour: str


def paint(services: Services, station: Station, params: Colour, order: Order) -> Errand:
    """Asks first and refuses then, which must leave nothing behind."""
    errand = CATALOGUE["ClearCache"].run(services, station, CATALOGUE["ClearCache"].params(), order)
    if station.identity == "CP2":
        raise invalid(f"The station cannot be {params.colour}.", field="colour")
    return errand


@pytest.fixture
def painter(house: House) -> Door:
    paints = Operation(name="Paint", summary="Paints a station.", group="Core", params=Colour, run=paint)
    return Door(House(house.runner, house.shelf, {**CATALOGUE, "Paint": paints}))


def test_what_the_business_refuses_for_one_station_is_a_problem(painter: Door) -> None:
    painter.a_station("CP2")
    response = painter.ask("POST", "/stations/CP2/operations/Paint", {"colour": "red"})
    assert faults(response, 422) == {"colour": "The station cannot be red."}
    assert stored(painter) == []


def test_what_the_business_refuses_for_one_of_many_is_told_by_name(painter: Door) -> None:
    for name in ("CP1", "CP2", "CP3"):
        Carrying(painter.services, painter.a_station(name))
    body = {"selection": {"all": True}, "parameters": {"colour": "red"}}
    shown = painter.ask("POST", "/operations/Paint", body).json()
    assert shown["refused"] == [{"stationId": "CP2", "reason": "The station cannot be red."}]
    assert sorted((errand.station, errand.state.value, errand.reason) for errand in stored(painter)) == [
        ("CP1", "queued", None),
        ("CP2", "failed", "The station cannot be red."),
        ("CP3", "queued", None),
    ]
    assert (shown["total"], shown["counts"]["failed"]) == (3, 1)


# Declared once


def test_an_action_that_is_declared_is_offered_without_another_line(house: House, tmp_path: Path) -> None:
    imaginary = imaginary_dialect(tmp_path)
    door = Door(House(house.runner, house.shelf, make_catalogue([v16.make(), imaginary])))
    carrying = Carrying(door.services, door.a_station(), dialect=imaginary)
    path = f"/stations/CP1/operations/{BLINK}"
    assert set(faults(door.ask("POST", path, {"times": 99, "colour": "Blue"}), 422)) == {"times", "colour"}
    assert door.ask("POST", path, {"times": 3}).status_code == 202
    carrying.does(status="Dark")
    shown = door.get("/errands/1")
    assert (shown["operation"], shown["action"], shown["request"]) == (BLINK, BLINK, {"times": 3})
    assert (shown["state"], shown["response"]) == ("refused", {"status": "Dark"})
    assert door.get(f"/operations/{BLINK}")["dangerous"] is True
    document = door.get("/openapi.json")
    described = document["paths"][f"/api/v1{path.replace('CP1', '{stationId}')}"]["post"]
    assert described["x-dangerous"] is True
    assert described["tags"] == ["Operations: Lighting"]
    schema = document["components"]["schemas"]["BlinkLightsRequest"]
    assert schema["properties"]["times"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 60,
        "description": "How often the lights blink.",
    }
    assert f'id="ask{BLINK}"' in door.ask("GET", "/docs").text


async def until(is_true: Any) -> None:  # any question without parameters
    """Let others go on until it is true."""
    async with asyncio.timeout(10):
        while not is_true():
            await asyncio.sleep(0)
