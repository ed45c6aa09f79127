"""Tests that lists of transactions and what is drawn of them read no table as a whole, and are right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.dialects.postgresql import psycopg as dialect
from sqlalchemy.sql import Select

from forecourt.domain.authorization.model import AuthorizationStatus, IdToken, Verdict
from forecourt.domain.drivers.model import DriverDraft, DriverNumber
from forecourt.domain.evse import EvseId
from forecourt.domain.paging import PageRequest
from forecourt.domain.transactions.metering import Reading, Sample
from forecourt.domain.transactions.model import Now, StartReport, TransactionFilter
from forecourt.storage.connection import Row
from forecourt.storage.database import Database
from forecourt.storage.drivers import DriverRecords
from forecourt.storage.schema import to_micros
from tests.storage.bench import Bench, all_pages
from tests.storage.explaining import explained
from tests.support.clock import NOON

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
ADA = DriverNumber(1)

WANTED = [
    (TransactionFilter(), "PRIMARY KEY"),
    (TransactionFilter(transaction_id=7), "PRIMARY KEY"),
    (TransactionFilter(station="CP-1"), "transaction_of_station"),
    (TransactionFilter(station="CP-1", since=NOON), "transaction_of_station"),
    (TransactionFilter(id_token="Card"), "transaction_of_token"),
    (TransactionFilter(id_token="Card", since=NOON, until=NOON), "transaction_of_token"),
    (TransactionFilter(driver=ADA), "transaction_of_token"),
    (TransactionFilter(is_active=True), "transaction_now"),
    (TransactionFilter(is_active=True, since=NOON), "transaction_now"),
    (TransactionFilter(is_doubtful=True), "transaction_doubtful"),
    (TransactionFilter(is_doubtful=True, until=NOON), "transaction_doubtful"),
    (TransactionFilter(since=NOON), "transaction_by_start"),
    (TransactionFilter(until=NOON), "transaction_by_start"),
    (TransactionFilter(is_active=False, since=NOON, until=NOON), "transaction_by_start"),
]


def start(bench: Bench, key: int, number: int, id_token: str = "Card") -> int:
    report = StartReport(evse=EvseId(1), id_token=id_token, started_at=NOON + number * DAY, meter_start_wh=number)
    with bench.committed():
        return bench.transactions.start(key, report, Verdict(AuthorizationStatus.ACCEPTED), frozenset(), NOON)


def read(bench: Bench, key: int, transaction: int, minute: int, **figures: str) -> None:
    names = {"energy": (None, "Wh"), "power": ("Power.Active.Import", "W"), "soc": ("SoC", "Percent")}
    samples = [Sample(value, None, None, names[name][0], None, None, names[name][1]) for name, value in figures.items()]
    with bench.committed():
        bench.transactions.add_readings(key, EvseId(1), transaction, [Reading(NOON + minute * MINUTE, samples)])


@pytest.mark.parametrize(("wanted", "index"), WANTED)
def test_sqlite_goes_along_an_index(sqlite_database: Database, wanted: TransactionFilter, index: str) -> None:
    with opened(sqlite_database) as bench:
        for page in (PageRequest(50), PageRequest(50, "5"), PageRequest(50, "1700000000000000-5")):
            with bench.reading(), explained(bench) as plans:
                bench.transactions.list(wanted, page)
            assert len(plans) == 1
            steps = [step for step in plans[0].split("; ") if "station_transaction" in step]
            is_by_key = index == "PRIMARY KEY"
            assert all((index in step) or is_by_key for step in steps), plans
            assert is_by_key or not any(step.startswith("SCAN") and "INDEX" not in step for step in steps), plans
            if index in ("PRIMARY KEY", "transaction_by_start", "transaction_now", "transaction_doubtful"):
                assert "TEMP B-TREE" not in plans[0], "all that match would be sorted"


def test_postgresql_goes_along_an_index(postgresql_database: Database) -> None:
    with opened(postgresql_database) as bench:
        fill(bench)
        with bench.reading(), postgresql_plans(bench) as plans:
            for wanted, _index in WANTED:
                bench.transactions.list(wanted, PageRequest(50))
    for (wanted, index), plan in zip(WANTED, plans, strict=True):
        name = "station_transaction_pkey" if index == "PRIMARY KEY" else index
        assert name in plan, f"{wanted}: {plan}"
        assert "Seq Scan on station_transaction" not in plan, f"{wanted}: {plan}"


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_by_time_those_that_began_last_come_first(bench: Bench, limit: int) -> None:
    key = bench.add_station()
    numbers = [start(bench, key, day) for day in (3, 1, 2, 2)][:3]
    same_day = start(bench, bench.add_station("CP-2"), 2)
    with bench.reading():
        found = all_pages(lambda page: bench.transactions.list(TransactionFilter(since=NOON), page), limit)
        assert [one.transaction_id for one in found] == [numbers[0], same_day, numbers[2], numbers[1]]
        within = TransactionFilter(since=NOON + DAY, until=NOON + 2 * DAY)
        assert [one.transaction_id for one in bench.transactions.list(within, PageRequest()).items] == [numbers[1]]
        assert bench.transactions.list(within, PageRequest(10, "nonsense")).items == []


def test_transactions_are_those_of_the_tags_that_a_driver_has_now(bench: Bench) -> None:
    key = bench.add_station()
    with bench.committed():
        ada = DriverRecords(bench.unit).add(DriverDraft(last_name="L"), NOON)
        bench.tokens.add(IdToken(id_token="CARD", driver=ada), NOON)
    hers, _other = start(bench, key, 1), start(bench, key, 2, "Other")
    with bench.reading():
        found = bench.transactions.list(TransactionFilter(driver=ada), PageRequest())
        assert [one.transaction_id for one in found.items] == [hers]
        assert not bench.transactions.list(TransactionFilter(driver=DriverNumber(99)), PageRequest()).items


def test_the_newest_figure_of_each_kind_counts(bench: Bench) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    first, second, third = (start(bench, key, number) for number in range(3))
    read(bench, key, first, 1, energy="10", soc="50")
    read(bench, key, first, 2, power="7000")
    read(bench, key, second, 1, energy="20")
    read(bench, other, first, 3, power="1")  # another station's
    with bench.reading():
        found = bench.transactions.newest_figures([first, second, third])
    assert found == {
        first: Now(7000.0, 10.0, 50.0, NOON + 2 * MINUTE),
        second: Now(None, 20.0, None, NOON + MINUTE),
    }


def test_readings_are_read_bit_by_bit_in_either_direction(bench: Bench) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    number = start(bench, key, 0)
    empty = start(bench, key, 1)
    with bench.committed():
        for minute in range(2345):
            sample = Sample(str(minute), None, None, None, None, None, "Wh")
            reading = Reading(NOON + minute * MINUTE, [sample])
            bench.transactions.add_readings(key, EvseId(1), number, [reading])
    read(bench, other, number, 1, energy="1")
    with bench.reading():
        figures = [*bench.transactions.figures(number)]
        samples = [*bench.transactions.samples(number)]
        newest = [*bench.transactions.samples(number, is_newest_first=True)]
        assert bench.transactions.span_of_readings(number) == (
            NOON.timestamp(),
            (NOON + 2344 * MINUTE).timestamp(),
        )
        assert bench.transactions.span_of_readings(empty) is None
    assert [energy for _at, energy, _power, _soc in figures] == [float(minute) for minute in range(2345)]
    assert [one[0].value for _at, one in samples] == [str(minute) for minute in range(2345)]
    assert newest == samples[::-1]


def test_the_newest_of_a_transaction_are_found_without_the_others(sqlite_database: Database) -> None:
    with opened(sqlite_database) as bench:
        with bench.reading(), explained(bench) as plans:
            bench.transactions.newest_figures([1, 2])
            next(bench.transactions.figures(1), None)
            next(bench.transactions.samples(1, is_newest_first=True), None)
        assert len(plans) == 3
        for plan in plans:
            assert "INDEX meter_value_of_transaction" in plan
            assert "TEMP B-TREE" not in plan


@contextmanager
def opened(database: Database) -> Iterator[Bench]:
    bench = Bench(database)
    try:
        yield bench
    finally:
        bench.close()


@contextmanager
def postgresql_plans(bench: Bench) -> Iterator[list[str]]:
    """The plans of PostgreSQL for everything that is read inside."""
    plans: list[str] = []
    connection = bench.connection
    select = connection.select

    def explain(statement: Select[Any]) -> list[Row]:
        compiled = statement.compile(dialect=dialect.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call]  # not annotated by the library
        plans.append("\n".join(str(row[0]) for row in connection.all(f"EXPLAIN {compiled}")))
        return select(statement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "select", explain)
        yield plans


def fill(bench: Bench) -> None:
    """As many rows as make an index worth it, and what PostgreSQL learns of them."""
    key = bench.add_station()
    with bench.committed():
        bench.unit.execute(
            "INSERT INTO driver (number, first_name, last_name, email, phone, address, language, note, folded_email,"
            " sort_name, added_at) VALUES (1, '', 'L', '', '', '', '', '', '', 'l', 0)"
        )
        bench.tokens.add(IdToken(id_token="card", driver=ADA), NOON)
        bench.unit.execute(
            "INSERT INTO station (identity, description, registration, created_at)"
            " SELECT 'S-' || n, '', 'Accepted', 0 FROM generate_series(1, 500) AS n"
        )
        bench.unit.execute(
            "INSERT INTO station_transaction (station_key, evse, id_token, folded_token, status, started_at,"
            " meter_start_wh, start_received_at, stopped_at, meter_stop_wh, reason, stop_received_at, doubts)"
            " SELECT s.key, 1, 'T' || n % 700, 't' || n % 700, 'Accepted',"
            f" {to_micros(NOON)} + (n - 19000) * CAST(60000000 AS bigint), n, 0,"
            " CASE WHEN n % 500 = 0 THEN NULL ELSE 1 END, 1, 'Local', 1,"
            " CASE WHEN n % 400 = 0 THEN 'otherToken' ELSE '' END"
            " FROM generate_series(1, 20000) AS n JOIN station AS s ON s.identity = 'S-' || (n % 500 + 1)"
        )
        bench.unit.execute("ANALYZE")
    assert key
