"""Reservations over REST."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from forecourt.domain.errands.model import Delivery, Order
from forecourt.domain.evse import WHOLE_STATION, EvseId, Place
from forecourt.domain.provisioning.model import Station
from forecourt.domain.reservation.model import ReservationReport
from tests.api.door import Door, faults, problem
from tests.domain.charging import RAW
from tests.support.clock import NOON

ORDER = Order(asked_by="token ops", delivery=Delivery.WHEN_ONLINE)
EXPIRY = NOON + timedelta(minutes=10)


def asks_to_reserve(door: Door, station: Station) -> int:
    """The number of the errand."""
    return door.services.reservations.reserve(
        station, place=EvseId(1), id_token="TAG", parent="G", expires_at=EXPIRY, order=ORDER
    ).number


def reserved_raw(
    door: Door,
    station: Station,
    number: int,
    id_tag: str = "TAG",
    *,
    place: Place | None = None,
    status: str = "Accepted",
) -> None:
    report = ReservationReport(
        reservation_id=number, place=place or EvseId(2), id_token=id_tag, parent=None, expires_at=EXPIRY
    )
    is_accepted = status == "Accepted"
    door.services.reservations.reserve_answered(station, RAW, report, status=status, is_accepted=is_accepted)


def test_a_reservation_is_shown_in_full(door: Door) -> None:
    errand = asks_to_reserve(door, door.a_station())
    [listed] = door.get("/reservations")["items"]
    number = listed["reservationId"]
    assert number > 0
    assert listed == {
        "reservationId": number,
        "stationId": "CP1",
        "connectorId": 1,
        "idTag": "TAG",
        "parentIdTag": "G",
        "expiryDate": "2026-01-01T12:10:00Z",
        "state": "requested",
        "status": None,
        "reason": None,
        "transactionId": None,
        "errand": errand,
        "askedBy": "token ops",
        "requestedAt": "2026-01-01T12:00:00Z",
        "answeredAt": None,
        "endedAt": None,
    }
    assert door.get(f"/reservations/{number}") == listed
    assert door.get(f"/reservations/{number}?stationId=CP1") == listed


def test_a_raw_reservation_is_shown_with_the_number_that_was_chosen(door: Door) -> None:
    one, two = door.a_station("CP1"), door.a_station("CP2")
    reserved_raw(door, one, 500, place=WHOLE_STATION)
    shown = door.get("/reservations/500")
    assert (shown["connectorId"], shown["state"], shown["askedBy"], shown["errand"]) == (0, "accepted", None, None)
    reserved_raw(door, two, 500)
    assert "stationId" in problem(door.ask("GET", "/reservations/500"), 409)["detail"]
    assert door.get("/reservations/500?stationId=CP2")["connectorId"] == 2


def test_reservations_are_filtered_and_paged(door: Door) -> None:
    one, two = door.a_station("CP1"), door.a_station("CP2")
    reserved_raw(door, one, 501, "AA", status="Occupied")
    door.clock.advance(timedelta(minutes=1))
    reserved_raw(door, one, 502, "BB", place=WHOLE_STATION)
    reserved_raw(door, two, 503, "aa")
    for query, expected in {
        "": [503, 502, 501],
        "stationId=CP1": [502, 501],
        "connectorId=0": [502],
        "idTag=aA": [503, 501],
        "state=refused": [501],
        "state=refused&state=accepted": [503, 502, 501],
        "active=true": [503, 502],
        "active=false": [501],
        "from=2026-01-01T12:01:00Z": [503, 502],
        "to=2026-01-01T12:01:00Z": [501],
    }.items():
        assert [item["reservationId"] for item in door.get(f"/reservations?{query}")["items"]] == expected, query
        rows = list(csv.DictReader(io.StringIO(door.ask("GET", f"/reservations.csv?{query}").text)))
        assert [int(row["reservationId"]) for row in rows] == expected, query
    page = door.get("/reservations?limit=2")
    rest = door.get(f"/reservations?limit=2&cursor={page['next']}")
    assert [item["reservationId"] for item in page["items"] + rest["items"]] == [503, 502, 501]


def test_csv_has_the_columns_of_the_list(door: Door) -> None:
    reserved_raw(door, door.a_station(), 5, "=1+1", status="Faulted")
    response = door.ask("GET", "/reservations.csv")
    assert response.headers["content-disposition"] == 'attachment; filename="reservations.csv"'
    [row] = csv.DictReader(io.StringIO(response.text))
    assert list(row) == list(door.get("/reservations")["items"][0])
    assert (row["idTag"], row["state"], row["parentIdTag"]) == ("'=1+1", "refused", "")
    assert row["endedAt"] == "2026-01-01T12:00:00Z"


@pytest.mark.parametrize(
    ("query", "field"),
    [("state=gone", "state"), ("from=yesterday", "from"), ("connectorId=-1", "connectorId"), ("active=2", "active")],
)
def test_a_bad_filter_is_a_400_that_names_it(door: Door, query: str, field: str) -> None:
    for path in ("/reservations", "/reservations.csv"):
        assert field in faults(door.ask("GET", f"{path}?{query}"))


@pytest.mark.parametrize("number", ["1", "-1", "0", "99999999999999999999999"])
def test_a_number_that_is_none_is_a_404(door: Door, number: str) -> None:
    problem(door.ask("GET", f"/reservations/{number}"), 404)
