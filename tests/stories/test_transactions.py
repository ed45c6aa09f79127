"""Transactions as stations really report them: repeated, late, impossible (OCPP 1.6 §3.7, §4.8, §4.10)."""

from __future__ import annotations

import pytest

from tests.stories.builders import a_station, a_tag
from tests.stories.messages import ids_of, start_payload, started, stop_payload
from tests.stories.moments import ago, is_now
from tests.stories.records import assert_transaction
from tests.stories.wire import Wire
from tests.support.peer import Peer
from tests.support.rest import Json, Rest
from tests.support.running import RunningSystem


def doubtful_stops_of(rest: Rest, identity: str) -> list[Json]:
    return [entry for entry in rest.doubtful_stops() if entry["stationId"] == identity]


# The same start again


def test_a_repeated_start_is_the_same_transaction(system: RunningSystem, rest: Rest) -> None:
    """A station repeats a start whose answer was lost; it must not be charged for twice."""
    identity, tag, at = a_station(rest), a_tag(rest), ago(hours=1)
    answers = []
    with Wire(system.stations_url, identity) as wire:
        answers += [wire.ask("StartTransaction", start_payload(tag, at)) for _ in range(2)]
    with Wire(system.stations_url, identity) as wire:
        answers.append(wire.ask("StartTransaction", start_payload(tag, at)))
        assert answers == [answers[0]] * 3
        assert ids_of(rest, identity) == [started(answers[0])]
        wire.ask("StopTransaction", stop_payload(started(answers[0]), ago(minutes=1)))
        again = wire.ask("StartTransaction", start_payload(tag, at))
        assert started(again) == started(answers[0]), "also when it has been stopped since"
    assert ids_of(rest, identity) == [started(answers[0])]
    assert rest.transaction(started(answers[0]))["active"] is False


def test_a_start_that_differs_is_another_transaction(system: RunningSystem, rest: Rest) -> None:
    identity, tag = a_station(rest), a_tag(rest, maxActiveTransactions=None)
    other = a_tag(rest)
    at = ago(hours=1)
    payloads = [
        start_payload(tag, at),
        start_payload(tag, at, connector=2),
        start_payload(other, at),
        start_payload(tag, ago(minutes=59)),
        start_payload(tag, at, meter=1),
    ]
    with Wire(system.stations_url, identity) as wire:
        ids = [started(wire.ask("StartTransaction", payload)) for payload in payloads]
    assert ids_of(rest, identity) == sorted(set(ids))
    assert len(set(ids)) == len(payloads)


def test_the_same_start_over_two_links_at_once_is_one_transaction(system: RunningSystem, rest: Rest) -> None:
    """The station gave up its first socket while its first try was still on the way."""
    for _ in range(5):
        identity, tag = a_station(rest), a_tag(rest)
        start = start_payload(tag, ago(hours=1))
        with Wire(system.stations_url, identity) as older:
            older.send([2, "first try", "StartTransaction", start])
            with Wire(system.stations_url, identity) as newer:
                transaction_id = started(newer.ask("StartTransaction", start))
                frames, _code = older.wait_until_closed()
        assert [frame[2]["transactionId"] for frame in frames] in ([], [transaction_id])
        assert ids_of(rest, identity) == [transaction_id]


