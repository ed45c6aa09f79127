"""Tests of meter values in the database: every reading comes back as it was sent, in the order of its times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from forecourt.domain.authorization.model import AuthorizationStatus, Verdict
from forecourt.domain.evse import WHOLE_STATION, EvseId, Place
from forecourt.domain.paging import PageRequest
from forecourt.domain.transactions.metering import Reading, Registers, Sample, StoredReading
from forecourt.domain.transactions.model import StartReport
from tests.storage.bench import HIGHEST, UNUSUAL_TEXTS, Bench, all_pages
from tests.support.clock import NOON

FIRST = EvseId(1)


def a_sample(value: str = "1", measurand: str | None = None, unit: str | None = None) -> Sample:
    return Sample(value, None, None, measurand, None, None, unit)


def a_transaction(bench: Bench, key: int, meter: int = 0) -> int:
    report = StartReport(evse=EvseId(1), id_token="Card", started_at=NOON, meter_start_wh=meter)
    with bench.committed():
        return bench.transactions.start(key, report, Verdict(AuthorizationStatus.ACCEPTED), frozenset(), NOON)


def add(bench: Bench, key: int, transaction: int | None, *readings: Reading, place: Place = FIRST) -> None:
    with bench.committed():
        bench.transactions.add_readings(key, place, transaction, readings)


def stored(bench: Bench, transaction: int, limit: int = 2) -> Sequence[StoredReading]:
    with bench.reading():
        return all_pages(lambda page: bench.transactions.readings(transaction, page), limit)


@pytest.mark.parametrize("text", UNUSUAL_TEXTS)
def test_samples_are_kept_word_for_word(bench: Bench, text: str) -> None:
    key = bench.add_station()
    transaction = a_transaction(bench, key)
    samples = [Sample(text, text, text, text, text, text, text), Sample(text, None, None, None, None, None, None)]
    add(bench, key, transaction, Reading(NOON, samples), place=WHOLE_STATION)
    [found] = stored(bench, transaction)
    assert (found.place, found.transaction_id, found.reading) == (WHOLE_STATION, transaction, Reading(NOON, samples))


def test_figures_of_interest_are_kept_in_base_units(bench: Bench) -> None:
    key = bench.add_station()
    transaction = a_transaction(bench, key)
    samples = [a_sample("1.5", None, "kWh"), a_sample("7", "Power.Active.Import", "kW"), a_sample("88.5", "SoC")]
    add(bench, key, transaction, Reading(NOON, samples), Reading(NOON, []), Reading(NOON, [a_sample("no number")]))
    assert [one.registers for one in stored(bench, transaction)] == [
        Registers(1500.0, 7000.0, 88.5),
        Registers(None, None, None),
        Registers(None, None, None),
    ]


def test_readings_come_oldest_first_and_ties_in_the_order_of_arrival(bench: Bench) -> None:
    key = bench.add_station()
    transaction = a_transaction(bench, key)
    edges = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)]
    times = [NOON, edges[1], edges[0], NOON, NOON, NOON - timedelta(microseconds=1), NOON, NOON]
    add(bench, key, transaction, *[Reading(at, [a_sample(str(n))]) for n, at in enumerate(times[:5])])
    add(bench, key, transaction, *[Reading(at, [a_sample(str(n))]) for n, at in enumerate(times[5:], 5)])
    for limit in (1, 2, 3, 8, 100):
        found = [one.reading.samples[0].value for one in stored(bench, transaction, limit)]
        assert found == ["2", "5", "0", "3", "4", "6", "7", "1"]


def test_readings_before_1970_have_a_next_page(bench: Bench) -> None:
    key = bench.add_station()
    transaction = a_transaction(bench, key)
    times = [datetime(1950, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(5)]
    add(bench, key, transaction, *[Reading(at, []) for at in times])
    assert [one.reading.taken_at for one in stored(bench, transaction, 1)] == times


def test_only_readings_of_this_transaction_and_its_station_are_listed(bench: Bench) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    mine, second = a_transaction(bench, key), a_transaction(bench, key, 1)
    for station, transaction in ((key, mine), (key, second), (other, mine), (key, None), (key, HIGHEST)):
        add(bench, station, transaction, Reading(NOON, [a_sample(f"{station} {transaction}")]))
    assert [one.reading.samples[0].value for one in stored(bench, mine)] == [f"{key} {mine}"]
    assert bench.count("meter_value") == 5, "readings of no known transaction are kept all the same"


@pytest.mark.parametrize("after", ["nonsense", "1", "-", f"{9 * 10**30}-1", f"0-{9 * 10**30}", "--1-1"])
def test_a_position_that_no_list_gave_asks_for_nothing(bench: Bench, after: str) -> None:
    key = bench.add_station()
    transaction = a_transaction(bench, key)
    add(bench, key, transaction, Reading(datetime(1960, 1, 1, tzinfo=UTC), []))
    with bench.reading():
        assert bench.transactions.readings(transaction, PageRequest(10, after)).items == []


def test_many_readings_of_one_message_are_written_together(bench: Bench) -> None:
    key = bench.add_station()
    transaction = a_transaction(bench, key)
    readings = [Reading(NOON + timedelta(seconds=second), [a_sample(str(second))]) for second in range(3000)]
    add(bench, key, transaction, *readings)
    assert [one.reading for one in stored(bench, transaction, 1000)] == readings
