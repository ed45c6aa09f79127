"""Errands and batches over REST: what was asked of stations, and what became of it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from tests.api.door import Door, faults, problem
from tests.support.carrying import Carrying
from tests.support.vault import unsealed

LATER = "?delivery=whenOnline"
PASSWORD = "hunter2pass"


def asks(door: Door, operation: str, body: object = None, *, station: str = "CP1", query: str = LATER) -> int:
    """The number of a new errand."""
    response = door.ask("POST", f"/stations/{station}/operations/{operation}{query}", body)
    assert response.status_code == 202, response.text
    number: int = response.json()["errand"]
    return number


def test_an_answer_is_shown_as_it_came(door: Door) -> None:
    carrying = Carrying(door.services, door.a_station())
    number = asks(door, "GetConfiguration", {"key": ["A"]})
    door.clock.advance(timedelta(seconds=1))
    carrying.sends()
    assert door.get(f"/errands/{number}")["state"] == "sent"
    door.clock.advance(timedelta(seconds=1))
    answer = {"configurationKey": [{"key": "A", "readonly": False, "value": "1"}]}
    carrying.hears(**answer)
    shown = door.get(f"/errands/{number}")
    assert (shown["action"], shown["request"]) == ("GetConfiguration", {"key": ["A"]})
    assert (shown["state"], shown["response"], shown["attempts"]) == ("answered", answer, 1)
    assert (shown["sentAt"], shown["endedAt"]) == ("2026-01-01T12:00:01Z", "2026-01-01T12:00:02Z")


def test_a_refusal_a_failure_and_an_unknown_outcome_say_why(door: Door) -> None:
    carrying = Carrying(door.services, door.a_station())
    refused, failed, lost = (asks(door, "Reset", {"type": "Soft"}) for _ in range(3))
    carrying.does(status="Rejected")
    carrying.sends()
    carrying.fails("InternalError", "[1, 2]")
    carrying.sends()
    carrying.breaks_off()
    assert door.get(f"/errands/{refused}")["reason"] == "The station answered Rejected."
    shown = door.get(f"/errands/{failed}")
    assert (shown["state"], shown["errorCode"], shown["response"]) == ("failed", "InternalError", "[1, 2]")
    shown = door.get(f"/errands/{lost}")
    assert (shown["state"], shown["outcomeUnknown"]) == ("failed", True)


@pytest.mark.parametrize(
    "path", ["/errands/0", "/errands/7", "/errands/99999999999999999999", "/batches/99999999999999999999"]
)
def test_a_number_that_nothing_has_is_a_404(door: Door, path: str) -> None:
    for method in ("GET", "DELETE"):
        problem(door.ask(method, path), 404)


def test_errands_are_listed_newest_first_page_after_page(door: Door) -> None:
    door.a_station()
    numbers = [asks(door, "ClearCache") for _ in range(5)]
    first = door.get("/errands?limit=2")
    rest = door.get(f"/errands?limit=9&cursor={first['next']}")
    assert [item["errand"] for item in first["items"] + rest["items"]] == numbers[::-1]
    assert rest["next"] is None


def test_filters_choose_errands(door: Door) -> None:
    door.a_station("CP1")
    door.a_station("CP2")
    cancelled = asks(door, "ClearCache")
    door.ask("DELETE", f"/errands/{cancelled}")
    door.clock.advance(timedelta(hours=1))
    reset = asks(door, "Reset", {"type": "Hard"}, station="CP2")
    _, other = door.services.access.create_token("other")
    body = {"selection": {"stations": ["CP1"]}}
    batch = door.ask("POST", "/operations/ClearCache", body, token=other).json()["batch"]
    in_batch = door.get(f"/errands?batch={batch}")["items"][0]["errand"]
    for query, numbers in {
        "": [in_batch, reset, cancelled],
        "stationId=CP2": [reset],
        "stationId=CP": [],
        "operation=ClearCache": [in_batch, cancelled],
        "state=queued": [reset],
        "state=queued&state=cancelled": [reset, cancelled],
        "askedBy=token%20other": [in_batch],
        "from=2026-01-01T12:30:00Z": [in_batch, reset],
        "to=2026-01-01T12:30:00Z": [cancelled],
        "operation=ClearCache&state=cancelled&stationId=CP1": [cancelled],
    }.items():
        assert [item["errand"] for item in door.get(f"/errands?{query}")["items"]] == numbers, query


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("state=done", "state"),
        ("batch=0", "batch"),
        ("batch=x", "batch"),
        ("from=noon", "from"),
        ("to=2026-01-01T12:30:00", "to"),
        ("askedBy=%00", "askedBy"),
        ("stat=queued", "stat"),
        ("station=CP1", "station"),
    ],
)
def test_a_filter_that_cannot_be_understood_is_a_400(door: Door, query: str, name: str) -> None:
    """A mistyped filter must not list, or follow, everything."""
    for path in ("/errands", "/errands.csv", "/errands/events"):
        assert name in str(faults(door.ask("GET", f"{path}?{query}")))


def test_an_unknown_parameter_is_told_with_those_that_exist(door: Door) -> None:
    found = faults(door.ask("GET", "/errands?stationID=CP1&limit=5"))
    assert found == {
        "stationID": "There is no such parameter; "
        "there are askedBy, batch, from, operation, state, stationId, to, cursor, limit."
    }
    nothing = faults(door.ask("POST", "/tokens?name=x", {"name": "y"}))
    assert nothing == {"name": "There is no such parameter; this address takes none."}
    assert door.ask("GET", "/tokens").json()["items"][0]["name"] == "tests"


def test_errands_are_a_file_for_spreadsheets(door: Door) -> None:
    door.a_station()
    asks(door, "DataTransfer", {"vendorId": "=1+1"})
    asks(door, "ClearCache")
    response = door.ask("GET", "/errands.csv?operation=DataTransfer")
    assert response.headers["content-type"].startswith("text/csv")
    assert "errands.csv" in response.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [(row["errand"], row["request"], row["askedBy"]) for row in rows] == [
        ("1", '{"vendorId":"=1+1"}', "token tests")
    ]


# Taking back


def test_an_errand_is_cancelled_until_it_is_sent(door: Door) -> None:
    carrying = Carrying(door.services, door.a_station())
    first, second = asks(door, "ClearCache"), asks(door, "ClearCache")
    carrying.sends()
    assert "was sent already" in problem(door.ask("DELETE", f"/errands/{first}"), 409)["detail"]
    response = door.ask("DELETE", f"/errands/{second}")
    assert (response.status_code, response.json()["state"]) == (200, "cancelled")
    assert "has ended already" in problem(door.ask("DELETE", f"/errands/{second}"), 409)["detail"]


def test_a_batch_is_shown_listed_and_cancelled(door: Door) -> None:
    stations = [door.a_station(name) for name in ("CP1", "CP2", "CP3")]
    body = {"selection": {"all": True}}
    for _ in range(2):
        door.ask("POST", f"/operations/ClearCache{LATER}", body)
    Carrying(door.services, stations[0]).does(status="Accepted")
    Carrying(door.services, stations[1]).sends()
    assert [item["batch"] for item in door.get("/batches")["items"]] == [2, 1]
    shown = door.ask("DELETE", "/batches/1").json()
    assert {state: count for state, count in shown["counts"].items() if count} == {
        "answered": 1,
        "sent": 1,
        "cancelled": 1,
    }
    assert shown["finished"] is False
    assert door.get("/batches/1") == shown
    assert door.get("/batches/2")["counts"]["queued"] == 3


# Secrets


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("ChangeConfiguration", {"key": "AuthorizationKey", "value": PASSWORD}),
        ("GetDiagnostics", {"location": f"ftp://user:{PASSWORD}@files.example/logs?token={PASSWORD}"}),
        (
            "UpdateFirmware",
            {"location": f"ftp://user:{PASSWORD}@files.example/fw.bin", "retrieveDate": "2026-01-02T00:00:00Z"},
        ),
    ],
)
def test_no_secret_is_shown_in_any_state(door: Door, operation: str, body: object) -> None:
    carrying = Carrying(door.services, door.a_station())
    seen: list[str] = []

    def look() -> None:
        seen.extend(door.ask("GET", path).text for path in ("/errands", "/errands.csv", "/errands/1", "/batches"))

    cancelled = asks(door, operation, body)
    look()
    stored = str(door.workspace.unit.all("SELECT * FROM errand"))
    assert PASSWORD not in stored
    assert PASSWORD in unsealed(stored)  # it can still be sent
    door.ask("DELETE", f"/errands/{cancelled}")
    look()
    sent = asks(door, operation, body)
    command = carrying.sends()
    assert PASSWORD in str(command.words)
    look()
    carrying.breaks_off()
    look()
    door.ask("POST", f"/operations/{operation}", {"selection": {"all": True}, "parameters": body})
    look()
    seen.append(door.ask("GET", "/batches/1/events").text)
    assert all("***" in text for text in seen if '"request":{' in text)
    assert [text for text in seen if PASSWORD in text] == []
    assert door.get(f"/errands/{sent}")["request"]
    assert PASSWORD not in unsealed(str(door.workspace.unit.all("SELECT * FROM errand")))