def test_ids_never_come_again(own_system: RunningSystem) -> None:
    """Not after things were deleted, nor after any kind of restart; but a repeated start keeps the id that it has."""
    given: list[int] = []

    def start_some() -> str:
        rest = own_system.rest
        identity, tag = a_station(rest), a_tag(rest, maxActiveTransactions=None)
        with Wire(own_system.stations_url, identity) as wire:
            for number in range(1, 4):
                at = ago(minutes=number)
                given.append(started(wire.ask("StartTransaction", start_payload(tag, at, connector=number))))
        rest.remove_tag(tag)
        return identity

    own_system.rest.remove_station(start_some())
    start_some()
    assert own_system.terminate() == 0
    own_system.start()
    own_system.rest.remove_station(start_some())
    identity, tag, at = a_station(own_system.rest), a_tag(own_system.rest), ago(hours=1)
    with Wire(own_system.stations_url, identity) as wire:
        last = wire.ask("StartTransaction", start_payload(tag, at))
    own_system.kill()
    own_system.start()
    with Wire(own_system.stations_url, identity) as wire:
        assert wire.ask("StartTransaction", start_payload(tag, at)) == last, "repeated after the crash"
    assert ids_of(own_system.rest, identity) == [started(last)]
    start_some()
    assert len(set(given)) == len(given) == 12
    assert all(0 < number < 2**31 for number in given), "stations keep ids in 32 bits"
    assert given == sorted(given)
    own_system.assert_clean_log()


def test_a_station_that_comes_back_does_not_get_its_predecessors_transactions(
    system: RunningSystem, rest: Rest
) -> None:
    """The same identity, deleted and registered again, is another station; what was charged before is kept."""
    identity, tag, at = a_station(rest), a_tag(rest), ago(minutes=5)
    with Wire(system.stations_url, identity) as wire:
        first = started(wire.ask("StartTransaction", start_payload(tag, at)))
        wire.ask("StopTransaction", stop_payload(first, ago(minutes=4)))
    rest.remove_station(identity)
    assert rest.transaction(first)["stationId"] == identity
    rest.add_station(identity)
    with Wire(system.stations_url, identity) as wire:
        second = started(wire.ask("StartTransaction", start_payload(tag, ago(minutes=2))))
    assert second != first
    assert rest.transaction(first)["active"] is False


# Stops


def test_a_repeated_stop_changes_nothing(system: RunningSystem, rest: Rest) -> None:
    identity, tag, at = a_station(rest), a_tag(rest), ago(minutes=5)
    data = [{"timestamp": at, "sampledValue": [{"value": "17", "context": "Transaction.Begin"}]}]
    with Wire(system.stations_url, identity) as wire:
        transaction_id = started(wire.ask("StartTransaction", start_payload(tag, ago(hours=1))))
        stop = stop_payload(transaction_id, at, idTag=tag, reason="Local", transactionData=data)
        assert wire.ask("StopTransaction", stop) == {"idTagInfo": {"status": "Accepted"}}
        stored = rest.transaction(transaction_id)
        assert wire.ask("StopTransaction", stop) == {"idTagInfo": {"status": "Accepted"}}
    with Wire(system.stations_url, identity) as wire:
        assert wire.ask("StopTransaction", stop) == {"idTagInfo": {"status": "Accepted"}}
    assert rest.transaction(transaction_id) == stored
    assert stored["doubts"] == []
    assert doubtful_stops_of(rest, identity) == []
    assert len(rest.meter_values(transaction_id)) == 1


def test_a_second_stop_with_other_figures_is_kept_for_a_person(system: RunningSystem, rest: Rest) -> None:
    identity, tag, at, later = a_station(rest), a_tag(rest), ago(minutes=5), ago(minutes=4)
    with Wire(system.stations_url, identity) as wire:
        transaction_id = started(wire.ask("StartTransaction", start_payload(tag, ago(hours=1))))
        wire.ask("StopTransaction", stop_payload(transaction_id, at, meter=500))
        assert wire.ask("StopTransaction", stop_payload(transaction_id, later, meter=600, reason="Remote")) == {}
    stored = rest.transaction(transaction_id)
    assert (stored["stopTimestamp"], stored["meterStop"], stored["energyWh"]) == (at, 500, 500)
    [doubtful] = doubtful_stops_of(rest, identity)
    assert is_now(doubtful.pop("receivedAt"))
    assert doubtful == {
        "stationId": identity,
        "transactionId": transaction_id,
        "timestamp": later,
        "meterStop": 600,
        "reason": "Remote",
        "idTag": None,
        "doubts": ["stoppedAgain"],
    }


