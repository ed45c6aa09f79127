"""Tests of errands in the database: who gets which one, what is listed, and what questions cost when many wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from forecourt.domain.errands.intents import Intent, Say
from forecourt.domain.errands.model import (
    BatchNumber,
    Claim,
    Delivery,
    Draft,
    ErrandFilter,
    ErrandNumber,
    ErrandState,
    Failure,
    Line,
    Order,
    Priority,
)
from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import StationKey
from forecourt.storage.database import Database
from forecourt.storage.errands import MAX_OVERDUE, Errands
from forecourt.storage.schema import to_micros
from tests.storage.bench import UNUSUAL_TEXTS, Bench, all_pages
from tests.support.clock import NOON
from tests.support.vault import VAULT

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
INTENT = Say("Reset", '{"type":"Hard"}')
LINE = Line("node", LinkId(1))
ALL = ErrandFilter()


class Desk:
    """The errands of one connection, and one station that is connected."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.errands = Errands(bench.unit, VAULT)
        self.key = bench.add_station()
        self.connect(self.key, LINE)

    def connect(self, key: StationKey, line: Line) -> None:
        with self.bench.committed():
            self.bench.links.open(key, line.link_id, node=line.node, address="a", subprotocol="ocpp1.6", at=NOON)

    def disconnect(self) -> None:
        with self.bench.committed():
            self.bench.links.close(self.key, LINE.link_id)

    def add(
        self,
        *,
        key: StationKey | None = None,
        operation: str = "Reset",
        intent: Intent = INTENT,
        shown: str | None = None,
        asked_by: str = "admin",
        delivery: Delivery = Delivery.WHEN_ONLINE,
        priority: Priority = Priority.NORMAL,
        batch: BatchNumber | None = None,
        warnings: tuple[str, ...] = (),
        at: datetime = NOON,
        expires_at: datetime = NOON + DAY,
    ) -> ErrandNumber:
        draft = Draft(operation=operation, intent=intent, shown=shown, warnings=warnings)
        order = Order(asked_by=asked_by, delivery=delivery, priority=priority, batch=batch)
        with self.bench.committed():
            number, _ = self.errands.add(key or self.key, draft, order, expires_at=expires_at, at=at)
        return number

    def next(self, line: Line = LINE, *, at: datetime = NOON) -> Claim | None:
        with self.bench.reading():
            return self.errands.next_for(self.key, line, at)

    def send(self, number: ErrandNumber, *, at: datetime = NOON, answer_by: datetime = NOON + 2 * SECOND) -> bool:
        claim = Claim(number, self.key, "Reset", INTENT, 0)
        with self.bench.committed():
            return self.errands.send(
                claim, line=LINE, action="Reset", shown="{}", kept=INTENT, at=at, answer_by=answer_by
            )

    def finish(
        self, number: ErrandNumber, state: ErrandState, *, of: ErrandState = ErrandState.QUEUED, at: datetime = NOON
    ) -> bool:
        with self.bench.committed():
            return self.errands.finish(number, state, of=of, at=at, failure=Failure("Why."))

    def numbers(self, wanted: ErrandFilter = ALL) -> list[int]:
        with self.bench.reading():
            return [errand.number for errand in self.errands.list(wanted, PageRequest(1000)).items]

    def overdue(self, at: datetime) -> list[tuple[int, ErrandState, str]]:
        with self.bench.reading():
            found = self.errands.overdue(at)
            assert self.errands.is_overdue(at) is bool(found)
        return [(claim.number, state, reason) for claim, state, reason in found]


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return Desk(bench)


# One errand


def test_what_was_written_is_read_as_it_was(desk: Desk) -> None:
    with desk.bench.committed():
        batch = desk.errands.add_batch("Reset", "ada", 2, NOON)
    number = desk.add(
        shown="{}",
        asked_by="ada",
        delivery=Delivery.NOW,
        priority=Priority.HIGH,
        batch=batch,
        warnings=("One.", "Two."),
        at=NOON + timedelta(microseconds=1),
    )
    with desk.bench.reading():
        errand = desk.errands.find(number)
        claim = desk.errands.find_claim(number)
    assert errand is not None
    assert (errand.station, errand.operation, errand.request, errand.asked_by) == ("CP-1", "Reset", "{}", "ada")
    assert (errand.delivery, errand.priority, errand.batch) == (Delivery.NOW, Priority.HIGH, batch)
    assert (errand.queued_at, errand.expires_at) == (NOON + timedelta(microseconds=1), NOON + DAY)
    assert errand.warnings == ("One.", "Two.")
    assert claim == Claim(number, desk.key, "Reset", INTENT, 0)


