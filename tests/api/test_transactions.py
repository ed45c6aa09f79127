"""Transactions, meter values and doubtful stops over REST."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from forecourt.asgi.csv import defuse
from tests.api.door import Door, faults
from tests.support.clock import NOON


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_transaction_is_shown_in_full(door: Door) -> None:
    station = door.a_station()
    door.a_tag(parent="G")
    number = door.a_transaction(station)
    running = door.get(f"/transactions/{number}")
    assert running == {
        "transactionId": number,
        "stationId": "CP1",
        "connectorId": 1,
        "idTag": "TAG",
        "parentIdTag": "G",
        "idTagStatus": "Accepted",
        "startTimestamp": "2026-01-01T12:00:00Z",
        "meterStart": 1000,
        "reservationId": None,
        "active": True,
        "stopTimestamp": None,
        "meterStop": None,
        "reason": None,
        "stopIdTag": None,
        "energyWh": None,
        "doubts": [],
        "startReceivedAt": "2026-01-01T12:00:00Z",
        "stopReceivedAt": None,
        "stoppedBy": None,
        "operatorStop": None,
        "remoteStart": None,
        "remoteStop": None,
    }
    door.a_stop(station, number)
    ended = door.get(f"/transactions/{number}")
    assert (ended["active"], ended["energyWh"], ended["reason"]) == (False, 2500, "Local")
    assert ended["stopTimestamp"] == "2026-01-01T13:00:00Z"
    assert ended["doubts"] == ["fromTheFuture"]


def test_transactions_are_filtered(door: Door) -> None:
    one, two = door.a_station("CP1"), door.a_station("CP2")
    first = door.a_transaction(one, "AA")
    second = door.a_transaction(one, "BB", evse=2, started_at=NOON + timedelta(minutes=1))
    third = door.a_transaction(two, "aa", started_at=NOON + timedelta(minutes=2))
    door.a_stop(one, first)
    for query, expected in {
        "": [third, second, first],
        "stationId=CP1": [second, first],
        "stationId=CP1&connectorId=2": [second],
        "idTag=aA": [third, first],
        "active=true": [third, second],
        "active=false": [first],
        "doubtful=true": [first],
        "doubtful=false": [third, second],
        "from=2026-01-01T12:01:00Z": [third, second],
        "to=2026-01-01T12:01:00Z": [first],
        "from=2026-01-01T13:01:00%2B01:00&to=2026-01-01T12:02:00Z": [second],
        "stationId=CP404": [],
    }.items():
        assert [item["transactionId"] for item in door.get(f"/transactions?{query}")["items"]] == expected, query
        listed = rows_of(door.ask("GET", f"/transactions.csv?{query}").text)
        assert [int(row["transactionId"]) for row in listed] == expected, query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("from=2026-01-01T12:00:00", "from"),
        ("to=2026-01-01", "to"),
        ("connectorId=-1", "connectorId"),
        ("connectorId=99999999999", "connectorId"),
        ("active=perhaps", "active"),
        ("doubtful=2", "doubtful"),
        ("stationId=%00", "stationId"),
    ],
)
def test_a_bad_filter_is_a_400_that_names_it(door: Door, query: str, field: str) -> None:
    assert field in faults(door.ask("GET", f"/transactions?{query}"))
    assert field in faults(door.ask("GET", f"/transactions.csv?{query}"))


def test_transactions_are_paged_newest_first(door: Door) -> None:
    station = door.a_station()
    numbers = [door.a_transaction(station, started_at=NOON + timedelta(minutes=n)) for n in range(5)]
    seen: list[int] = []
    cursor = ""
    while True:
        page = door.get(f"/transactions?limit=2{cursor}")
        seen += [item["transactionId"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == numbers[::-1]


def test_csv_is_a_file_for_spreadsheets(door: Door) -> None:
    station = door.a_station()
    door.a_stop(station, door.a_transaction(station, "=1+1"))
    response = door.ask("GET", "/transactions.csv")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="transactions.csv"'
    (row,) = rows_of(response.text)
    flat = [name for name in door.get("/transactions")["items"][0] if name != "operatorStop"]
    assert list(row) == [*flat, "operatorStoppedBy", "operatorStopTimestamp", "operatorMeterStop"]
    assert row["idTag"] == "'=1+1"
    assert (row["active"], row["energyWh"], row["parentIdTag"]) == ("false", "2500", "")
    assert row["startTimestamp"] == "2026-01-01T12:00:00Z"


def test_csv_runs_over_many_pages(door: Door) -> None:
    station = door.a_station()
    for n in range(1001):
        door.a_transaction(station, started_at=NOON + timedelta(seconds=n))
    rows = rows_of(door.ask("GET", "/transactions.csv").text)
    assert [int(row["transactionId"]) for row in rows] == list(range(1001, 0, -1))


@pytest.mark.parametrize(
    ("text", "defused"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+cmd", "'+cmd"),
        ("-cmd", "'-cmd"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("-12.5", "-12.5"),
        ("+3", "+3"),
        ("-1+2", "'-1+2"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_text_cells_cannot_be_formulas(text: str, defused: str) -> None:
    assert defuse(text) == defused


def test_meter_values_are_oldest_first_with_registers_and_samples(door: Door) -> None:
    station = door.a_station()
    number = door.a_transaction(station)
    door.a_reading(station, number, "1500", minute=2)
    door.a_reading(station, number, "1200", minute=1)
    page = door.get(f"/transactions/{number}/meter-values?limit=1")
    assert page["items"] == [
        {
            "timestamp": "2026-01-01T12:01:00Z",
            "connectorId": 1,
            "transactionId": number,
            "energyWh": 1200.0,
            "powerW": None,
            "soc": None,
            "sampledValue": [{"value": "1200", "unit": "Wh"}],
        }
    ]
    rest = door.get(f"/transactions/{number}/meter-values?cursor={page['next']}")
    assert [item["energyWh"] for item in rest["items"]] == [1500.0]


def test_meter_values_as_csv_have_one_row_per_sample(door: Door) -> None:
    station = door.a_station()
    number = door.a_transaction(station)
    door.a_reading(station, number, "1200", "=cmd", "-5")
    response = door.ask("GET", f"/transactions/{number}/meter-values.csv")
    assert f'filename="transaction-{number}-meter-values.csv"' in response.headers["content-disposition"]
    rows = rows_of(response.text)
    assert [row["value"] for row in rows] == ["1200", "'=cmd", "-5"]
    assert (rows[0]["timestamp"], rows[0]["unit"], rows[0]["energyWh"]) == ("2026-01-01T12:00:00Z", "Wh", "1200.0")


def test_stops_that_fit_no_transaction_are_listed(door: Door) -> None:
    door.a_stop(door.a_station(), 77)
    assert door.get("/doubtful-stops")["items"] == [
        {
            "stationId": "CP1",
            "transactionId": 77,
            "timestamp": "2026-01-01T13:00:00Z",
            "meterStop": 3500,
            "reason": "Local",
            "idTag": None,
            "doubts": ["unknownTransaction"],
            "receivedAt": "2026-01-01T12:00:00Z",
        }
    ]
