"""Errands that wait in vain, and lists of errands and batches."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from forecourt.domain.errands.model import (
    Delivery,
    Draft,
    ErrandFilter,
    ErrandState,
    Order,
)
from forecourt.domain.paging import PageRequest
from forecourt.storage.errands import MAX_OVERDUE
from forecourt.storage.schema import to_micros
from tests.storage.bench import Bench, all_pages
from tests.storage.errand_desk import ALL, DAY, INTENT, SECOND, Desk
from tests.support.clock import NOON


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return Desk(bench)


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


def test_moments_are_kept_to_the_microsecond(desk: Desk) -> None:
    at = NOON + timedelta(microseconds=7)
    number = desk.add(at=at, expires_at=at + DAY)
    with desk.bench.reading():
        row = desk.bench.unit.one("SELECT queued_at, expires_at FROM errand WHERE number = ?", (number,))
    assert row == (to_micros(at), to_micros(at + DAY))
    assert desk.numbers(ErrandFilter(since=at)) == [number]
    assert desk.numbers(ErrandFilter(until=at)) == []
