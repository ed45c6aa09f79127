"""Errands in the database: what is kept of them, and which one goes next."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from forecourt.domain.errands.intents import Say
from forecourt.domain.errands.model import (
    BatchNumber,
    Claim,
    Delivery,
    Draft,
    ErrandNumber,
    ErrandState,
    Failure,
    Line,
    Order,
    Priority,
)
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import StationKey
from forecourt.storage.database import Database
from forecourt.storage.errands import Errands
from tests.storage.bench import UNUSUAL_TEXTS, Bench
from tests.storage.errand_desk import DAY, INTENT, LINE, SECOND, Desk
from tests.support.clock import NOON
from tests.support.vault import VAULT


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
