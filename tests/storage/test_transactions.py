"""Tests of transactions in the database, against the promises of TransactionStore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forecourt.domain.authorization.model import AuthorizationStatus, Verdict
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import LinkId
from forecourt.domain.transactions.metering import Reading, Sample
from forecourt.domain.transactions.model import (
    Doubt,
    DoubtfulStop,
    OperatorStop,
    StartReport,
    Stop,
    StopReport,
    Transaction,
    TransactionFilter,
)
from tests.storage.bench import HIGHEST, LOWEST, Bench, all_pages
from tests.support.clock import NOON

ACCEPTED = Verdict(AuthorizationStatus.ACCEPTED)
START = StartReport(evse=EvseId(1), id_token="Card", started_at=NOON, meter_start_wh=100)
STOP = Stop(stopped_at=NOON + timedelta(hours=1), meter_stop_wh=5000, reason="Local", id_token="Card", received_at=NOON)
NOTHING: frozenset[Doubt] = frozenset()
EDGES = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)]


def start(bench: Bench, key: int, report: StartReport = START, verdict: Verdict = ACCEPTED) -> int:
    with bench.committed():
        return bench.transactions.start(key, report, verdict, NOTHING, NOON)


def stop(bench: Bench, transaction_id: int, ending: Stop = STOP, doubts: frozenset[Doubt] = NOTHING) -> None:
    with bench.committed():
        bench.transactions.stop(transaction_id, ending, doubts)


def find(bench: Bench, transaction_id: int, station_key: int | None = None) -> Transaction | None:
    with bench.reading():
        return bench.transactions.find(transaction_id, station_key=station_key)


def listed(bench: Bench, wanted: TransactionFilter, limit: int = 2) -> list[int]:
    with bench.reading():
        found = all_pages(lambda page: bench.transactions.list(wanted, page), limit)
    return [one.transaction_id for one in found]


@pytest.mark.parametrize("at", [*EDGES, NOON])
@pytest.mark.parametrize(
    "figures", [(HIGHEST, HIGHEST, "🔌 it's", "Group"), (LOWEST, LOWEST, "%_\\", None), (0, None, "", None)]
)
def test_a_start_is_kept_exactly(bench: Bench, at: datetime, figures: tuple[int, int | None, str, str | None]) -> None:
    key = bench.add_station()
    meter, reservation, token, parent = figures
    report = StartReport(
        evse=WHOLE_STATION, id_token=token, started_at=at, meter_start_wh=meter, reservation_id=reservation
    )
    doubts = frozenset(Doubt)
    with bench.committed():
        verdict = Verdict(AuthorizationStatus.CONCURRENT_TX, NOON, parent)
        identifier = bench.transactions.start(key, report, verdict, doubts, at)
    found = Transaction(
        transaction_id=identifier,
        station="CP-1",
        evse=WHOLE_STATION,
        id_token=token,
        parent=parent,
        status=AuthorizationStatus.CONCURRENT_TX,
        started_at=at,
        meter_start_wh=meter,
        reservation_id=reservation,
        start_received_at=at,
        stop=None,
        doubts=doubts,
    )
    assert find(bench, identifier) == found
    with bench.reading():
        assert bench.transactions.list(TransactionFilter(), PageRequest()).items == [found]


@pytest.mark.parametrize(
    "ending",
    [
        STOP,
        replace(STOP, id_token=None, meter_stop_wh=LOWEST, stopped_at=EDGES[0]),
        replace(STOP, reason="🔌 it's", meter_stop_wh=HIGHEST, stopped_at=EDGES[1], received_at=EDGES[1]),
    ],
)
def test_a_stop_is_kept_exactly(bench: Bench, ending: Stop) -> None:
    identifier = start(bench, bench.add_station())
    other = start(bench, bench.add_station("CP-2"))
    stop(bench, identifier, ending, frozenset({Doubt.METER_DECREASED}))
    found = find(bench, identifier)
    assert found is not None
    assert (found.stop, found.doubts) == (ending, frozenset({Doubt.METER_DECREASED}))
    unstopped = find(bench, other)
    assert unstopped is not None
    assert unstopped.is_active


OPERATOR = OperatorStop(
    stopped_by="token ops", stopped_at=NOON, meter_stop_wh=HIGHEST, reason="🔌 it's", received_at=EDGES[1]
)


def test_the_requests_that_began_and_ended_it_are_kept(bench: Bench) -> None:
    key = bench.add_station()
    with bench.committed():
        identifier = bench.transactions.start(key, START, ACCEPTED, NOTHING, NOON, remote_start=HIGHEST)
    with bench.committed():
        bench.transactions.stop(identifier, STOP, NOTHING, remote_stop=7)
    found = find(bench, identifier)
    assert found is not None
    assert (found.remote_start, found.remote_stop) == (HIGHEST, 7)


def test_a_stop_by_an_operator_is_kept_exactly_and_once(bench: Bench) -> None:
    identifier, other = start(bench, bench.add_station()), start(bench, bench.add_station("CP-2"))
    with bench.committed():
        assert bench.transactions.stop_by_operator(identifier, OPERATOR, frozenset({Doubt.METER_DECREASED}))
    with bench.committed():
        assert not bench.transactions.stop_by_operator(identifier, replace(OPERATOR, meter_stop_wh=1), NOTHING)
        assert not bench.transactions.stop_by_operator(other + 1, OPERATOR, NOTHING)
    found = find(bench, identifier)
    assert found is not None
    assert found.operator_stop == OPERATOR
    assert found.doubts == {Doubt.METER_DECREASED}
    assert found.stop == Stop(
        stopped_at=OPERATOR.stopped_at,
        meter_stop_wh=OPERATOR.meter_stop_wh,
        reason=OPERATOR.reason,
        id_token=None,
        received_at=OPERATOR.received_at,
        stopped_by="token ops",
    )
    assert listed(bench, TransactionFilter(is_active=True)) == [other]


def test_the_stop_of_a_station_takes_the_place_of_an_operators(bench: Bench) -> None:
    identifier = start(bench, bench.add_station())
    with bench.committed():
        bench.transactions.stop_by_operator(identifier, OPERATOR, frozenset({Doubt.METER_DECREASED}))
    stop(bench, identifier)
    found = find(bench, identifier)
    assert found is not None
    assert (found.stop, found.operator_stop, found.doubts) == (STOP, OPERATOR, NOTHING)


def test_the_newest_energy_of_a_transaction_is_that_of_its_own_station(bench: Bench) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    identifier, silent = start(bench, key), start(bench, other)
    with bench.committed():
        for station, minute, energy in [(key, 2, "7.5"), (key, 1, "5"), (key, 3, "none"), (other, 4, "9")]:
            sample = Sample(energy, None, None, None, None, None, None)
            reading = Reading(NOON + timedelta(minutes=minute), [sample])
            bench.transactions.add_readings(station, EvseId(1), identifier, [reading])
    with bench.reading():
        assert bench.transactions.newest_energy_wh(identifier) == 7.5
        assert bench.transactions.newest_energy_wh(silent) is None


def test_a_transaction_knows_whether_its_station_is_connected(bench: Bench) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    here, there = start(bench, key), start(bench, other)
    with bench.committed():
        bench.links.open(key, LinkId(1), node="node", address="::1", subprotocol="ocpp1.6", at=NOON)
    with bench.reading():
        assert (bench.transactions.is_online(here), bench.transactions.is_online(there)) == (True, False)
    with bench.committed():
        bench.links.close(key, LinkId(1))
    with bench.reading():
        assert not bench.transactions.is_online(here)


def test_the_same_start_told_twice_is_one_transaction(bench: Bench) -> None:
    key = bench.add_station()
    first = start(bench, key)
    assert start(bench, key) == first
    with bench.committed():
        again = [bench.transactions.start(key, START, ACCEPTED, NOTHING, NOON) for _ in range(2)]
    assert again == [first, first]
    stop(bench, first)
    assert start(bench, key) == first, "also after its stop"
    assert bench.count("station_transaction") == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(START, evse=EvseId(2)),
        replace(START, id_token="Card2"),
        replace(START, started_at=NOON + timedelta(microseconds=1)),
        replace(START, meter_start_wh=101),
    ],
)
def test_a_start_that_differs_is_another_transaction(bench: Bench, other: StartReport) -> None:
    key = bench.add_station()
    assert start(bench, key) != start(bench, key, other)


def test_the_same_start_of_another_station_is_another_transaction(bench: Bench) -> None:
    assert start(bench, bench.add_station("CP-1")) != start(bench, bench.add_station("CP-2"))


def test_ids_are_above_zero_and_never_used_again(bench: Bench) -> None:
    key = bench.add_station()
    seen = []
    for number in range(3):
        seen.append(start(bench, key, replace(START, meter_start_wh=number)))
        with bench.committed():
            bench.connection.execute("DELETE FROM station_transaction WHERE id = ?", (seen[-1],))
    assert seen[0] > 0
    assert seen == sorted(set(seen))


def test_a_start_that_was_taken_back_leaves_nothing(bench: Bench) -> None:
    key = bench.add_station()
    bench.connection.begin()
    bench.transactions.start(key, START, ACCEPTED, NOTHING, NOON)
    bench.connection.rollback()
    bench.unit.forget()
    assert bench.count("station_transaction") == 0
    assert start(bench, key) > 0


def test_a_transaction_is_found_for_its_own_station_only(bench: Bench) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    identifier = start(bench, key)
    assert find(bench, identifier, key) == find(bench, identifier)
    assert find(bench, identifier, other) is None
    assert find(bench, identifier + 1) is None
    assert find(bench, HIGHEST) is None
    assert find(bench, LOWEST) is None


def test_active_transactions_are_counted_elsewhere_than_at_one_evse(bench: Bench) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    start(bench, key)
    start(bench, key, replace(START, evse=EvseId(2), id_token="CARD"))
    start(bench, other, replace(START, evse=WHOLE_STATION, id_token="card"))
    start(bench, other, replace(START, id_token="Card2"))
    stopped = start(bench, other, replace(START, evse=EvseId(3)))
    stop(bench, stopped)
    with bench.reading():
        count = bench.transactions.count_active
        assert count("cARD", elsewhere_than=(key, EvseId(1))) == 2
        assert count("Card", elsewhere_than=(key, WHOLE_STATION)) == 3
        assert count("Card", elsewhere_than=(other, WHOLE_STATION)) == 2
        assert count("nobody", elsewhere_than=(key, EvseId(1))) == 0


# Lists


def ten(bench: Bench) -> list[int]:
    """Ten transactions, an hour apart: even ones of CP-0 and stopped, every fifth doubtful."""
    keys = [bench.add_station("CP-0"), bench.add_station("CP-1")]
    found = []
    for number in range(10):
        report = StartReport(
            evse=EvseId(1 + number % 3),
            id_token="Card" if number % 4 else "CARD2",
            started_at=NOON + timedelta(hours=number),
            meter_start_wh=0,
        )
        found.append(start(bench, keys[number % 2], report))
        if number % 2 == 0:
            stop(bench, found[-1], doubts=frozenset({Doubt.METER_DECREASED}) if number % 5 == 0 else NOTHING)
    return found


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (TransactionFilter(), range(10)),
        (TransactionFilter(station="CP-1"), [1, 3, 5, 7, 9]),
        (TransactionFilter(station="CP"), []),
        (TransactionFilter(evse=EvseId(1)), [0, 3, 6, 9]),
        (TransactionFilter(evse=WHOLE_STATION), []),
        (TransactionFilter(id_token="card2"), [0, 4, 8]),
        (TransactionFilter(is_active=True), [1, 3, 5, 7, 9]),
        (TransactionFilter(is_active=False), [0, 2, 4, 6, 8]),
        (TransactionFilter(is_doubtful=True), [0]),
        (TransactionFilter(is_doubtful=False), range(1, 10)),
        (TransactionFilter(since=NOON + timedelta(hours=7)), [7, 8, 9]),
        (TransactionFilter(until=NOON + timedelta(hours=2)), [0, 1]),
        (TransactionFilter(since=EDGES[0], until=EDGES[1]), range(10)),
        (TransactionFilter(station="CP-0", evse=EvseId(1), id_token="Card", is_active=False), [6]),
        (TransactionFilter(station="CP-0", is_active=True), []),
        (TransactionFilter(since=NOON + timedelta(hours=3), until=NOON + timedelta(hours=8), evse=EvseId(2)), [4, 7]),
    ],
)
def test_filters_are_combined_and_the_newest_comes_first(
    bench: Bench, wanted: TransactionFilter, numbers: Sequence[int]
) -> None:
    identifiers = ten(bench)
    assert listed(bench, wanted) == [identifiers[number] for number in reversed(numbers)]
    assert listed(bench, wanted, limit=100) == [identifiers[number] for number in reversed(numbers)]


@pytest.mark.parametrize("after", ["nonsense", "-1", "0", "9" * 40, "٣"])
def test_a_position_that_no_list_gave_asks_for_nothing_or_for_what_is_older(bench: Bench, after: str) -> None:
    identifiers = ten(bench)
    with bench.reading():
        page = bench.transactions.list(TransactionFilter(), PageRequest(10, after))
    assert {one.transaction_id for one in page.items} <= set(identifiers[:2])


def test_transactions_of_a_removed_station_stay(bench: Bench) -> None:
    key = bench.add_station()
    identifier = start(bench, key)
    with bench.committed():
        bench.stations.remove(key, NOON)
    assert listed(bench, TransactionFilter(station="CP-1")) == [identifier]
    assert find(bench, identifier) is not None


# Doubtful stops


def a_stop_report(**changes: object) -> StopReport:
    values: dict[str, object] = {
        "transaction_id": 7,
        "stopped_at": NOON,
        "meter_stop_wh": 1,
        "reason": "Local",
        "id_token": "Card",
    }
    return StopReport(**(values | changes))  # type: ignore[arg-type]  # the names and types are those of StopReport


def test_a_doubtful_stop_is_kept_exactly_and_once(bench: Bench) -> None:
    key = bench.add_station()
    edge = a_stop_report(transaction_id=LOWEST, stopped_at=EDGES[0], meter_stop_wh=HIGHEST, id_token=None)
    for report in (a_stop_report(), edge, a_stop_report()):
        with bench.committed():
            bench.transactions.add_doubtful_stop(key, report, frozenset(Doubt), NOON)
    with bench.reading():
        found = all_pages(bench.transactions.doubtful_stops, 1)
    assert found == [DoubtfulStop("CP-1", report, frozenset(Doubt), NOON) for report in (edge, a_stop_report())]


@pytest.mark.parametrize(
    "change", [{"transaction_id": 8}, {"stopped_at": NOON + timedelta(seconds=1)}, {"meter_stop_wh": 2}]
)
def test_doubtful_stops_that_differ_are_all_kept(bench: Bench, change: dict[str, object]) -> None:
    key = bench.add_station()
    with bench.committed():
        for report in (a_stop_report(), a_stop_report(**change)):
            bench.transactions.add_doubtful_stop(key, report, frozenset({Doubt.UNKNOWN_TRANSACTION}), NOON)
    assert bench.count("doubtful_stop") == 2
