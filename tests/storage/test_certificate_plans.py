"""What is asked every few seconds, or at each answer of a station, is found by indexes, also with statistics."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from forecourt.domain.certificates.model import OrderNumber
from forecourt.domain.errands.model import ErrandNumber
from forecourt.storage.certificates import CertificateRecords
from forecourt.storage.connection import Parameters, Row
from forecourt.storage.database import Database
from forecourt.storage.unit_of_work import Unit
from tests.storage.bench import Bench

STATIONS = 300


class Explaining(Unit):
    """Remembers how the database looks for what it is asked."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench.connection)
        self.plan: list[str] = []

    def all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        self.plan += [str(row[3]) for row in super().all(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        return super().all(sql, parameters)

    def one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        return next(iter(self.all(sql, parameters)), None)


@pytest.fixture
def unit(sqlite_database: Database) -> Iterator[Explaining]:
    """A fleet in which every station uses the second certificate that it got, and the first is revoked. No order was
    sent twice."""
    bench = Bench(sqlite_database)
    with bench.committed():
        for statement in _FLEET:
            bench.unit.execute(statement)
    bench.connection.begin()
    bench.connection.execute("ANALYZE")
    bench.connection.commit()
    bench.close()
    bench = Bench(sqlite_database)  # statistics count for connections that are opened after them
    with bench.reading():
        yield Explaining(bench)
    bench.close()


def test_sheets_that_rest_on_what_was_revoked_lately(unit: Explaining) -> None:
    assert list(CertificateRecords(unit).misjudged(STATIONS - 3, 20)) == []
    assert_no_scan(unit)


def test_the_order_whose_certificate_an_errand_brings(unit: Explaining) -> None:
    found = CertificateRecords(unit).delivered_with(ErrandNumber(7))
    assert found is not None
    assert found.number == OrderNumber(7)
    assert_no_scan(unit)


def assert_no_scan(unit: Explaining) -> None:
    assert unit.plan
    assert not [step for step in unit.plan if step.startswith("SCAN")], unit.plan


_NUMBERS = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {2 * STATIONS})"
_FLEET = (
    f"""
    INSERT INTO station (key, identity, registration, description, created_at)
    {_NUMBERS} SELECT i, 'CP-' || i, 'Accepted', '', 0 FROM n WHERE i <= {STATIONS}
    """,
    f"""
    INSERT INTO certificate_order (station_key, occasion, state, asked_by, asked_at, changed_at, deliver_errand, chain,
        fingerprint, issuer_hash, serial, not_after, deliveries, taken)
    {_NUMBERS} SELECT 1 + (i - 1) % {STATIONS}, 'renewal', 'used', 'ops', i, i, i, '',
        'f' || i, 'issuer', 's' || i, 1000 + i, 1, 'yes' FROM n
    """,
    f"""
    INSERT INTO revoked_certificate (issuer_hash, serial, subject, reason, revoked_by, revoked_at, not_after)
    SELECT issuer_hash, serial, '', '', 'ops', 0, not_after FROM certificate_order WHERE number <= {STATIONS}
    """,
    f"""
    INSERT INTO station_certificate (station_key, fingerprint, subject, issuer, issuer_hash, serial, covered_until,
        cover_issuer_hash, cover_serial, alarm_step, failures, requests)
    SELECT station_key, fingerprint, '', '', issuer_hash, serial, not_after, issuer_hash, serial, 0, 0, 0
    FROM certificate_order WHERE number > {STATIONS}
    """,
)
