"""Tests of the security log in the database, against the promises of SecurityLogStore."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from forecourt.domain.paging import PageRequest
from forecourt.domain.security.model import SecurityEvent, SecurityEventFilter
from forecourt.domain.security_log.model import Kind, Note, NoteFilter
from forecourt.storage import tails
from forecourt.storage.database import Database
from forecourt.storage.security_log import SecurityLogRecords
from forecourt.storage.tails import PAGE
from tests.storage.bench import UNUSUAL_TEXTS, Bench, all_pages
from tests.support.clock import NOON

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
LATER = NOON + HOUR


def a_note(reason: str = "Wrong.", *, kind: Kind = Kind.CREDENTIALS_WRONG, station: str | None = "CP-1") -> Note:
    return Note(kind=kind, reason=reason, station=station, address="192.0.2.1")


def add(bench: Bench, *notes: Note, at: datetime = NOON) -> None:
    with bench.committed():
        for note in notes:
            SecurityLogRecords(bench.unit).add(note, at)


def write_in_vain(bench: Bench) -> None:
    """Write an entry and take it back: on PostgreSQL its number is used up."""
    bench.connection.begin()
    SecurityLogRecords(bench.unit).add(a_note("in vain"), NOON)
    bench.unit.keep()
    bench.unit.flush_all()
    bench.connection.rollback()
    bench.unit.forget()


def listed(bench: Bench, wanted: NoteFilter | None = None) -> list[str]:
    log = SecurityLogRecords(bench.unit)
    with bench.reading():
        return [one.note.reason for one in all_pages(lambda page: log.list(wanted or NoteFilter(), page), 2)]


def start(bench: Bench, *, committed_before: datetime = LATER) -> int:
    """Where somebody begins to follow; nothing else is being written, unless it is said."""
    with bench.reading():
        return SecurityLogRecords(bench.unit).settled(committed_before=committed_before)


def after(bench: Bench, number: int, *, committed_before: datetime = NOON, limit: int = 100) -> tuple[list[str], int]:
    with bench.reading():
        tail = SecurityLogRecords(bench.unit).after(number, NoteFilter(), limit, committed_before=committed_before)
    return [one.note.reason for one in tail.items], tail.reached


@pytest.mark.parametrize("text", UNUSUAL_TEXTS)
def test_an_entry_is_kept_exactly(bench: Bench, text: str) -> None:
    note = Note(kind=Kind.UNKNOWN_STATION, reason=text, station=text, address=text, asked_by=text, count=2**40)
    add(bench, note, Note(kind=Kind.TLS_REFUSED, reason=""), at=LATER)
    with bench.reading():
        second, first = SecurityLogRecords(bench.unit).list(NoteFilter(), PageRequest()).items
    assert (first.note, first.at) == (note, LATER)
    assert second.note == Note(kind=Kind.TLS_REFUSED, reason="")


def test_entries_are_found_by_what_they_are_newest_first(bench: Bench) -> None:
    add(bench, a_note("a"), a_note("b", station="CP-2"), a_note("c", kind=Kind.PASSWORD_SET))
    add(bench, Note(kind=Kind.POLICY_CHANGED, reason="d", address="::1"), at=LATER)
    assert listed(bench) == ["d", "c", "b", "a"]
    assert listed(bench, NoteFilter(station="CP-1")) == ["c", "a"]
    assert listed(bench, NoteFilter(kinds=frozenset({Kind.PASSWORD_SET, Kind.POLICY_CHANGED}))) == ["d", "c"]
    assert listed(bench, NoteFilter(address="::1")) == ["d"]
    assert listed(bench, NoteFilter(since=NOON + SECOND)) == ["d"]
    assert listed(bench, NoteFilter(since=NOON, until=LATER)) == ["c", "b", "a"]


def test_entries_that_go_with_their_unit_are_gone(bench: Bench) -> None:
    write_in_vain(bench)
    assert listed(bench) == []


def test_only_the_oldest_of_their_kind_are_forgotten(bench: Bench) -> None:
    add(bench, a_note("other", kind=Kind.TLS_REFUSED), *(a_note(str(n)) for n in range(5)))
    with bench.committed():
        SecurityLogRecords(bench.unit).prune([Kind.CREDENTIALS_WRONG], keep=3)
    assert listed(bench) == ["4", "3", "2", "other"]
    with bench.committed():
        SecurityLogRecords(bench.unit).prune([Kind.CREDENTIALS_WRONG, Kind.TLS_REFUSED], keep=3)
    assert listed(bench) == ["4", "3", "2", "other"]


def test_whoever_follows_reads_page_by_page(bench: Bench) -> None:
    add(bench, a_note("before"))
    number = start(bench)
    add(bench, *(a_note(str(n)) for n in range(5)))
    told: list[str] = []
    for _ in range(4):
        reasons, number = after(bench, number, limit=2)
        told += reasons
    assert told == ["0", "1", "2", "3", "4"]
    assert start(bench) == number


def test_of_an_empty_log_everything_is_still_to_come(bench: Bench) -> None:
    assert start(bench) == 0
    assert after(bench, 0) == ([], 0)


@pytest.fixture
def two_writers(postgresql_database: Database) -> Iterator[tuple[Bench, Bench]]:
    one, other = Bench(postgresql_database), Bench(postgresql_database)
    yield one, other
    one.close()
    other.close()


def test_an_entry_that_is_committed_late_is_told_once_and_before_those_after_it(
    two_writers: tuple[Bench, Bench],
) -> None:
    """PostgreSQL gives a number before the commit: the higher one may come into sight first."""
    slow, quick = two_writers
    add(quick, a_note("first"))
    number = start(quick)
    with slow.committed():
        SecurityLogRecords(slow.unit).add(a_note("slow"), NOON)
        slow.unit.keep()
        slow.unit.flush_all()
        slow.unit.forget()
        add(quick, a_note("quick"))
        assert after(quick, number) == ([], number)
    reasons, number = after(quick, number)
    assert reasons == ["slow", "quick"]
    assert after(quick, number) == ([], number)


def test_a_number_that_nobody_has_holds_up_for_a_moment_only(two_writers: tuple[Bench, Bench]) -> None:
    """A transaction that failed has used numbers that never come."""
    failing, quick = two_writers
    add(quick, a_note("first"))
    number = start(quick)
    write_in_vain(failing)
    add(quick, a_note("quick"), at=NOON + SECOND)
    assert after(quick, number, committed_before=NOON) == ([], number)
    reasons, reached = after(quick, number, committed_before=NOON + 2 * SECOND)
    assert reasons == ["quick"]
    assert reached > number


def test_an_entry_that_is_committed_late_is_told_however_many_came_after_it(two_writers: tuple[Bench, Bench]) -> None:
    slow, quick = two_writers
    add(quick, a_note("first"), at=NOON - HOUR)
    number = start(quick)
    with slow.committed():
        SecurityLogRecords(slow.unit).add(a_note("slow"), NOON)
        slow.unit.keep()
        slow.unit.flush_all()
        slow.unit.forget()
        add(quick, *(a_note(str(n)) for n in range(PAGE + 5)))
        assert after(quick, number) == ([], number)
        assert start(quick, committed_before=NOON) == number, "whoever begins now would never be told of it"
    assert after(quick, number, limit=3)[0] == ["slow", "0", "1"]


def test_one_look_goes_only_so_far_and_says_that_there_is_more(bench: Bench) -> None:
    number = start(bench)
    add(bench, *(a_note(str(n)) for n in range(PAGE + 5)), a_note("wanted", kind=Kind.PASSWORD_SET))
    wanted = NoteFilter(kinds=frozenset({Kind.PASSWORD_SET}))
    told: list[tuple[list[str], bool]] = []
    for _ in range(2):
        with bench.reading():
            tail = SecurityLogRecords(bench.unit).after(number, wanted, 100, committed_before=LATER)
        told.append(([one.note.reason for one in tail.items], tail.has_more))
        number = tail.reached
    assert told == [([], True), (["wanted"], False)]


def test_the_place_to_begin_is_searched_as_far_as_there_are_young_entries(two_writers: tuple[Bench, Bench]) -> None:
    failing, quick = two_writers
    add(quick, a_note("old"), at=NOON - HOUR)
    number = start(quick)
    write_in_vain(failing)
    add(quick, *(a_note(str(n)) for n in range(2 * PAGE)), at=NOON + SECOND)
    assert start(quick, committed_before=NOON) == number
    assert start(quick, committed_before=NOON + 2 * SECOND) > number + 2 * PAGE


def test_a_place_to_begin_is_found_in_bounded_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """When all that is looked at is young, there may be a gap below it."""
    monkeypatch.setattr(tails, "PAGE", 3)
    monkeypatch.setattr(tails, "PAGES", 2)
    add(bench, *(a_note(str(n)) for n in range(9)))
    newest = start(bench)
    assert start(bench, committed_before=NOON) == newest - 6


def test_security_events_are_followed_in_the_same_way(bench: Bench) -> None:
    key = bench.add_station()
    with bench.reading():
        begun = bench.security.settled(committed_before=NOON)
    with bench.committed():
        for name in ("A", "B"):
            event = SecurityEvent(type=name, occurred_at=NOON - HOUR)
            bench.security.record(key, event, is_critical=None, at=NOON)
    with bench.reading():
        tail = bench.security.after(begun, SecurityEventFilter(type="b"), 9, committed_before=LATER)
        assert [stored.event.type for stored in tail.items] == ["B"]
        assert tail.reached == tail.items[0].number == bench.security.settled(committed_before=LATER)
        assert bench.security.after(tail.reached, SecurityEventFilter(), 9, committed_before=LATER).items == []