@pytest.mark.parametrize("text", UNUSUAL_TEXTS)
def test_texts_are_kept_as_they_are(desk: Desk, text: str) -> None:
    number = desk.add(asked_by=text, shown=text, intent=Say("Reset", text))
    with desk.bench.committed():
        assert desk.errands.finish(
            number,
            ErrandState.FAILED,
            of=ErrandState.QUEUED,
            at=NOON,
            failure=Failure(text, text, is_outcome_unknown=True),
            response=text,
        )
    with desk.bench.reading():
        errand = desk.errands.find(number)
        claim = desk.errands.find_claim(number)
    assert errand is not None
    assert claim is not None
    assert (errand.asked_by, errand.request, errand.reason, errand.code, errand.response) == (text,) * 5
    assert errand.is_outcome_unknown
    assert claim.intent == Say("Reset", text)


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    with desk.bench.reading():
        assert desk.errands.find(ErrandNumber(9)) is None
        assert desk.errands.find_claim(ErrandNumber(9)) is None
        assert desk.errands.batch(BatchNumber(9)) is None


@pytest.mark.parametrize("state", ErrandState)
def test_a_change_names_the_state_it_is_made_from(desk: Desk, state: ErrandState) -> None:
    """Of two that try, one does it."""
    number = desk.add()
    if state is not ErrandState.QUEUED:
        desk.send(number)
        if state.is_final:
            assert desk.finish(number, state, of=ErrandState.SENT)
    assert desk.send(number) is (state is ErrandState.QUEUED)
    if state is ErrandState.SENT:
        assert not desk.finish(number, ErrandState.FAILED, of=ErrandState.QUEUED)
    with desk.bench.reading():
        errand = desk.errands.find(number)
    assert errand is not None
    assert errand.state is (ErrandState.SENT if state is ErrandState.QUEUED else state)


def test_a_number_is_never_used_again(desk: Desk) -> None:
    first = desk.add()
    with desk.bench.committed():
        desk.bench.unit.execute("DELETE FROM errand")
    assert desk.add() > first


# Which one goes next


def test_the_most_important_and_then_the_oldest_is_next(desk: Desk) -> None:
    numbers = [
        desk.add(priority=priority) for priority in (Priority.LOW, Priority.HIGH, Priority.NORMAL, Priority.HIGH)
    ]
    order = []
    while (claim := desk.next()) is not None:
        order.append(claim.number)
        desk.finish(claim.number, ErrandState.CANCELLED)
    assert order == [numbers[1], numbers[3], numbers[2], numbers[0]]


def test_nothing_is_next_while_one_is_out(desk: Desk) -> None:
    first, second = desk.add(), desk.add()
    other = desk.bench.add_station("CP-2")
    desk.connect(other, Line("node", LinkId(2)))
    elsewhere = desk.add(key=other)
    desk.send(first)
    assert desk.next() is None
    with desk.bench.reading():
        claim = desk.errands.next_for(other, Line("node", LinkId(2)), NOON)
    assert claim is not None
    assert claim.number == elsewhere
    desk.finish(first, ErrandState.ANSWERED, of=ErrandState.SENT)
    claim = desk.next()
    assert claim is not None
    assert claim.number == second


@pytest.mark.parametrize("line", [Line("node", LinkId(2)), Line("other", LinkId(1)), Line("other", LinkId(2))])
def test_only_the_link_on_record_gets_anything(desk: Desk, line: Line) -> None:
    desk.add()
    assert desk.next(line) is None
    assert desk.next() is not None
    desk.disconnect()
    assert desk.next() is None


def test_what_has_expired_is_never_next(desk: Desk) -> None:
    desk.add(expires_at=NOON + SECOND)
    assert desk.next(at=NOON + SECOND - timedelta(microseconds=1)) is not None
    assert desk.next(at=NOON + SECOND) is None


