"""What waits too long ends by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.errands.intents import ReadSettings
from forecourt.domain.errands.model import (
    ANSWER_GRACE,
    NOW_SECONDS,
    Delivery,
    ErrandNumber,
    ErrandState,
    Failure,
)
from forecourt.domain.errors import DomainError, Kind
from tests.domain.errands.errands import ANSWER_SECONDS, ErrandWorld, an_order
from tests.domain.errands.happenings import lose_repeatable
from tests.support.clock import NOON


@pytest.fixture
def world() -> ErrandWorld:
    return ErrandWorld()


def test_nothing_is_due_while_all_is_in_time(world: ErrandWorld) -> None:
    world.sent()
    world.asked()
    world.asked(order=an_order(delivery=Delivery.NOW))
    assert not world.errands.is_due()
    world.errands.settle()
    assert world.told == []


@pytest.mark.parametrize(
    ("delivery", "wait"),
    [(Delivery.NOW, timedelta(seconds=NOW_SECONDS)), (Delivery.WHEN_ONLINE, timedelta(days=1))],
)
def test_what_was_not_sent_in_time_expires(world: ErrandWorld, delivery: Delivery, wait: timedelta) -> None:
    number = world.asked(order=an_order(delivery=delivery)).number
    world.clock.advance(wait - timedelta(microseconds=1))
    assert not world.errands.is_due()
    world.clock.advance(timedelta(microseconds=1))
    assert world.errands.is_due()

    world.errands.settle()

    errand = world.errands.get(number)
    assert (errand.state, errand.reason) == (ErrandState.EXPIRED, "The station was not reached in time.")
    assert (errand.ended_at, errand.is_outcome_unknown) == (NOON + wait, False)
    assert [told[1] for told in world.told] == [number]
    assert not world.errands.is_due()


def test_what_is_wanted_now_fails_when_the_station_goes_off_line(world: ErrandWorld) -> None:
    now = world.asked(order=an_order(delivery=Delivery.NOW)).number
    later = world.asked(order=an_order(delivery=Delivery.WHEN_ONLINE)).number
    world.goes_away()
    assert world.errands.is_due()

    world.errands.settle()

    assert world.errands.get(now).reason == "The station went off line before it could be sent."
    assert [world.state(number) for number in (now, later)] == [ErrandState.FAILED, ErrandState.QUEUED]
    assert not world.errands.is_due()


def test_what_a_lost_node_had_sent_is_given_up(world: ErrandWorld) -> None:
    """A node that lives says in time how its errands ended; one that does not is gone for good."""
    claim = world.sent()
    world.clock.advance(timedelta(seconds=ANSWER_SECONDS) + ANSWER_GRACE - timedelta(microseconds=1))
    assert not world.errands.is_due()
    world.clock.advance(timedelta(microseconds=1))
    assert world.errands.is_due()

    world.errands.settle()

    errand = world.errands.get(claim.number)
    assert errand.state is ErrandState.FAILED
    assert errand.is_outcome_unknown
    assert errand.reason is not None
    assert errand.reason.startswith("The node that sent it stopped before it had the answer.")
    assert not world.errands.answered(claim, response="{}", refusal=None)


def test_what_was_sent_is_not_said_to_be_unsent(world: ErrandWorld) -> None:
    """It is queued to be sent once more, and then the station goes off line: it may have been done all the same."""
    claim = world.sent(order=an_order(delivery=Delivery.NOW))
    lose_repeatable(world, claim)
    world.goes_away()

    world.errands.settle()

    errand = world.errands.get(claim.number)
    assert errand.state is ErrandState.FAILED
    assert errand.is_outcome_unknown
    assert errand.reason is not None
    assert "before it could be sent." not in errand.reason


def test_what_was_sent_and_then_expires_may_have_been_done(world: ErrandWorld) -> None:
    claim = world.sent()
    lose_repeatable(world, claim)
    world.clock.advance(timedelta(days=1))
    world.errands.settle()
    errand = world.errands.get(claim.number)
    assert (errand.state, errand.is_outcome_unknown) == (ErrandState.EXPIRED, True)


def test_one_that_cannot_be_ended_does_not_keep_the_others(world: ErrandWorld) -> None:
    """Whatever a room does when it is told, time passes for all others."""

    def trip(_key: int, number: ErrandNumber, _intent: ReadSettings, _failure: Failure) -> None:
        raise DomainError(Kind.NOT_FOUND, f"Nothing is known of {number}.")

    world.errands.watch(ReadSettings, trip)
    unheard = world.asked(ReadSettings()).number
    number = world.asked().number
    world.clock.advance(timedelta(days=1))
    world.errands.settle()
    assert [world.state(one) for one in (unheard, number)] == [ErrandState.EXPIRED, ErrandState.EXPIRED]
