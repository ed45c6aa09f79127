"""The configuration of stations over REST: told, desired, differing."""

from __future__ import annotations

import csv
import io

import pytest

from forecourt.domain.provisioning.model import Station
from tests.api.door import Door, faults, problem

NOTHING_TOLD = {
    "value": None,
    "hidden": False,
    "readonly": None,
    "supported": None,
    "learnedAt": None,
    "awaitsRestart": False,
    "pendingValue": None,
}


@pytest.fixture
def station(door: Door) -> Station:
    return door.a_station("CP 1")


def told(door: Door, station: Station, *settings: tuple[str, str | None, bool]) -> None:
    door.services.configuration.told(station, (), settings, ())


def test_a_station_shows_what_it_told_and_what_it_means(door: Door, station: Station) -> None:
    told(door, station, ("VendorKey", None, True), ("MeterValueSampleInterval", "60", False))
    body = door.get("/stations/CP%201/configuration")

    assert (body["next"], body["readAt"]) == (None, "2026-01-01T12:00:00Z")
    assert body["items"][0] == {
        "key": "MeterValueSampleInterval",
        "value": "60",
        "hidden": False,
        "readonly": False,
        "supported": True,
        "learnedAt": "2026-01-01T12:00:00Z",
        "awaitsRestart": False,
        "pendingValue": None,
        "desired": None,
        "desiredBy": None,
        "desiredAt": None,
        "drift": False,
        "impossible": False,
        "warnings": [],
        "type": "integer",
        "unit": "s",
        "allowed": None,
        "profile": "Core",
        "meaning": "The time between two samples during a transaction; 0 takes none.",
        "takesEffect": None,
    }
    vendors = body["items"][1]
    assert (vendors["key"], vendors["readonly"], vendors["type"], vendors["meaning"]) == ("VendorKey", True, None, None)


def test_a_desired_value_is_put_shown_and_removed(door: Door, station: Station) -> None:
    response = door.ask("PUT", "/stations/CP%201/configuration/heartbeatinterval", {"value": "often"})
    assert response.status_code == 200
    put = response.json()
    assert (
        put.items()
        >= {
            **NOTHING_TOLD,
            "key": "HeartbeatInterval",
            "desired": "often",
            "desiredBy": "token tests",
            "desiredAt": "2026-01-01T12:00:00Z",
            "drift": True,
            "impossible": False,
            "warnings": ["HeartbeatInterval takes a whole number in s."],
        }.items()
    )
    assert door.get("/stations/CP%201/configuration/HEARTBEATINTERVAL") == put
    assert door.get("/stations/CP%201/configuration")["items"] == [put]
    assert door.ask("DELETE", "/stations/CP%201/configuration/HeartbeatInterval").status_code == 204
    problem(door.ask("DELETE", "/stations/CP%201/configuration/HeartbeatInterval"), 404)
    problem(door.ask("GET", "/stations/CP%201/configuration/HeartbeatInterval"), 404)


def test_the_filter_tells_what_differs_and_what_does_not(door: Door, station: Station) -> None:
    told(door, station, ("A", "1", False), ("B", "1", True), ("C", "1", False))
    for key, value in (("A", "2"), ("B", "2"), ("C", "1")):
        door.ask("PUT", f"/stations/CP%201/configuration/{key}", {"value": value})

    differing = door.get("/stations/CP%201/configuration?drift=true")["items"]
    assert [(item["key"], item["impossible"]) for item in differing] == [("A", False), ("B", True)]
    assert [item["key"] for item in door.get("/stations/CP%201/configuration?drift=false")["items"]] == ["C"]
    assert door.get("/configuration-drift")["items"] == [
        {"stationId": "CP 1", "keys": ["A"], "impossible": ["B"], "readAt": "2026-01-01T12:00:00Z"}
    ]


def test_a_value_that_awaits_a_restart_is_shown_as_such(door: Door, station: Station) -> None:
    door.services.configuration.changed(station, "A", "2", awaits_restart=True)
    item = door.get("/stations/CP%201/configuration/A")

    assert (item["value"], item["awaitsRestart"], item["pendingValue"]) == (None, True, "2")


def test_secrets_are_neither_shown_nor_kept(door: Door, station: Station) -> None:
    told(door, station, ("AuthorizationKey", "30313233", False))
    item = door.get("/stations/CP%201/configuration/AuthorizationKey")
    assert (item["value"], item["hidden"]) == (None, True)

    response = door.ask("PUT", "/stations/CP%201/configuration/AuthorizationKey", {"value": "3031323334"})
    assert "ChangePassword" in faults(response, 422)["key"]
    assert "3031323334" not in response.text


def test_what_cannot_be_sent_is_a_422_and_what_is_no_text_a_400(door: Door, station: Station) -> None:
    path = "/stations/CP%201/configuration"
    assert "501" in faults(door.ask("PUT", f"{path}/A", {"value": "x" * 501}), 422)["value"]
    assert "51" in faults(door.ask("PUT", f"{path}/{'k' * 51}", {"value": "x"}), 422)["key"]
    for body in ({"value": 5}, {"value": None}, {}, {"value": "nul\0"}):
        assert "value" in faults(door.ask("PUT", f"{path}/A", body), 400)


def test_keys_with_unusual_names_have_addresses(door: Door, station: Station) -> None:
    told(door, station, ("a/b c%", "1", False))

    assert door.get("/stations/CP%201/configuration/A%2FB%20C%25")["key"] == "a/b c%"


def test_the_configuration_can_be_downloaded(door: Door, station: Station) -> None:
    told(door, station, ("=Formula", "=1+1", False), ("A", "1", True))
    door.ask("PUT", "/stations/CP%201/configuration/A", {"value": "2"})
    response = door.ask("GET", "/stations/CP%201/configuration.csv")

    assert response.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["key"] for row in rows] == ["'=Formula", "A"]
    assert rows[0]["value"] == "'=1+1"
    assert rows[1] == {
        "stationId": "CP 1",
        "key": "A",
        "value": "1",
        "readonly": "true",
        "supported": "true",
        "desired": "2",
        "drift": "true",
        "pendingValue": "",
        "awaitsRestart": "false",
        "learnedAt": "2026-01-01T12:00:00Z",
    }


def test_the_keys_of_the_standard_are_listed(door: Door) -> None:
    items = {item["key"]: item for item in door.get("/configuration-keys")["items"]}

    assert items["SecurityProfile"].items() >= {"type": "integer", "access": "RW", "minimum": 0, "maximum": 3}.items()
    assert items["ConnectorPhaseRotation"]["numbered"]
    assert "Voltage" in items["MeterValuesSampledData"]["allowed"]
    assert "L1" in items["MeterValuesSampledData"]["suffixes"]
    assert items["AuthorizeRemoteTxRequests"]["access"] == "R or RW"
    assert items["CpoName"]["allowed"] is None


def test_drift_is_listed_page_by_page(door: Door) -> None:
    for number in range(5):
        station = door.a_station(f"CP{number}")
        door.services.configuration.desire(station, "A", "1", "tester")
    first = door.get("/configuration-drift?limit=3")
    second = door.get(f"/configuration-drift?limit=3&cursor={first['next']}")

    assert [item["stationId"] for item in first["items"] + second["items"]] == [f"CP{number}" for number in range(5)]
    assert second["next"] is None
