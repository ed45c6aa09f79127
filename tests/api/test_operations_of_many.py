"""Operations over REST that many stations are asked, and those that are more than one action."""

from __future__ import annotations

from pathlib import Path

import pytest

from forecourt.dialects.v16 import dialect as v16
from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.errors import invalid
from forecourt.domain.provisioning.model import Registration, Station
from forecourt.domain.services import Services
from forecourt.operations.catalogue import make_catalogue
from forecourt.operations.operation import Operation, Parameters
from tests.api.door import CATALOGUE, Door, House, faults
from tests.api.operating import RESET, stored
from tests.support.carrying import Carrying
from tests.support.imaginary import BLINK, imaginary_dialect

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


# Operations that are more than one action


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
