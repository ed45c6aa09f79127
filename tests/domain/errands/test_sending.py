"""An errand is sent, and answered or lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.errands.intents import ChangeSetting, Say
from forecourt.domain.errands.model import (
    MAX_ATTEMPTS,
    Claim,
    ErrandState,
    Failure,
    Line,
    Priority,
)
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import Registration
from tests.domain.errands.errands import INTENT, ErrandWorld, an_order, send
from tests.domain.errands.happenings import FINAL, lose_repeatable, put_back, send_it
from tests.support.clock import NOON

SECOND = timedelta(seconds=1)


@pytest.fixture
def world() -> ErrandWorld:
    return ErrandWorld()


# Sending


def test_what_is_sent_is_shown_in_the_words_of_the_station(world: ErrandWorld) -> None:
    number = world.asked().number
    claim = world.claimed()
    assert claim == Claim(number, world.station.key, "Set", INTENT, 0)
    world.clock.advance(SECOND)

    assert send(world.services, claim, world.line)

    errand = world.errands.get(number)
    assert (errand.state, errand.action, errand.request) == (ErrandState.SENT, "ChangeConfiguration", '{"shown":1}')
    assert (errand.sent_at, errand.changed_at, errand.attempts) == (NOON + SECOND, NOON + SECOND, 1)


def test_one_errand_of_a_station_is_out_at_a_time(world: ErrandWorld) -> None:
    other = world.a_station("CP-2")
    other_line = world.is_connected(other, link_id=2)
    first = world.sent()
    second = world.asked().number
    world.asked(station=other)

    assert world.errands.next_for(world.station, world.line) is None
    assert world.errands.next_for(other, other_line) is not None, "other stations do not wait for it"
    world.errands.answered(first, response="{}", refusal=None)
    assert world.claimed().number == second


def test_the_more_important_goes_first_and_among_equals_the_older(world: ErrandWorld) -> None:
    priorities = [Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.NORMAL, Priority.LOW, Priority.HIGH]
    numbers = [world.asked(order=an_order(priority=priority)).number for priority in priorities]
    order = []
    for _ in priorities:
        claim = world.claimed()
        order.append(claim.number)
        send_it(world, claim)
        world.errands.answered(claim, response="{}", refusal=None)
    assert order == [numbers[index] for index in (2, 5, 1, 3, 0, 4)]
    assert world.errands.next_for(world.station, world.line) is None


@pytest.mark.parametrize("line", [Line("node", LinkId(2)), Line("other", LinkId(1))])
def test_only_the_link_on_record_is_given_errands(world: ErrandWorld, line: Line) -> None:
    """A node that lost the station must not send what the other one sends too."""
    world.asked()
    assert world.errands.next_for(world.station, line) is None
    assert world.errands.next_for(world.station, world.line) is not None


def test_what_has_expired_is_not_sent(world: ErrandWorld) -> None:
    world.asked()
    world.clock.advance(timedelta(days=1) - timedelta(microseconds=1))
    assert world.errands.next_for(world.station, world.line) is not None
    world.clock.advance(timedelta(microseconds=1))
    assert world.errands.next_for(world.station, world.line) is None


def test_what_was_taken_back_meanwhile_is_not_sent(world: ErrandWorld) -> None:
    world.asked()
    claim = world.claimed()
    world.errands.cancel(claim.number)
    assert not send(world.services, claim, world.line)
    assert world.state(claim.number) is ErrandState.CANCELLED


def test_what_cannot_be_said_to_this_station_fails_with_the_reason(world: ErrandWorld) -> None:
    world.asked()
    claim = world.claimed()

    world.errands.refuse_to_send(claim, "Its version has no words for it.")

    errand = world.errands.get(claim.number)
    assert (errand.state, errand.reason) == (ErrandState.FAILED, "Its version has no words for it.")
    assert (errand.attempts, errand.is_outcome_unknown) == (0, False)
    assert world.told == [(world.station.key, claim.number, INTENT, Failure("Its version has no words for it."))]


# Answers


def test_an_answer_ends_it(world: ErrandWorld) -> None:
    claim = world.sent()
    world.clock.advance(SECOND)

    assert world.errands.answered(claim, response='{"status":"Accepted"}', refusal=None)

    errand = world.errands.get(claim.number)
    assert (errand.state, errand.response, errand.reason) == (ErrandState.ANSWERED, '{"status":"Accepted"}', None)
    assert (errand.ended_at, errand.changed_at) == (NOON + SECOND, NOON + SECOND)
    assert world.told == [], "whoever hears the answer tells the room"


def test_a_refusal_says_with_which_word(world: ErrandWorld) -> None:
    claim = world.sent()

    assert world.errands.answered(claim, response='{"status":"Rejected"}', refusal="Rejected")

    errand = world.errands.get(claim.number)
    assert (errand.state, errand.reason) == (ErrandState.REFUSED, "The station answered Rejected.")
    assert errand.response == '{"status":"Rejected"}'
    assert world.told == []


@pytest.mark.parametrize("state", FINAL)
def test_an_answer_that_comes_too_late_says_so(world: ErrandWorld, state: ErrandState) -> None:
    number = world.in_state(state)
    claim = Claim(number, world.station.key, "Set", INTENT, 1)
    assert not world.errands.answered(claim, response="{}", refusal=None)


def test_an_error_of_the_station_is_kept_with_its_code(world: ErrandWorld) -> None:
    claim = world.sent()
    failure = Failure("The station answered with the error NotSupported", "NotSupported")

    world.errands.failed(claim, failure, response='{"details":1}')

    errand = world.errands.get(claim.number)
    assert (errand.state, errand.reason, errand.code) == (ErrandState.FAILED, failure.reason, "NotSupported")
    assert errand.response == '{"details":1}'
    assert [told[3] for told in world.told] == [failure]


# Lost


def test_nobody_knows_what_became_of_what_was_lost(world: ErrandWorld) -> None:
    claim = world.sent()

    world.errands.lost(claim, "No answer within 30 s.", is_repeatable=False)

    errand = world.errands.get(claim.number)
    assert errand.state is ErrandState.FAILED
    assert errand.reason == "No answer within 30 s. Whether the station did it is not known."
    assert errand.is_outcome_unknown
    assert [told[3] for told in world.told] == [Failure(errand.reason, is_outcome_unknown=True)]


def test_what_is_safe_to_repeat_is_sent_three_times_at_most(world: ErrandWorld) -> None:
    number = world.asked().number
    attempts = 0
    while world.state(number) is ErrandState.QUEUED:
        claim = world.claimed()
        assert claim.attempts == attempts
        send_it(world, claim)
        attempts += 1
        lose_repeatable(world, claim)
    assert attempts == MAX_ATTEMPTS == 3
    errand = world.errands.get(number)
    assert (errand.state, errand.attempts, errand.is_outcome_unknown) == (ErrandState.FAILED, 3, True)
    assert len(world.told) == 1


def test_what_was_never_sent_is_queued_again_whatever_it_is(world: ErrandWorld) -> None:
    number = world.asked().number
    for _ in range(2 * MAX_ATTEMPTS):
        claim = world.claimed()
        send_it(world, claim)
        put_back(world, claim)
    assert world.state(number) is ErrandState.QUEUED
    assert world.told == []


def test_an_errand_that_never_left_is_sent_with_its_secret_the_next_time(world: ErrandWorld) -> None:
    """What stays in the database while it is out is not what the station must be told."""
    intent = ChangeSetting("AuthorizationKey", "c0ffee")
    claim = world.sent(intent)
    put_back(world, claim)
    assert world.claimed().intent == intent


def test_a_message_that_never_left_is_sent_with_its_secret_the_next_time(world: ErrandWorld) -> None:
    intent = Say("ChangeConfiguration", '{"key":"AuthorizationKey","value":"c0ffee"}')
    claim = world.sent(intent)
    put_back(world, claim)
    assert world.claimed().intent == intent


def test_what_never_left_counts_as_no_attempt(world: ErrandWorld) -> None:
    number = world.asked().number
    for _ in range(MAX_ATTEMPTS):
        claim = world.claimed()
        send_it(world, claim)
        put_back(world, claim)
    assert world.errands.get(number).attempts == 0
    claim = world.claimed()
    send_it(world, claim)
    lose_repeatable(world, claim)
    assert world.state(number) is ErrandState.QUEUED, "it was sent once"


def test_what_a_stopped_node_had_sent_may_be_sent_three_times_too(world: ErrandWorld) -> None:
    number = world.asked().number
    attempts = 0
    while world.state(number) is ErrandState.QUEUED:
        send_it(world, world.claimed())
        attempts += 1
        for claim in world.errands.sent_by("node"):
            lose_repeatable(world, claim)
    assert attempts == MAX_ATTEMPTS


def test_a_node_finds_what_it_had_sent(world: ErrandWorld) -> None:
    claim = world.sent()
    world.asked()
    assert [(one.number, one.intent) for one in world.errands.sent_by("node")] == [(claim.number, INTENT)]
    assert world.errands.sent_by("other") == []


def test_stations_wait_while_they_are_connected_and_none_of_theirs_is_out(world: ErrandWorld) -> None:
    other = world.a_station("CP-2")
    world.asked()
    world.asked()
    world.asked(station=other)
    assert world.errands.waiting("node") == ["CP-1"]
    assert world.errands.waiting("other") == []
    send_it(world, world.claimed())
    assert world.errands.waiting("node") == []


def test_a_station_that_is_rejected_meanwhile_is_sent_nothing(world: ErrandWorld) -> None:
    """OCPP 1.6 §4.2."""
    world.asked()
    rejected = replace(world.station, registration=Registration.REJECTED)
    assert world.errands.next_for(rejected, world.line) is None
