"""Remote starts and stops over REST."""

from __future__ import annotations

import pytest

from forecourt.domain.errands.model import Delivery, Order
from forecourt.domain.evse import EvseId
from forecourt.domain.provisioning.model import Station
from tests.api.door import Door, faults, problem
from tests.support.clock import NOON

ORDER = Order(asked_by="token ops", delivery=Delivery.WHEN_ONLINE)


def asks_to_start(door: Door, station: Station, id_tag: str = "TAG", *, connector: int | None = None) -> int:
    evse = None if connector is None else EvseId(connector)
    control = door.services.remote_control
    return control.start(station, evse=evse, id_token=id_tag, profile=None, order=ORDER).number


def test_a_remote_start_is_shown_in_full(door: Door) -> None:
    station = door.a_station()
    errand = asks_to_start(door, station, connector=2)
    assert door.get(f"/remote-requests/{errand}") == {
        "errand": errand,
        "stationId": "CP1",
        "kind": "start",
        "state": "requested",
        "connectorId": 2,
        "idTag": "TAG",
        "transactionId": None,
        "status": None,
        "reason": None,
        "outcomeUnknown": False,
        "askedBy": "token ops",
        "requestedAt": "2026-01-01T12:00:00Z",
        "sentAt": None,
        "answeredAt": None,
        "endedAt": None,
    }


def test_a_remote_stop_names_its_transaction(door: Door) -> None:
    station = door.a_station()
    number = door.a_transaction(station)
    transaction = door.services.transactions.get(number)
    errand = door.services.remote_control.stop(station, transaction, Order(asked_by="token ops"))
    shown = door.get(f"/remote-requests/{errand.number}")
    assert (shown["kind"], shown["transactionId"], shown["idTag"], shown["connectorId"]) == ("stop", number, None, None)
    assert (shown["state"], shown["endedAt"]) == ("failed", "2026-01-01T12:00:00Z")
    assert "not connected" in shown["reason"]


def test_remote_requests_are_listed_filtered_and_paged(door: Door) -> None:
    one, two = door.a_station("CP1"), door.a_station("CP2")
    number = door.a_transaction(one)
    first = asks_to_start(door, one)
    second = asks_to_start(door, two)
    transaction = door.services.transactions.get(number)
    third = door.services.remote_control.stop(one, transaction, Order(asked_by="token ops")).number
    for query, expected in {
        "": [third, second, first],
        "stationId=CP1": [third, first],
        "kind=start": [second, first],
        "state=failed": [third],
        "state=failed&state=requested": [third, second, first],
        "state=timedOut": [],
        "kind=start&stationId=CP2&state=requested": [second],
    }.items():
        assert [item["errand"] for item in door.get(f"/remote-requests?{query}")["items"]] == expected, query
    page = door.get("/remote-requests?limit=2")
    assert [item["errand"] for item in page["items"]] == [third, second]
    rest = door.get(f"/remote-requests?limit=2&cursor={page['next']}")
    assert ([item["errand"] for item in rest["items"]], rest["next"]) == ([first], None)


@pytest.mark.parametrize(
    ("query", "field"), [("kind=restart", "kind"), ("state=lost", "state"), ("color=red", "color")]
)
def test_a_bad_filter_is_a_400_that_names_it(door: Door, query: str, field: str) -> None:
    assert field in faults(door.ask("GET", f"/remote-requests?{query}"))


@pytest.mark.parametrize("errand", ["1", "0", "99999999999999999999999"])
def test_an_errand_that_is_none_is_a_404(door: Door, errand: str) -> None:
    problem(door.ask("GET", f"/remote-requests/{errand}"), 404)


def test_a_transaction_names_the_requests_that_began_and_ended_it(door: Door) -> None:
    station = door.a_station()
    number = door.a_transaction(station)
    assert door.clock.now() == NOON
    shown = door.get(f"/transactions/{number}")
    assert (shown["remoteStart"], shown["remoteStop"]) == (None, None)
    door.workspace.unit.execute(
        "UPDATE station_transaction SET remote_start = 7, remote_stop = 8 WHERE id = ?", (number,)
    )
    shown = door.get(f"/transactions/{number}")
    assert (shown["remoteStart"], shown["remoteStop"]) == (7, 8)
