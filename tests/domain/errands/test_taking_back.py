"""Errands are taken back, one by one and in batches."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.errands.model import (
    CANCELLED_AT_ONCE,
    WRITING_TIME,
    BatchNumber,
    ErrandNumber,
    ErrandState,
)
from forecourt.domain.errors import Kind
from tests.domain.errands.errands import ErrandWorld, an_order
from tests.domain.errands.happenings import FINAL, send_it
from tests.domain.world import refused
from tests.support.clock import NOON


@pytest.fixture
def world() -> ErrandWorld:
    return ErrandWorld()


# Taking back


def test_what_was_not_sent_can_be_taken_back(world: ErrandWorld) -> None:
    number = world.asked().number

    errand = world.errands.cancel(number)

    assert (errand.state, errand.ended_at, errand.reason) == (ErrandState.CANCELLED, NOON, "Cancelled.")
    assert [told[1] for told in world.told] == [number]
    assert world.errands.next_for(world.station, world.line) is None


def test_what_was_sent_cannot_be_taken_back(world: ErrandWorld) -> None:
    number = world.in_state(ErrandState.SENT)
    with refused(Kind.CONFLICT, about="was sent already; what the station answers will be recorded"):
        world.errands.cancel(number)
    assert world.state(number) is ErrandState.SENT


@pytest.mark.parametrize("state", FINAL)
def test_what_has_ended_cannot_be_taken_back(world: ErrandWorld, state: ErrandState) -> None:
    number = world.in_state(state)
    told = list(world.told)
    with refused(Kind.CONFLICT, about=f"has ended already: it was {state.value}"):
        world.errands.cancel(number)
    assert (world.state(number), world.told) == (state, told)


def test_what_does_not_exist_is_not_found(world: ErrandWorld) -> None:
    with refused(Kind.NOT_FOUND, about="no errand 9"):
        world.errands.get(ErrandNumber(9))
    with refused(Kind.NOT_FOUND, about="no errand 9"):
        world.errands.cancel(ErrandNumber(9))
    with refused(Kind.NOT_FOUND, about="no batch 9"):
        world.errands.get_batch(BatchNumber(9))
    with refused(Kind.NOT_FOUND, about="no batch 9"):
        world.errands.cancel_some(BatchNumber(9))


def test_what_waits_for_a_station_that_is_removed_is_taken_back(world: ErrandWorld) -> None:
    """Registered again, it must not be sent what was wanted of it long ago."""
    waiting = [world.asked().number for _ in range(2)]
    others = world.asked(station=world.a_station("CP-2")).number

    world.services.provisioning.remove("CP-1")

    assert [world.state(number) for number in waiting] == [ErrandState.CANCELLED] * 2
    assert world.errands.get(waiting[0]).reason == "The station was taken off the register."
    assert [told[1] for told in world.told] == waiting
    assert world.state(others) is ErrandState.QUEUED


# Batches


def test_a_batch_counts_its_errands_by_state(world: ErrandWorld) -> None:
    batch = world.errands.add_batch("Set", "ada", 3)
    assert world.errands.get_batch(batch).counts == {}
    for _ in range(3):
        world.asked(order=an_order(batch=batch))
    world.asked()
    claim = world.claimed()
    send_it(world, claim)

    found = world.errands.finish_writing(batch)
    assert (found.operation, found.asked_by, found.asked_at, found.total) == ("Set", "ada", NOON, 3)
    assert found.counts == {ErrandState.QUEUED: 2, ErrandState.SENT: 1}
    world.errands.answered(claim, response="{}", refusal=None)
    assert world.errands.get_batch(batch).counts == {ErrandState.QUEUED: 2, ErrandState.ANSWERED: 1}
    assert not world.errands.get_batch(batch).is_finished


def test_what_of_a_batch_was_not_sent_can_be_taken_back(world: ErrandWorld) -> None:
    batch, other = (world.errands.add_batch("Set", "ada", 3) for _ in range(2))
    sent = world.sent(order=an_order(batch=batch))
    waiting = [world.asked(order=an_order(batch=batch)).number for _ in range(2)]
    others = world.asked(order=an_order(batch=other)).number

    assert not world.errands.cancel_some(batch), "that was all of it"

    found = world.errands.finish_writing(batch)
    assert found.counts == {ErrandState.SENT: 1, ErrandState.CANCELLED: 2}
    assert world.state(others) is ErrandState.QUEUED
    assert [told[1] for told in world.told] == waiting
    assert world.errands.get(waiting[0]).reason == "Cancelled with its batch."
    world.errands.answered(sent, response="{}", refusal=None)
    assert not world.errands.cancel_some(batch)
    assert world.errands.get_batch(batch).counts == {ErrandState.ANSWERED: 1, ErrandState.CANCELLED: 2}
    assert world.errands.get_batch(batch).is_finished


def test_so_much_of_a_batch_is_taken_back_at_once_that_others_need_not_wait_long(world: ErrandWorld) -> None:
    batch = world.errands.add_batch("Set", "ada", CANCELLED_AT_ONCE + 1)
    for _ in range(CANCELLED_AT_ONCE + 1):
        world.asked(order=an_order(batch=batch))
    world.errands.finish_writing(batch)
    assert world.errands.cancel_some(batch)
    assert world.errands.get_batch(batch).counts == {ErrandState.QUEUED: 1, ErrandState.CANCELLED: CANCELLED_AT_ONCE}
    assert not world.errands.cancel_some(batch)
    assert world.errands.get_batch(batch).is_finished


def test_a_batch_has_as_many_errands_as_were_written(world: ErrandWorld) -> None:
    """Some stations are removed between the choice and the writing."""
    batch = world.errands.add_batch("Set", "ada", 3)
    world.asked(order=an_order(batch=batch))
    assert world.errands.finish_writing(batch).total == 1


def test_a_batch_whose_writer_stopped_half_way_is_taken_as_it_is(world: ErrandWorld) -> None:
    batch = world.errands.add_batch("Set", "ada", 3)
    number = world.asked(order=an_order(batch=batch)).number
    world.clock.advance(WRITING_TIME)
    assert not world.errands.is_due()
    world.clock.advance(timedelta(microseconds=1))
    assert world.errands.is_due()
    world.errands.settle()
    found = world.errands.get_batch(batch)
    assert (found.total, found.is_written, found.is_finished) == (1, True, False)
    world.errands.cancel(number)
    assert world.errands.get_batch(batch).is_finished
    assert not world.errands.is_due()


def test_what_is_refused_for_one_of_many_is_an_errand_that_failed(world: ErrandWorld) -> None:
    errand = world.errands.ask_refused(world.station, "Set", an_order(), "It has no such connector.")
    assert (errand.state, errand.reason) == (ErrandState.FAILED, "It has no such connector.")
    assert (errand.operation, errand.attempts, errand.is_outcome_unknown) == ("Set", 0, False)
    assert world.changes.errands == []