def test_of_two_that_claim_at_once_one_sends(database: Database) -> None:
    """A station that moves from one node to another may be looked at by both."""
    desk = Desk(Bench(database))
    numbers = [desk.add() for _ in range(20)]
    benches = [Bench(database) for _ in range(2)]
    barrier = threading.Barrier(2)
    sent: list[int] = []

    def work(bench: Bench) -> None:
        errands = Errands(bench.unit, VAULT)
        for _ in numbers:
            barrier.wait(20)
            with bench.committed():
                claim = errands.next_for(desk.key, LINE, NOON)
                if claim is not None and errands.send(
                    claim, line=LINE, action="Reset", shown="{}", kept=INTENT, at=NOON, answer_by=NOON
                ):
                    sent.append(claim.number)
            barrier.wait(20)
            with bench.committed():
                for claim in errands.sent_by("node"):
                    errands.finish(claim.number, ErrandState.ANSWERED, of=ErrandState.SENT, at=NOON)

    threads = [threading.Thread(target=work, args=(bench,)) for bench in benches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sent == numbers
    for bench in (*benches, desk.bench):
        bench.close()


def test_what_a_node_had_sent_is_found_by_its_name(desk: Desk) -> None:
    number = desk.add()
    desk.add()
    with desk.bench.reading():
        assert desk.errands.sent_by("node") == []
    desk.send(number)
    with desk.bench.reading():
        assert [(claim.number, claim.attempts) for claim in desk.errands.sent_by("node")] == [(number, 0)]
        assert desk.errands.sent_by("other") == []


def test_a_station_waits_once_however_much_waits_for_it(desk: Desk) -> None:
    offline = desk.bench.add_station("CP-2")
    elsewhere = desk.bench.add_station("CP-3")
    desk.connect(elsewhere, Line("other", LinkId(3)))
    first, *_ = [desk.add(key=key) for key in (desk.key, desk.key, offline, elsewhere)]
    with desk.bench.reading():
        assert desk.errands.waiting("node") == ["CP-1"]
        assert desk.errands.waiting("other") == ["CP-3"]
    desk.send(first)
    with desk.bench.reading():
        assert desk.errands.waiting("node") == []


def test_a_station_is_on_line_while_a_link_is_on_record(desk: Desk) -> None:
    draft, order = Draft(operation="Reset", intent=INTENT, shown=None), Order(asked_by="admin")
    other = desk.bench.add_station("CP-2")

    def is_online(key: StationKey) -> bool:
        with desk.bench.committed():
            _, is_online = desk.errands.add(key, draft, order, expires_at=NOON + DAY, at=NOON)
        return is_online

    assert (is_online(desk.key), is_online(other)) == (True, False)
    desk.disconnect()
    assert not is_online(desk.key)


# What waits in vain


def test_what_is_in_time_is_not_overdue(desk: Desk) -> None:
    desk.add()
    desk.add(delivery=Delivery.NOW)
    desk.send(desk.add())
    desk.finish(desk.add(expires_at=NOON), ErrandState.CANCELLED)
    assert desk.overdue(NOON + SECOND) == []


def test_each_way_to_wait_in_vain_is_told_with_its_reason(desk: Desk) -> None:
    expired = desk.add(expires_at=NOON + SECOND)
    sent = desk.add()
    desk.send(sent, answer_by=NOON + SECOND)
    now = desk.add(delivery=Delivery.NOW)
    both = desk.add(delivery=Delivery.NOW, expires_at=NOON + SECOND)
    desk.add()
    desk.disconnect()
    assert desk.overdue(NOON) == [
        (now, ErrandState.QUEUED, "The station went off line before it could be sent."),
        (both, ErrandState.QUEUED, "The station went off line before it could be sent."),
    ]
    assert sorted(desk.overdue(NOON + SECOND)) == [
        (expired, ErrandState.QUEUED, ""),
        (sent, ErrandState.SENT, "The node that sent it stopped before it had the answer."),
        (now, ErrandState.QUEUED, "The station went off line before it could be sent."),
        (both, ErrandState.QUEUED, ""),
    ]


def test_a_station_that_was_never_on_line_is_off_line(desk: Desk) -> None:
    other = desk.bench.add_station("CP-2")
    number = desk.add(key=other, delivery=Delivery.NOW)
    assert [found for found, _state, _reason in desk.overdue(NOON)] == [number]


def test_so_many_are_ended_at_once_that_others_need_not_wait_long(desk: Desk) -> None:
    with desk.bench.committed():
        draft = Draft(operation="Reset", intent=INTENT, shown=None)
        for _ in range(MAX_OVERDUE + 1):
            desk.errands.add(desk.key, draft, Order(asked_by="a"), expires_at=NOON, at=NOON)
    assert len(desk.overdue(NOON)) == MAX_OVERDUE


# Lists


def test_the_newest_is_listed_first_page_by_page(desk: Desk) -> None:
    numbers = [desk.add() for _ in range(7)]
    with desk.bench.reading():
        found = all_pages(lambda page: desk.errands.list(ALL, page), 3)
    assert [errand.number for errand in found] == numbers[::-1]


@pytest.mark.parametrize("after", ["", "x", "-1", "9" * 30, "1.5"])
def test_a_position_that_is_none_leads_nowhere(desk: Desk, after: str) -> None:
    desk.add()
    with desk.bench.reading():
        assert list(desk.errands.list(ALL, PageRequest(10, after)).items) == []


def test_filters_are_combined(desk: Desk) -> None:
    other = desk.bench.add_station("CP-2")
    with desk.bench.committed():
        batch = desk.errands.add_batch("ClearCache", "ada", 1, NOON)
    plain = desk.add()
    clear = desk.add(operation="ClearCache", asked_by="ada", batch=batch, at=NOON + SECOND)
    elsewhere = desk.add(key=other, at=NOON + 2 * SECOND)
    desk.finish(elsewhere, ErrandState.CANCELLED)
    cases: list[tuple[ErrandFilter, list[int]]] = [
        (ErrandFilter(station="CP-1"), [clear, plain]),
        (ErrandFilter(station="CP-9"), []),
        (ErrandFilter(operation="ClearCache"), [clear]),
        (ErrandFilter(states=frozenset({ErrandState.QUEUED})), [clear, plain]),
        (ErrandFilter(states=frozenset({ErrandState.QUEUED, ErrandState.CANCELLED})), [elsewhere, clear, plain]),
        (ErrandFilter(states=frozenset()), []),
        (ErrandFilter(batch=batch), [clear]),
        (ErrandFilter(asked_by="ada"), [clear]),
        (ErrandFilter(since=NOON + SECOND), [elsewhere, clear]),
        (ErrandFilter(until=NOON + SECOND), [plain]),
        (ErrandFilter(since=NOON + SECOND, until=NOON + 2 * SECOND), [clear]),
        (ErrandFilter(station="CP-1", asked_by="admin", states=frozenset({ErrandState.QUEUED})), [plain]),
        (ErrandFilter(station="CP-2", batch=batch), []),
    ]
    assert [desk.numbers(wanted) for wanted, _expected in cases] == [expected for _wanted, expected in cases]


def test_changes_are_told_in_their_order(desk: Desk) -> None:
    first, second, third = (desk.add() for _ in range(3))
    desk.finish(second, ErrandState.CANCELLED, at=NOON + SECOND)
    desk.finish(first, ErrandState.CANCELLED, at=NOON + 2 * SECOND)

    def changed(at: datetime, wanted: ErrandFilter = ALL, limit: int = 100) -> list[int]:
        with desk.bench.reading():
            return [errand.number for errand in desk.errands.changed_since(wanted, at, limit)]

    assert changed(NOON) == [third, second, first]
    assert changed(NOON, limit=2) == [third, second]
    assert changed(NOON + SECOND) == [second, first]
    assert changed(NOON + SECOND + timedelta(microseconds=1)) == [first]
    assert changed(NOON + 3 * SECOND) == []
    assert changed(NOON, ErrandFilter(states=frozenset({ErrandState.QUEUED}))) == [third]


def test_batches_are_listed_newest_first_with_their_counts(desk: Desk) -> None:
    batches = []
    for number in range(5):
        with desk.bench.committed():
            batches.append(desk.errands.add_batch(f"Op{number}", "ada", 3, NOON))
    numbers = [desk.add(batch=batches[1]) for _ in range(3)]
    desk.finish(numbers[0], ErrandState.CANCELLED)
    with desk.bench.reading():
        found = all_pages(desk.errands.batches, 2)
        assert list(desk.errands.queued_in(batches[1], 10)) == numbers[1:]
        assert list(desk.errands.queued_in(batches[0], 10)) == []
        one = desk.errands.batch(batches[1])
    assert [batch.number for batch in found] == batches[::-1]
    assert found[3] == one
    assert found[3].counts == {ErrandState.QUEUED: 2, ErrandState.CANCELLED: 1}
    assert found[0].counts == {}


# What it costs

STATIONS, WAITING = 5000, 100_000

ASKED_OFTEN: dict[str, tuple[Callable[[Errands, StationKey], object], set[str], float]] = {
    "which is next": (lambda errands, key: errands.next_for(key, LINE, NOON), {"errand_queued", "errand_out"}, 5),
    "who waits": (lambda errands, _key: errands.waiting("node"), {"errand_queued"}, 250),
    "is anything overdue": (
        lambda errands, _key: errands.is_overdue(NOON),
        {"errand_out", "errand_expiring", "errand_wanted_now"},
        5,
    ),
    "what did a node send": (lambda errands, _key: errands.sent_by("node"), {"errand_out"}, 5),
    "the newest": (lambda errands, _key: errands.list(ALL, PageRequest(100)), set(), 100),
    "the newest of a station": (
        lambda errands, _key: errands.list(ErrandFilter(station="CP-1"), PageRequest(100)),
        {"errand_of_station"},
        100,
    ),
    "the newest of a batch": (
        lambda errands, _key: errands.list(ErrandFilter(batch=BatchNumber(1)), PageRequest(100)),
        {"errand_of_batch"},
        100,
    ),
    "how far a batch is": (
        lambda errands, _key: errands.batch(BatchNumber(1)),
        {"errand_of_batch_by_state"},
        100,
    ),
    "what changed": (lambda errands, _key: errands.changed_since(ALL, NOON + SECOND, 1000), {"errand_changed"}, 5),
}
"""Question → how it is asked, the indexes that answer it, and the most it may take (ms, on a slow busy machine)."""


@pytest.fixture(scope="module")
def full_file(migrated_file: object, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Many errands that wait for stations that are off line, some of them as one batch."""
    path = tmp_path_factory.mktemp("full") / "forecourt.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    bench = Bench(database)
    desk = Desk(bench)
    with bench.committed():
        batch = desk.errands.add_batch("Reset", "ada", WAITING // 10, NOON)
        for number in range(2, STATIONS + 2):
            row = (number, f"CP-{number}", "", "Accepted", 0)
            bench.unit.execute(
                "INSERT INTO station (key, identity, description, registration, created_at) VALUES (?, ?, ?, ?, ?)", row
            )
        draft = Draft(operation="Reset", intent=INTENT, shown="{}")
        for number in range(WAITING):
            order = Order(
                asked_by="ada",
                delivery=Delivery.WHEN_ONLINE,
                batch=batch if number % 10 == 0 else None,
            )
            desk.errands.add(2 + number % STATIONS, draft, order, expires_at=NOON + DAY, at=NOON)
    bench.close()
    return database


@pytest.mark.parametrize("question", ASKED_OFTEN)
def test_what_is_asked_often_is_answered_from_indexes(
    full_file: Database, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, indexes, most_ms = ASKED_OFTEN[question]
    bench = Bench(full_file)
    errands = Errands(bench.unit, VAULT)
    plans: list[str] = []
    read = bench.connection.all

    def explain(sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        plans.extend(str(row[3]) for row in read(f"EXPLAIN QUERY PLAN {sql}", parameters))
        return read(sql, parameters)

    def explain_one(sql: str, parameters: tuple[object, ...] = ()) -> tuple[object, ...] | None:
        return next(iter(explain(sql, parameters)), None)

    with bench.reading():
        began = time.perf_counter()
        ask(errands, StationKey(1))
        took_ms = (time.perf_counter() - began) * 1000
        monkeypatch.setattr(bench.connection, "all", explain)
        monkeypatch.setattr(bench.connection, "one", explain_one)
        ask(errands, StationKey(1))
    bench.close()
    print(f"{question}: {took_ms:.2f} ms with {WAITING} waiting", *plans, sep="\n  ")
    used = {word for plan in plans for word in plan.split() if word.startswith("errand_")}
    assert indexes <= used | {"errand"}, plans
    whole = [plan for plan in plans if plan.split()[:1] == ["SCAN"] and "INDEX" not in plan and "errand" in plan]
    assert whole == [] or question == "the newest", "the whole table is read"
    assert took_ms < most_ms


def test_the_full_file_is_full(full_file: Database) -> None:
    bench = Bench(full_file)
    assert bench.count("errand") == WAITING
    with bench.reading():
        assert not Errands(bench.unit, VAULT).is_overdue(NOON)
    bench.close()


def test_moments_are_kept_to_the_microsecond(desk: Desk) -> None:
    at = NOON + timedelta(microseconds=7)
    number = desk.add(at=at, expires_at=at + DAY)
    with desk.bench.reading():
        row = desk.bench.unit.one("SELECT queued_at, expires_at FROM errand WHERE number = ?", (number,))
    assert row == (to_micros(at), to_micros(at + DAY))
    assert desk.numbers(ErrandFilter(since=at)) == [number]
    assert desk.numbers(ErrandFilter(until=at)) == []
