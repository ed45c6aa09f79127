"""A transaction whose station is gone is stopped by an operator, until the station says otherwise."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.authorization.model import AuthorizationStatus
from forecourt.domain.errors import Kind
from forecourt.domain.evse import EvseId
from forecourt.domain.transactions.metering import Reading, Sample
from forecourt.domain.transactions.model import Doubt, OperatorStop, OperatorStopDraft, Stop, TransactionFilter
from tests.domain.world import ALL, World, a_start, a_stop, refused
from tests.support.clock import NOON

HOUR = timedelta(hours=1)
DRAFT = OperatorStopDraft(stopped_by="token ops")


def a_reading(energy: str, *, at: timedelta = timedelta(), measurand: str | None = None) -> Reading:
    return Reading(NOON + at, [Sample(energy, None, None, measurand, None, None, None)])


def test_an_operator_ends_a_transaction() -> None:
    world = World()
    station = world.a_station()
    number = world.starts(station)
    world.clock.advance(HOUR)

    draft = OperatorStopDraft(
        stopped_by="token ops", stopped_at=NOON + HOUR / 2, meter_stop_wh=7000, reason="Station removed"
    )
    stopped = world.services.transactions.stop_by_operator(number, draft)

    assert stopped == world.services.transactions.get(number)
    assert not stopped.is_active
    assert stopped.energy_wh == 6000
    assert stopped.doubts == frozenset()
    assert stopped.stop == Stop(
        stopped_at=NOON + HOUR / 2,
        meter_stop_wh=7000,
        reason="Station removed",
        id_token=None,
        received_at=NOON + HOUR,
        stopped_by="token ops",
    )
    assert stopped.operator_stop == OperatorStop(
        stopped_by="token ops",
        stopped_at=NOON + HOUR / 2,
        meter_stop_wh=7000,
        reason="Station removed",
        received_at=NOON + HOUR,
    )


def test_without_figures_it_is_now_with_the_register_of_the_start() -> None:
    world = World()
    number = world.starts(world.a_station())
    world.clock.advance(HOUR)

    stop = world.services.transactions.stop_by_operator(number, DRAFT).stop

    assert stop is not None
    assert (stop.stopped_at, stop.meter_stop_wh, stop.reason) == (NOON + HOUR, 1000, "Other")


def test_without_figures_the_newest_register_counts() -> None:
    world = World()
    station, other = world.a_station(), world.a_station("CP-2")
    number = world.starts(station)
    readings = [
        a_reading("3000.6", at=HOUR),
        a_reading("2000"),
        a_reading("9000", at=2 * HOUR, measurand="Voltage"),
    ]
    world.services.transactions.record_readings(station, EvseId(1), number, readings)
    world.services.transactions.record_readings(other, EvseId(1), number, [a_reading("50000", at=3 * HOUR)])

    stop = world.services.transactions.stop_by_operator(number, DRAFT).stop

    assert stop is not None
    assert stop.meter_stop_wh == 3001


def test_the_token_is_free_again() -> None:
    world = World()
    world.a_tag()
    number = world.starts(world.a_station())
    other = world.a_station("CP-2")
    assert world.services.transactions.start(other, a_start()).verdict.status is AuthorizationStatus.CONCURRENT_TX
    [doubled] = world.services.transactions.list(TransactionFilter(station="CP-2"), ALL).items

    for one in (number, doubled.transaction_id):
        world.services.transactions.stop_by_operator(one, DRAFT)

    verdict = world.services.transactions.start(other, a_start(started_at=NOON + HOUR)).verdict
    assert verdict.status is AuthorizationStatus.ACCEPTED
    assert len(world.services.transactions.list(TransactionFilter(is_active=True), ALL).items) == 1


@pytest.mark.parametrize(
    ("draft", "doubt"),
    [
        (OperatorStopDraft(stopped_by="x", meter_stop_wh=999), Doubt.METER_DECREASED),
        (OperatorStopDraft(stopped_by="x", stopped_at=NOON - HOUR), Doubt.STOP_BEFORE_START),
        (OperatorStopDraft(stopped_by="x", stopped_at=NOON + HOUR), Doubt.FROM_THE_FUTURE),
    ],
)
def test_what_cannot_be_true_is_doubted_as_with_any_stop(draft: OperatorStopDraft, doubt: Doubt) -> None:
    world = World()
    number = world.starts(world.a_station())

    assert world.services.transactions.stop_by_operator(number, draft).doubts == {doubt}


def test_a_transaction_is_stopped_once() -> None:
    world = World()
    station = world.a_station()
    by_station, by_operator = world.starts(station), world.starts(station, evse=EvseId(2))
    world.services.transactions.stop(station, a_stop(by_station))
    world.services.transactions.stop_by_operator(by_operator, DRAFT)

    for number in (by_station, by_operator):
        before = world.services.transactions.get(number)
        with refused(Kind.CONFLICT, about="stopped already"):
            world.services.transactions.stop_by_operator(number, DRAFT)
        assert world.services.transactions.get(number) == before
    with refused(Kind.NOT_FOUND):
        world.services.transactions.stop_by_operator(99, DRAFT)


def test_a_station_that_is_there_is_asked_instead_unless_it_is_forced() -> None:
    world = World()
    station = world.a_station()
    number = world.starts(station)
    world.is_connected(station)

    with refused(Kind.CONFLICT, about="StopCharging"):
        world.services.transactions.stop_by_operator(number, DRAFT)
    forced = OperatorStopDraft(stopped_by="token ops", is_forced=True)

    assert not world.services.transactions.stop_by_operator(number, forced).is_active


def test_the_stations_own_stop_takes_the_place_of_the_operators() -> None:
    world = World()
    station = world.a_station()
    number = world.starts(station)
    world.services.transactions.stop_by_operator(number, OperatorStopDraft(stopped_by="token ops", meter_stop_wh=1))
    operators = world.services.transactions.get(number).operator_stop
    world.clock.advance(HOUR)

    report = a_stop(number, meter_stop_wh=4000, reason="PowerLoss", readings=(a_reading("4000"),))
    world.services.transactions.stop(station, report)

    transaction = world.services.transactions.get(number)
    assert transaction.stop is not None
    assert (transaction.stop.stopped_by, transaction.stop.meter_stop_wh) == (None, 4000)
    assert (transaction.stop.reason, transaction.stop.received_at) == ("PowerLoss", NOON + HOUR)
    assert transaction.operator_stop == operators
    assert transaction.doubts == frozenset()
    assert list(world.services.transactions.list_doubtful_stops(ALL).items) == []
    assert len(world.services.transactions.readings(number, ALL).items) == 1


def test_the_stations_own_stop_counts_also_when_it_says_the_same() -> None:
    world = World()
    station = world.a_station()
    number = world.starts(station)
    world.services.transactions.stop_by_operator(
        number, OperatorStopDraft(stopped_by="token ops", stopped_at=NOON, meter_stop_wh=2000)
    )

    for _ in range(2):
        world.services.transactions.stop(station, a_stop(number, readings=(a_reading("2000"),)))

    stop = world.services.transactions.get(number).stop
    assert stop is not None
    assert stop.stopped_by is None
    assert len(world.services.transactions.readings(number, ALL).items) == 1


def test_after_the_stations_own_stop_another_one_is_doubtful_as_ever() -> None:
    world = World()
    station = world.a_station()
    number = world.starts(station)
    world.services.transactions.stop_by_operator(number, DRAFT)
    world.services.transactions.stop(station, a_stop(number, meter_stop_wh=4000))

    world.services.transactions.stop(station, a_stop(number, meter_stop_wh=5000))

    [doubtful] = world.services.transactions.list_doubtful_stops(ALL).items
    assert doubtful.doubts == {Doubt.STOPPED_AGAIN}


def test_doubts_of_the_start_outlive_the_operators_stop() -> None:
    world = World()
    station = world.a_station()
    number = world.starts(station, started_at=NOON + HOUR)
    world.services.transactions.stop_by_operator(number, DRAFT)
    assert world.services.transactions.get(number).doubts == {Doubt.FROM_THE_FUTURE, Doubt.STOP_BEFORE_START}
    world.clock.advance(2 * HOUR)

    world.services.transactions.stop(station, a_stop(number, stopped_at=NOON + 2 * HOUR))

    assert world.services.transactions.get(number).doubts == {Doubt.FROM_THE_FUTURE}
