"""Tests of alarms in the database, against the promises of AlarmStore."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from forecourt.domain.alarms.model import AlarmFilter, AlarmNumber, Level, Raised, Topic
from forecourt.domain.paging import PageRequest
from forecourt.storage.alarms import AlarmRecords
from forecourt.storage.database import Database
from tests.storage.bench import UNUSUAL_TEXTS, Bench, all_pages
from tests.support.clock import NOON

MINUTE = timedelta(minutes=1)
_ALL = PageRequest(1000)


def raise_(
    bench: Bench, subject: str = "acme", *, topic: Topic = Topic.AUTHORITY, level: Level = Level.WARNING
) -> None:
    with bench.committed():
        AlarmRecords(bench.unit).raise_(topic, subject, level, "It is silent.", NOON)


def listed(bench: Bench, wanted: AlarmFilter | None = None) -> list[str]:
    records = AlarmRecords(bench.unit)
    with bench.reading():
        return [one.subject for one in all_pages(lambda page: records.list(wanted or AlarmFilter(), page), 2)]


@pytest.mark.parametrize("unusual", UNUSUAL_TEXTS)
def test_texts_are_kept_as_they_are(bench: Bench, unusual: str) -> None:
    subject = unusual[:255]
    with bench.committed():
        records = AlarmRecords(bench.unit)
        assert records.raise_(Topic.FILES, subject, Level.CRITICAL, unusual, NOON) is Raised.RAISED
        assert records.raise_(Topic.FILES, subject, Level.CRITICAL, unusual, NOON + MINUTE) is Raised.UNCHANGED
    with bench.reading():
        (found,) = AlarmRecords(bench.unit).list(AlarmFilter(), page=_ALL).items
    assert (found.subject, found.sentence, found.raised_at, found.changed_at) == (subject, unusual, NOON, NOON)


def test_alarms_are_listed_by_what_they_are(bench: Bench) -> None:
    raise_(bench, "a")
    raise_(bench, "b", topic=Topic.OWN_CA)
    raise_(bench, "c", level=Level.CRITICAL)
    with bench.committed():
        records = AlarmRecords(bench.unit)
        assert records.end(Topic.AUTHORITY, "a", NOON + MINUTE)
        assert not records.end(Topic.AUTHORITY, "a", NOON + MINUTE)
        assert records.acknowledge(AlarmNumber(_number_of(bench, "b")), "ops", NOON)
    assert listed(bench) == ["c", "b", "a"]
    assert listed(bench, AlarmFilter(topics=frozenset({Topic.AUTHORITY}))) == ["c", "a"]
    assert listed(bench, AlarmFilter(subject="b")) == ["b"]
    assert listed(bench, AlarmFilter(level=Level.WARNING)) == ["b", "a"]
    assert listed(bench, AlarmFilter(is_open=True)) == ["c", "b"]
    assert listed(bench, AlarmFilter(is_open=False)) == ["a"]
    assert listed(bench, AlarmFilter(is_acknowledged=True)) == ["b"]
    assert listed(bench, AlarmFilter(is_acknowledged=False, is_open=True)) == ["c"]
    assert listed(bench, AlarmFilter(since=NOON + MINUTE)) == []
    assert listed(bench, AlarmFilter(until=NOON + MINUTE)) == ["c", "b", "a"]


def test_two_nodes_that_raise_the_same_at_the_same_time_open_one(postgresql_database: Database) -> None:
    """The second waits for the first and finds its alarm, though it read before that there is none."""
    first, second = Bench(postgresql_database), Bench(postgresql_database)
    other = threading.Thread(target=lambda: raise_(second))
    with first.committed():
        AlarmRecords(first.unit).raise_(Topic.AUTHORITY, "acme", Level.WARNING, "It is silent.", NOON)
        other.start()
        other.join(0.2)
        assert other.is_alive(), "it waits for the first to commit"
    other.join(10)
    assert listed(first) == ["acme"]
    first.close()
    second.close()


def _number_of(bench: Bench, subject: str) -> int:
    row = bench.connection.one("SELECT number FROM alarm WHERE subject = ?", (subject,))
    assert row is not None
    return int(row[0])
