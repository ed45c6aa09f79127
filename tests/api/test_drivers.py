"""Drivers over REST."""

from __future__ import annotations

import pytest

from tests.api.door import Door, faults

ADA = {
    "firstName": "Ada",
    "lastName": "Lovelace",
    "email": "ada@example.com",
    "phone": "+44 1",
    "address": "Street 1\nLondon",
    "language": "en",
    "note": "=1+1",
}


def test_a_driver_is_put_on_record_changed_and_forgotten(door: Door) -> None:
    added = door.ask("POST", "/drivers", ADA)
    assert added.status_code == 201
    shown = added.json()
    assert {name: shown[name] for name in ADA} == ADA
    assert door.get(f"/drivers/{shown['number']}") == shown
    changed = door.ask("PATCH", "/drivers/1", {"email": ""}).json()
    assert changed == {**shown, "email": ""}
    assert door.ask("DELETE", "/drivers/1").status_code == 204
    assert door.ask("GET", "/drivers/1").status_code == 404
    assert door.ask("PATCH", "/drivers/1", {}).status_code == 404
    assert door.ask("DELETE", "/drivers/1").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "lastName"), ({"lastName": "L", "email": "x"}, "email"), ({"lastName": "L", "language": "?"}, "language")],
)
def test_what_cannot_be_is_refused(door: Door, body: dict[str, str], field: str) -> None:
    assert field in faults(door.ask("POST", "/drivers", body), 422)


def test_drivers_are_listed_searched_and_downloaded(door: Door) -> None:
    door.ask("POST", "/drivers", ADA)
    door.ask("POST", "/drivers", {"lastName": "Babbage"})
    assert [one["lastName"] for one in door.get("/drivers")["items"]] == ["Babbage", "Lovelace"]
    assert [one["lastName"] for one in door.get("/drivers?search=ada")["items"]] == ["Lovelace"]
    lines = door.ask("GET", "/drivers.csv?search=ada").text.strip().splitlines()
    assert lines[0].startswith("number,firstName,lastName,email")
    assert "'=1+1" in lines[-1]


def test_tags_and_transactions_are_found_by_their_driver(door: Door) -> None:
    door.ask("POST", "/drivers", ADA)
    assert "driver" in faults(door.ask("POST", "/id-tags", {"idTag": "A", "driver": 9}), 422)
    assert door.ask("POST", "/id-tags", {"idTag": "A", "driver": 1}).json()["driver"] == 1
    door.ask("POST", "/id-tags", {"idTag": "B", "blocked": True})
    assert [one["idTag"] for one in door.get("/id-tags?driver=1")["items"]] == ["A"]
    assert [one["idTag"] for one in door.get("/id-tags?blocked=true")["items"]] == ["B"]
    assert door.get("/transactions?driver=1")["items"] == []
    assert door.ask("PATCH", "/id-tags/A", {"note": "kept"}).json()["driver"] == 1
    assert door.ask("PATCH", "/id-tags/A", {"driver": None}).json()["driver"] is None


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999"])
def test_a_number_that_no_driver_has_is_not_found(door: Door, number: str) -> None:
    assert door.ask("GET", f"/drivers/{number}").status_code == 404
