"""Reports of stations become transactions; every one is stored and answered (OCPP 1.6 §4.7, §4.8, §4.10)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.authorization.model import AuthorizationStatus, Verdict
from forecourt.domain.errors import Kind
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.transactions.metering import Reading, Registers, Sample, StoredReading
from forecourt.domain.transactions.model import Doubt, DoubtfulStop, Transaction, TransactionFilter
from forecourt.storage.schema import to_number
from tests.domain.world import ALL, World, a_start, a_stop, refused
from tests.support.clock import NOON

HOUR = timedelta(hours=1)
READING = Reading(NOON, [Sample("1500", None, None, None, None, None, None)])


def transactions_of(world: World) -> list[Transaction]:
    return list(world.services.transactions.list(TransactionFilter(), ALL).items)


def doubtful_stops_of(world: World) -> list[DoubtfulStop]:
    return list(world.services.transactions.list_doubtful_stops(ALL).items)


def readings_of(world: World, transaction_id: int) -> list[StoredReading]:
    return list(world.services.transactions.readings(transaction_id, ALL).items)


# Starts


def test_a_start_becomes_a_transaction() -> None:
    world = World()
    station = world.a_station()
    world.a_tag(parent="FLEET", expires_at=NOON + HOUR)

    started = world.services.transactions.start(station, a_start(started_at=NOON - HOUR, reservation_id=7))

    assert started.transaction_id > 0
    assert started.verdict == Verdict(AuthorizationStatus.ACCEPTED, NOON + HOUR, "FLEET")
    assert world.services.transactions.get(started.transaction_id) == Transaction(
        transaction_id=started.transaction_id,
        station="CP-1",
        evse=EvseId(1),
        id_token="TAG",
        parent="FLEET",
        status=AuthorizationStatus.ACCEPTED,
        started_at=NOON - HOUR,
        meter_start_wh=1000,
        reservation_id=7,
        start_received_at=NOON,
        stop=None,
        doubts=frozenset(),
    )


@pytest.mark.parametrize("status", [AuthorizationStatus.INVALID, AuthorizationStatus.BLOCKED])
def test_a_start_with_a_refused_token_becomes_a_transaction_all_the_same(status: AuthorizationStatus) -> None:
    """OCPP 1.6 §4.8: the energy flows already."""
    world = World()
    station = world.a_station()
    if status is AuthorizationStatus.BLOCKED:
        world.a_tag(is_blocked=True)

    started = world.services.transactions.start(station, a_start())

    assert started.verdict.status is status
    assert world.services.transactions.get(started.transaction_id).status is status


def test_the_same_start_told_again_is_one_transaction() -> None:
    world = World()
    station = world.a_station()
    world.a_tag()

    first = world.services.transactions.start(station, a_start())
    world.clock.advance(HOUR)
    again = world.services.transactions.start(station, a_start())

    assert again == first
    assert len(transactions_of(world)) == 1
    assert world.services.transactions.get(first.transaction_id).start_received_at == NOON


def test_starts_that_differ_in_anything_are_several_transactions() -> None:
    world = World()
    station = world.a_station()

    ids = {
        world.starts(station),
        world.starts(station, "OTHER"),
        world.starts(station, evse=EvseId(2)),
        world.starts(station, started_at=NOON + timedelta(seconds=1)),
        world.starts(station, meter_start_wh=1001),
        world.starts(world.a_station("CP-2")),
    }

    assert len(ids) == 6


def test_a_token_that_charges_elsewhere_is_concurrent() -> None:
    world = World()
    world.a_tag()
    world.starts(world.a_station("CP-1"))

    started = world.services.transactions.start(world.a_station("CP-2"), a_start("tag"))

    assert started.verdict.status is AuthorizationStatus.CONCURRENT_TX


def test_a_token_that_charges_at_another_evse_of_the_station_is_concurrent() -> None:
    world = World()
    world.a_tag()
    station = world.a_station()
    world.starts(station)

    started = world.services.transactions.start(station, a_start(evse=EvseId(2)))

    assert started.verdict.status is AuthorizationStatus.CONCURRENT_TX


def test_a_transaction_at_the_same_evse_does_not_count_against_its_token() -> None:
    """Its stop was lost: one EVSE has one transaction."""
    world = World()
    world.a_tag()
    station = world.a_station()
    world.starts(station)

    started = world.services.transactions.start(station, a_start(started_at=NOON + HOUR))

    assert started.verdict.status is AuthorizationStatus.ACCEPTED


def test_a_transaction_that_has_ended_does_not_count_against_its_token() -> None:
    world = World()
    world.a_tag()
    station = world.a_station()
    world.services.transactions.stop(station, a_stop(world.starts(station)))

    started = world.services.transactions.start(station, a_start(evse=EvseId(2)))

    assert started.verdict.status is AuthorizationStatus.ACCEPTED


def test_a_token_may_be_allowed_several_transactions() -> None:
    world = World()
    world.a_tag(max_active_transactions=2)
    station = world.a_station()

    verdicts = [world.services.transactions.start(station, a_start(evse=EvseId(n))).verdict.status for n in (1, 2, 3)]

    accepted, concurrent = AuthorizationStatus.ACCEPTED, AuthorizationStatus.CONCURRENT_TX
    assert verdicts == [accepted, accepted, concurrent]


def test_a_doubtful_start_is_stored_with_its_doubt() -> None:
    world = World()

    transaction_id = world.starts(world.a_station(), evse=WHOLE_STATION, started_at=NOON + HOUR)

    doubts = world.services.transactions.get(transaction_id).doubts
    assert doubts == {Doubt.NO_EVSE, Doubt.FROM_THE_FUTURE}


# Stops


def test_a_stop_ends_its_transaction() -> None:
    world = World()
    station = world.a_station()
    world.a_tag()
    transaction_id = world.starts(station)
    world.clock.advance(HOUR)

    report = a_stop(transaction_id, stopped_at=NOON + HOUR, meter_stop_wh=8500, id_token="tag", reason="Remote")
    verdict = world.services.transactions.stop(station, report)

    assert verdict == Verdict(AuthorizationStatus.ACCEPTED)
    transaction = world.services.transactions.get(transaction_id)
    assert not transaction.is_active
    assert transaction.energy_wh == 7500
    assert transaction.doubts == frozenset()
    assert transaction.stop is not None
    assert (transaction.stop.reason, transaction.stop.id_token) == ("Remote", "tag")
    assert transaction.stop.received_at == NOON + HOUR


def test_a_stop_without_a_token_has_no_verdict() -> None:
    world = World()
    station = world.a_station()

    assert world.services.transactions.stop(station, a_stop(world.starts(station))) is None


def test_a_stop_with_an_unknown_token_is_stored_and_doubted() -> None:
    world = World()
    station = world.a_station()
    transaction_id = world.starts(station)

    verdict = world.services.transactions.stop(station, a_stop(transaction_id, id_token="LOST"))

    assert verdict == Verdict(AuthorizationStatus.INVALID)
    transaction = world.services.transactions.get(transaction_id)
    assert not transaction.is_active
    assert transaction.doubts == {Doubt.OTHER_TOKEN}


def test_a_token_of_the_same_group_may_stop() -> None:
    """OCPP 1.6 §3.10."""
    world = World()
    station = world.a_station()
    world.a_tag("A", parent="FLEET")
    world.a_tag("B", parent="fleet")
    transaction_id = world.starts(station, "A")

    world.services.transactions.stop(station, a_stop(transaction_id, id_token="B"))

    assert world.services.transactions.get(transaction_id).doubts == frozenset()


def test_the_group_that_counts_is_that_of_the_start() -> None:
    world = World()
    station = world.a_station()
    world.a_tag("A", parent="FLEET")
    world.a_tag("B", parent="FLEET")
    transaction_id = world.starts(station, "A")
    world.services.authorization.remove("A")

    world.services.transactions.stop(station, a_stop(transaction_id, id_token="B"))

    assert world.services.transactions.get(transaction_id).doubts == frozenset()


def test_a_stop_that_cannot_be_true_is_stored_with_the_doubts_of_start_and_stop() -> None:
    world = World()
    station = world.a_station()
    transaction_id = world.starts(station, evse=WHOLE_STATION)

    report = a_stop(transaction_id, stopped_at=NOON - HOUR, meter_stop_wh=1)
    world.services.transactions.stop(station, report)

    transaction = world.services.transactions.get(transaction_id)
    assert not transaction.is_active
    assert transaction.energy_wh is None
    assert transaction.doubts == {Doubt.NO_EVSE, Doubt.STOP_BEFORE_START, Doubt.METER_DECREASED}


def test_the_same_stop_told_again_changes_nothing_and_is_answered() -> None:
    world = World()
    station = world.a_station()
    world.a_tag()
    transaction_id = world.starts(station)
    report = a_stop(transaction_id, id_token="TAG", readings=(READING,))
    first = world.services.transactions.stop(station, report)
    stored = world.services.transactions.get(transaction_id)

    world.clock.advance(HOUR)
    again = world.services.transactions.stop(station, report)

    assert again == first
    assert world.services.transactions.get(transaction_id) == stored
    assert len(readings_of(world, transaction_id)) == 1
    assert doubtful_stops_of(world) == []


def test_a_second_stop_with_other_figures_is_kept_aside_and_the_first_stands() -> None:
    world = World()
    station = world.a_station()
    transaction_id = world.starts(station)
    world.services.transactions.stop(station, a_stop(transaction_id, meter_stop_wh=2000))
    first = world.services.transactions.get(transaction_id)

    second = a_stop(transaction_id, meter_stop_wh=500)
    world.services.transactions.stop(station, second)

    assert world.services.transactions.get(transaction_id) == first
    doubts = frozenset({Doubt.STOPPED_AGAIN, Doubt.METER_DECREASED})
    assert doubtful_stops_of(world) == [DoubtfulStop("CP-1", second, doubts, NOON)]


@pytest.mark.parametrize("transaction_id", [-1, 0, 999, 2**62])
def test_a_stop_of_an_unknown_transaction_is_kept_aside_and_answered(transaction_id: int) -> None:
    """OCPP 1.6 errata 3.18: a station that never got an id sends -1."""
    world = World()
    world.a_tag()
    report = a_stop(transaction_id, id_token="TAG")

    verdict = world.services.transactions.stop(world.a_station(), report)

    assert verdict == Verdict(AuthorizationStatus.ACCEPTED)
    [stop] = doubtful_stops_of(world)
    assert stop == DoubtfulStop("CP-1", report, frozenset({Doubt.UNKNOWN_TRANSACTION}), NOON)
    assert transactions_of(world) == []


def test_a_station_cannot_stop_the_transaction_of_another() -> None:
    world = World()
    transaction_id = world.starts(world.a_station("CP-1"))

    world.services.transactions.stop(world.a_station("CP-2"), a_stop(transaction_id))

    assert world.services.transactions.get(transaction_id).is_active
    [stop] = doubtful_stops_of(world)
    assert (stop.station, stop.doubts) == ("CP-2", frozenset({Doubt.UNKNOWN_TRANSACTION}))


def test_a_doubtful_stop_told_again_is_kept_once() -> None:
    world = World()
    station = world.a_station()
    for _ in range(3):
        world.services.transactions.stop(station, a_stop(999, readings=(READING,)))
        world.clock.advance(HOUR)

    assert len(doubtful_stops_of(world)) == 1


def test_the_readings_of_a_doubtful_stop_told_again_are_kept_once() -> None:
    """What is told again because its answer was lost must not be counted twice."""
    world = World()
    station = world.a_station()
    transaction_id = world.starts(station)
    world.services.transactions.stop(station, a_stop(transaction_id))

    for _ in range(3):
        world.services.transactions.stop(station, a_stop(transaction_id, meter_stop_wh=1, readings=(READING,)))

    assert len(readings_of(world, transaction_id)) == 1


# Readings


def test_the_readings_of_a_stop_belong_to_its_transaction() -> None:
    world = World()
    station = world.a_station()
    transaction_id = world.starts(station, evse=EvseId(2))

    world.services.transactions.stop(station, a_stop(transaction_id, readings=(READING,)))

    [stored] = readings_of(world, transaction_id)
    assert stored == StoredReading(EvseId(2), transaction_id, READING, Registers(1500.0, None, None))


def test_readings_are_listed_as_they_were_taken() -> None:
    world = World()
    station = world.a_station()
    transaction_id = world.starts(station)
    later = READING._replace(taken_at=NOON + HOUR)

    world.services.transactions.record_readings(station, EvseId(1), transaction_id, [later])
    world.services.transactions.record_readings(station, EvseId(1), transaction_id, [READING])

    assert [stored.reading for stored in readings_of(world, transaction_id)] == [READING, later]


@pytest.mark.parametrize("transaction_id", [None, 999])
def test_readings_without_a_known_transaction_are_recorded(transaction_id: int | None) -> None:
    world = World()

    world.services.transactions.record_readings(world.a_station(), WHOLE_STATION, transaction_id, [READING])

    assert world.unit.all("SELECT evse, transaction_id FROM meter_value") == [
        (to_number(WHOLE_STATION), transaction_id)
    ]


def test_the_readings_of_another_station_are_none_of_a_transaction() -> None:
    world = World()
    transaction_id = world.starts(world.a_station("CP-1"))

    other = world.a_station("CP-2")
    world.services.transactions.record_readings(other, EvseId(1), transaction_id, [READING])
    world.services.transactions.stop(other, a_stop(transaction_id, readings=(READING,)))

    assert readings_of(world, transaction_id) == []


def test_what_does_not_exist_is_not_found() -> None:
    transactions = World().services.transactions

    with refused(Kind.NOT_FOUND, about="no transaction 5"):
        transactions.get(5)
    with refused(Kind.NOT_FOUND, about="no transaction 5"):
        transactions.readings(5, ALL)