@pytest.mark.parametrize("transaction_id", [-1, 0, 2**31 - 1])
def test_a_stop_of_no_transaction_is_answered_and_kept(system: RunningSystem, rest: Rest, transaction_id: int) -> None:
    """OCPP 1.6 errata 3.17: -1 comes from a station that never got an id."""
    identity, tag, at = a_station(rest), a_tag(rest), ago(minutes=1)
    with Wire(system.stations_url, identity) as wire:
        stop = stop_payload(transaction_id, at, meter=70, idTag=tag)
        assert wire.ask("StopTransaction", stop) == {"idTagInfo": {"status": "Accepted"}}
    [doubtful] = doubtful_stops_of(rest, identity)
    assert is_now(doubtful.pop("receivedAt"))
    assert doubtful == {
        "stationId": identity,
        "transactionId": transaction_id,
        "timestamp": at,
        "meterStop": 70,
        "reason": "Local",
        "idTag": tag,
        "doubts": ["unknownTransaction"],
    }
    assert rest.transactions(stationId=identity) == []


def test_a_stop_of_no_transaction_that_is_repeated_is_kept_once(system: RunningSystem, rest: Rest) -> None:
    identity, stop = a_station(rest), stop_payload(-1, ago(minutes=1))
    for _ in range(2):
        with Wire(system.stations_url, identity) as wire:
            assert wire.ask("StopTransaction", stop) == {}
    assert len(doubtful_stops_of(rest, identity)) == 1


def test_a_station_cannot_touch_the_transaction_of_another(system: RunningSystem, rest: Rest) -> None:
    owner, other, tag, at = a_station(rest), a_station(rest), a_tag(rest), ago(minutes=2)
    values = [{"timestamp": at, "sampledValue": [{"value": "666"}]}]
    with Wire(system.stations_url, owner) as wire:
        transaction_id = started(wire.ask("StartTransaction", start_payload(tag, ago(hours=1))))
    before = rest.transaction(transaction_id)
    with Wire(system.stations_url, other) as wire:
        assert wire.ask("StopTransaction", stop_payload(transaction_id, at, transactionData=values)) == {}
        payload = {"connectorId": 1, "transactionId": transaction_id, "meterValue": values}
        assert wire.ask("MeterValues", payload) == {}
    assert rest.transaction(transaction_id) == before
    assert rest.meter_values(transaction_id) == []
    [doubtful] = doubtful_stops_of(rest, other)
    assert doubtful["doubts"] == ["unknownTransaction"]


@pytest.mark.parametrize(
    ("stop_minutes_ago", "meter", "doubts", "energy"),
    [
        (30, 1500, [], 500),
        (90, 1500, ["stopBeforeStart"], 500),
        (30, 900, ["meterDecreased"], None),
        (90, 900, ["meterDecreased", "stopBeforeStart"], None),
        (-60, 1500, ["fromTheFuture"], 500),
        (30, 1000, [], 0),
    ],
)
def test_what_cannot_be_true_about_a_stop_is_marked(
    system: RunningSystem,
    rest: Rest,
    stop_minutes_ago: int,
    meter: int,
    doubts: list[str],
    energy: int | None,
) -> None:
    identity, tag, at, end = a_station(rest), a_tag(rest), ago(minutes=60), ago(minutes=stop_minutes_ago)
    with Wire(system.stations_url, identity) as wire:
        transaction_id = started(wire.ask("StartTransaction", start_payload(tag, at, meter=1000)))
        assert wire.ask("StopTransaction", stop_payload(transaction_id, end, meter=meter)) == {}
    stored = rest.transaction(transaction_id)
    assert sorted(stored.pop("doubts")) == doubts
    assert (stored["stopTimestamp"], stored["meterStop"], stored["energyWh"]) == (end, meter, energy)
    listed = ids_of_doubtful(rest, identity)
    assert listed == ([transaction_id] if doubts else [])


def ids_of_doubtful(rest: Rest, identity: str) -> list[int]:
    return [entry["transactionId"] for entry in rest.transactions(stationId=identity, doubtful="true")]


