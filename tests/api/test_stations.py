"""The register of stations over REST."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest

from forecourt.api.batch import ITEMS_PER_WORK
from forecourt.domain.availability.model import StatusReport
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.evse import WHOLE_STATION, EvseId, Place
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import BootFacts, Registration, Station, StationDraft, StationSheet
from forecourt.domain.services import Services
from tests.api.door import Door, faults, problem

Result = TypeVar("Result")


def report(door: Door, station: Station, place: Place, status: str) -> None:
    door.clock.advance(timedelta(seconds=1))
    door.services.availability.report(station, StatusReport(place=place, status=status, error_code="NoError"))


def test_a_new_station_is_answered_in_full(door: Door) -> None:
    response = door.ask("POST", "/stations", {"id": "CP 1/ä".replace("/", "-"), "heartbeatInterval": 300})
    assert response.status_code == 201
    assert response.json() == {
        "id": "CP 1-ä",
        "description": "",
        "group": "",
        "labels": [],
        "registration": "Accepted",
        "heartbeatInterval": 300,
        "securityProfile": 0,
        "online": False,
        "lastSeenAt": None,
        "bootedAt": None,
        "chargePointVendor": None,
        "chargePointModel": None,
        "chargePointSerialNumber": None,
        "chargeBoxSerialNumber": None,
        "firmwareVersion": None,
        "iccid": None,
        "imsi": None,
        "meterType": None,
        "meterSerialNumber": None,
        "firmwareStatus": None,
        "diagnosticsStatus": None,
        "createdAt": "2026-01-01T12:00:00Z",
        "connectors": [],
    }
    assert door.get("/stations/CP%201-%C3%A4") == response.json()


def test_the_facts_of_the_boot_have_the_names_of_ocpp(door: Door) -> None:
    station = door.a_station()
    door.services.provisioning.boot(station, BootFacts(vendor="Acme", model="M1", box_serial_number="B", imsi="I"))
    shown = door.get("/stations/CP1")
    assert (shown["chargePointVendor"], shown["chargePointModel"]) == ("Acme", "M1")
    assert (shown["chargeBoxSerialNumber"], shown["imsi"], shown["iccid"]) == ("B", "I", None)
    assert shown["bootedAt"] == "2026-01-01T12:00:00Z"


def test_a_station_is_registered_once(door: Door) -> None:
    door.a_station()
    assert "id" in faults(door.ask("POST", "/stations", {"id": "CP1"}), 409)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "id"),
        ({"id": 5}, "id"),
        ({"id": None}, "id"),
        ({"id": "A" * 256}, "id"),
        ({"id": "A\0"}, "id"),
        ({"id": "A", "registration": "Maybe"}, "registration"),
        ({"id": "A", "heartbeatInterval": "5"}, "heartbeatInterval"),
        ({"id": "A", "heartbeatInterval": 5.5}, "heartbeatInterval"),
        ({"id": "A", "description": 7}, "description"),
        ({"id": "A", "heartbeat_interval": 5}, "heartbeat_interval"),
    ],
)
def test_a_body_of_the_wrong_shape_names_the_field(door: Door, body: object, field: str) -> None:
    assert field in faults(door.ask("POST", "/stations", body))


def test_all_faults_of_a_body_are_told_at_once(door: Door) -> None:
    found = faults(door.ask("POST", "/stations", {"heartbeatInterval": "5", "nonsense": 1}))
    assert set(found) == {"id", "heartbeatInterval", "nonsense"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": "a/b"}, "id"),
        ({"id": " a"}, "id"),
        ({"id": "a", "heartbeatInterval": 0}, "heartbeatInterval"),
        ({"id": "a", "heartbeatInterval": 10**30}, "heartbeatInterval"),
    ],
)
def test_a_value_that_the_business_refuses_is_a_422(door: Door, body: object, field: str) -> None:
    assert field in faults(door.ask("POST", "/stations", body), 422)


def test_a_change_keeps_what_is_absent_and_clears_what_is_null(door: Door) -> None:
    door.a_station(description="north", heartbeat_seconds=60)
    shown = door.ask("PATCH", "/stations/CP1", {"registration": "Pending"}).json()
    assert (shown["description"], shown["registration"], shown["heartbeatInterval"]) == ("north", "Pending", 60)
    shown = door.ask("PATCH", "/stations/CP1", {"heartbeatInterval": None, "description": None}).json()
    assert (shown["description"], shown["registration"], shown["heartbeatInterval"]) == ("", "Pending", None)
    assert "registration" in faults(door.ask("PATCH", "/stations/CP1", {"registration": None}))
    assert door.workspace.changes.stations == ["CP1", "CP1"]


def test_a_removed_station_is_gone_at_once(door: Door) -> None:
    door.a_station()
    response = door.ask("DELETE", "/stations/CP1")
    assert (response.status_code, response.content) == (204, b"")
    problem(door.ask("DELETE", "/stations/CP1"), 404)
    assert door.get("/stations")["items"] == []


def test_a_station_may_be_called_batch(door: Door) -> None:
    assert door.ask("POST", "/stations", {"id": "batch"}).status_code == 201
    assert door.get("/stations/batch")["id"] == "batch"
    assert door.ask("PATCH", "/stations/batch", {"description": "x"}).status_code == 200
    assert door.ask("DELETE", "/stations/batch").status_code == 204


def test_ids_in_paths_are_decoded_once(door: Door) -> None:
    door.a_station("CP%31")
    assert door.get("/stations/CP%2531")["id"] == "CP%31"
    problem(door.ask("GET", "/stations/CP%31"), 404)
    problem(door.ask("GET", "/stations/CP1%2Fconnectors"), 404)


@pytest.mark.parametrize("segment", ["%00", "%FF", "%C3"])
def test_an_id_that_no_station_can_have_is_a_404(door: Door, segment: str) -> None:
    problem(door.ask("GET", f"/stations/{segment}"), 404)


def test_pages_follow_one_another_without_gap_or_repetition(door: Door) -> None:
    names = [f"CP{n:02}" for n in range(7)]
    for name in reversed(names):
        door.a_station(name)
    pages = [door.get("/stations?limit=3")]
    while pages[-1]["next"] is not None:
        pages.append(door.get(f"/stations?limit=3&cursor={pages[-1]['next']}"))
    assert [[station["id"] for station in page["items"]] for page in pages] == [names[:3], names[3:6], names[6:]]


def test_stations_are_filtered(door: Door) -> None:
    online = door.a_station("A", description="north gate")
    door.a_station("B", registration=Registration.REJECTED)
    door.services.presence.open(online, LinkId(7), node="n", address="192.0.2.9", subprotocol="ocpp1.6")
    for query, expected in {
        "search=NORTH": ["A"],
        "search=b": ["B"],
        "search=": ["A", "B"],
        "registration=Rejected": ["B"],
        "online=true": ["A"],
        "online=false": ["B"],
        "online=true&registration=Rejected": [],
    }.items():
        assert [station["id"] for station in door.get(f"/stations?{query}")["items"]] == expected, query


@pytest.mark.parametrize("query", ["registration=maybe", "online=perhaps", "search=%00"])
def test_a_bad_filter_is_a_400(door: Door, query: str) -> None:
    assert query.partition("=")[0] in faults(door.ask("GET", f"/stations?{query}"))


def test_connectors_show_the_newest_report_and_zero_is_the_station(door: Door) -> None:
    station = door.a_station()
    report(door, station, EvseId(1), "Available")
    report(door, station, WHOLE_STATION, "Available")
    report(door, station, EvseId(1), "Charging")
    page = door.get("/stations/CP1/connectors")
    assert page["next"] is None
    assert [(one["connectorId"], one["status"]) for one in page["items"]] == [(0, "Available"), (1, "Charging")]
    assert door.get("/stations/CP1")["connectors"] == page["items"]
    assert page["items"][1] == {
        "connectorId": 1,
        "status": "Charging",
        "errorCode": "NoError",
        "info": None,
        "vendorId": None,
        "vendorErrorCode": None,
        "timestamp": "2026-01-01T12:00:03Z",
    }


def test_the_history_is_newest_first_and_of_one_connector_if_asked(door: Door) -> None:
    station = door.a_station()
    report(door, station, EvseId(1), "Available")
    report(door, station, WHOLE_STATION, "Available")
    report(door, station, EvseId(1), "Charging")
    history = "/stations/CP1/status-history"
    assert [one["connectorId"] for one in door.get(history)["items"]] == [1, 0, 1]
    assert [one["status"] for one in door.get(f"{history}?connectorId=1")["items"]] == ["Charging", "Available"]
    assert [one["connectorId"] for one in door.get(f"{history}?connectorId=0")["items"]] == [0]
    first = door.get(f"{history}?limit=2")
    assert len(door.get(f"{history}?limit=2&cursor={first['next']}")["items"]) == 1


def test_every_item_of_a_batch_is_taken_or_refused_by_itself(door: Door) -> None:
    door.a_station("KNOWN")
    items = [{"id": "A"}, {"id": "A"}, {"id": 3}, 5, {"id": "B/"}, {"id": "KNOWN"}, {"id": "C", "x": 1}, {"id": "D"}]
    before = door.workspace.writes
    result = door.ask("POST", "/stations/batch", {"items": items})
    assert result.status_code == 200
    body = result.json()
    assert body["created"] == ["A", "D"]
    assert [(one["index"], one["id"]) for one in body["refused"]] == [
        (1, "A"), (2, None), (3, None), (4, "B/"), (5, "KNOWN"), (6, "C")
    ]  # fmt: skip
    assert all(one["reason"] for one in body["refused"])
    assert door.workspace.writes == before + 1
    assert [station["id"] for station in door.get("/stations")["items"]] == ["A", "D", "KNOWN"]


def test_every_station_of_a_batch_is_changed_or_refused_by_itself(door: Door) -> None:
    for identity in ("A", "B"):
        door.a_station(identity)
    items = [
        {"id": "A", "description": "north", "registration": "Pending"},
        {"id": "NOBODY", "description": "x"},
        {"id": "B", "heartbeatInterval": 0},
        {"id": "B", "wrong": 1},
        {"description": "no id"},
    ]
    body = door.ask("PATCH", "/stations", {"items": items}).json()
    assert body["changed"] == ["A"]
    assert [(one["index"], one["id"]) for one in body["refused"]] == [(1, "NOBODY"), (2, "B"), (3, "B"), (4, None)]
    assert (door.get("/stations/A")["description"], door.get("/stations/A")["registration"]) == ("north", "Pending")
    assert door.get("/stations/B")["heartbeatInterval"] is None


def test_every_station_of_a_batch_is_removed_or_refused_by_itself(door: Door) -> None:
    for identity in ("A", "B", "removals"):
        door.a_station(identity)
    assert door.get("/stations/removals")["id"] == "removals"
    items = [{"id": "A"}, {"id": "A"}, {"id": "removals"}]
    body = door.ask("POST", "/stations/removals", {"items": items}).json()
    assert body["removed"] == ["A", "removals"]
    assert [(one["index"], one["id"]) for one in body["refused"]] == [(1, "A")]
    assert [station["id"] for station in door.get("/stations")["items"]] == ["B"]


def test_what_the_database_does_not_take_after_others_is_refused_item_by_item(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = door.services.provisioning.add

    def add_until_the_database_fails(draft: StationDraft, asked_by: str | None = None) -> StationSheet:
        if draft.identity == f"CP{ITEMS_PER_WORK + 1}":
            raise RuntimeError("the work fails as a whole")
        return add(draft, asked_by)

    async def write(work: Callable[[Services], Result]) -> Result:
        try:
            return await whole(work)
        except RuntimeError as error:
            raise DomainError(Kind.UNAVAILABLE, "The database did not take this.") from error

    whole = door.workspace.write
    monkeypatch.setattr(door.services.provisioning, "add", add_until_the_database_fails)
    monkeypatch.setattr(door.workspace, "write", write)
    names = [f"CP{n}" for n in range(ITEMS_PER_WORK + 5)]
    body = door.ask("POST", "/stations/batch", {"items": [{"id": name} for name in names]}).json()
    assert body["created"] == names[:ITEMS_PER_WORK]
    assert [(one["index"], one["id"]) for one in body["refused"]] == list(enumerate(names))[ITEMS_PER_WORK:]
    assert {station["id"] for station in door.get("/stations?limit=1000")["items"]} == set(names[:ITEMS_PER_WORK])


def test_a_batch_has_at_most_ten_thousand_items(door: Door) -> None:
    items = [{"id": f"CP{n}"} for n in range(10_001)]
    assert "items" in faults(door.ask("POST", "/stations/batch", {"items": items}))
    assert len(door.ask("POST", "/stations/batch", {"items": items[:-1]}).json()["created"]) == 10_000


def test_labels_are_written_down_replaced_and_cleared(door: Door) -> None:
    body = {"id": "CP1", "labels": ["roof", "fast", "roof"]}
    assert door.ask("POST", "/stations", body).json()["labels"] == ["fast", "roof"]
    assert door.ask("PATCH", "/stations/CP1", {"description": "x"}).json()["labels"] == ["fast", "roof"]
    assert door.ask("PATCH", "/stations/CP1", {"labels": ["new"]}).json()["labels"] == ["new"]
    assert door.ask("PATCH", "/stations/CP1", {"labels": None}).json()["labels"] == []


@pytest.mark.parametrize("labels", [["x" * 51], ["a,b"], [" a"], [""], [str(number) for number in range(21)]])
def test_labels_that_cannot_be_are_refused_and_nothing_is_changed(door: Door, labels: list[str]) -> None:
    door.ask("POST", "/stations", {"id": "CP1", "labels": ["kept"]})
    assert "labels" in faults(door.ask("PATCH", "/stations/CP1", {"labels": labels, "description": "new"}), 422)
    assert "labels" in faults(door.ask("POST", "/stations", {"id": "CP2", "labels": labels}), 422)
    shown = door.get("/stations/CP1")
    assert (shown["labels"], shown["description"]) == (["kept"], "")
    assert door.ask("GET", "/stations/CP2").status_code == 404


def test_stations_are_found_by_label_and_by_fault(door: Door) -> None:
    door.ask("POST", "/stations", {"id": "CP1", "labels": ["fast", "a&b"]})
    door.ask("POST", "/stations", {"id": "CP2", "labels": ["faster"]})
    report(door, door.services.provisioning.get_station("CP2"), EvseId(1), "Faulted")
    assert [one["id"] for one in door.get("/stations?label=fast")["items"]] == ["CP1"]
    assert [one["id"] for one in door.get("/stations?label=a%26b")["items"]] == ["CP1"]
    assert [one["id"] for one in door.get("/stations?faulted=true")["items"]] == ["CP2"]
    assert [one["id"] for one in door.get("/stations?faulted=false")["items"]] == ["CP1"]