def test_a_start_from_the_future_is_marked(system: RunningSystem, rest: Rest) -> None:
    identity, tag, at = a_station(rest), a_tag(rest), ago(hours=-2)
    with Wire(system.stations_url, identity) as wire:
        transaction_id = started(wire.ask("StartTransaction", start_payload(tag, at)))
    stored = rest.transaction(transaction_id)
    assert (stored["startTimestamp"], stored["doubts"]) == (at, ["fromTheFuture"])


# Moments


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
        ("2026-07-01T12:00:00+02:00", "2026-07-01T10:00:00Z"),
        ("2026-01-01T00:30:00-11:30", "2026-01-01T12:00:00Z"),
        ("2026-01-01T10:00:00.5Z", "2026-01-01T10:00:00.5"),
        ("2026-01-01T10:00:00.123Z", "2026-01-01T10:00:00.123"),
        ("2026-01-01T10:00:00.123456+01:00", "2026-01-01T09:00:00.123456"),
        ("2026-01-01T10:00:00.123456789Z", "2026-01-01T10:00:00.12345"),
        ("2026-01-01T10:00:00.000Z", "2026-01-01T10:00:00"),
        ("1999-12-31T00:00:00Z", "1999-12-31T00:00:00Z"),
    ],
)
def test_a_moment_is_stored_as_it_was_meant(system: RunningSystem, rest: Rest, sent: str, stored: str) -> None:
    """OCPP 1.6 §3.14, errata 3.10: zones and fractions are legal, and hours of delay are usual."""
    identity, tag = a_station(rest), a_tag(rest)
    with Wire(system.stations_url, identity) as wire:
        transaction_id = started(wire.ask("StartTransaction", start_payload(tag, sent)))
        wire.ask("StopTransaction", stop_payload(transaction_id, sent))
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": sent}
        wire.ask("StatusNotification", status)
    transaction = rest.transaction(transaction_id)
    for moment in (
        transaction["startTimestamp"],
        transaction["stopTimestamp"],
        rest.station(identity)["connectors"][0]["timestamp"],
    ):
        assert moment.startswith(stored)
        assert moment.endswith("Z")
    assert is_now(transaction["startReceivedAt"])


def test_one_moment_in_two_spellings_is_one_start(system: RunningSystem, rest: Rest) -> None:
    identity, tag = a_station(rest), a_tag(rest)
    with Wire(system.stations_url, identity) as wire:
        spellings = ["2026-07-01T12:00:00+02:00", "2026-07-01T10:00:00Z", "2026-07-01T10:00:00.000Z"]
        ids = {started(wire.ask("StartTransaction", start_payload(tag, at))) for at in spellings}
    assert ids_of(rest, identity) == list(ids)


@pytest.mark.parametrize("number", [0, 99, 2**31 - 1])
def test_a_start_at_a_connector_that_cannot_be_is_kept(system: RunningSystem, rest: Rest, number: int) -> None:
    """A start cannot be refused (OCPP 1.6 §4.8): energy flows already."""
    identity, tag, at = a_station(rest), a_tag(rest), ago(minutes=1)
    with Wire(system.stations_url, identity) as wire:
        transaction_id = started(wire.ask("StartTransaction", start_payload(tag, at, connector=number)))
        assert started(wire.ask("StartTransaction", start_payload(tag, at, connector=number))) == transaction_id
    assert ids_of(rest, identity) == [transaction_id]
    assert rest.transaction(transaction_id)["connectorId"] == number


def test_a_reservation_is_noted(system: RunningSystem, rest: Rest) -> None:
    identity, tag, at = a_station(rest), a_tag(rest), ago(minutes=1)
    with Peer(system.stations_url, identity) as peer:
        transaction_id = started(peer.start(1, tag, 0, at, reservation=0))
    assert_transaction(
        rest,
        transaction_id,
        stationId=identity,
        connectorId=1,
        idTag=tag,
        startTimestamp=at,
        meterStart=0,
        reservationId=0,
    )
