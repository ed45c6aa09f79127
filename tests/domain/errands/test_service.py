"""An errand goes its way: every state it can have, who may change it, who is told, and what stays of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.errands.intents import ChangeSetting, Intent, ReadSettings, Say, UpdateFirmware, UploadLog
from forecourt.domain.errands.model import (
    ANSWER_GRACE,
    CANCELLED_AT_ONCE,
    MAX_ATTEMPTS,
    NOW_SECONDS,
    WRITING_TIME,
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
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import Registration
from tests.domain.errands.errands import ANSWER_SECONDS, INTENT, ErrandWorld, a_draft, an_order, send
from tests.domain.world import ALL, refused
from tests.support.clock import NOON

SECOND = timedelta(seconds=1)
FINAL = [state for state in ErrandState if state.is_final]


@pytest.fixture
def world() -> ErrandWorld:
    return ErrandWorld()


# Asking


def test_what_was_asked_for_is_written_down_and_rung_for(world: ErrandWorld) -> None:
    batch = world.errands.add_batch("Set", "admin", 1)
    draft = Draft(operation="Set", intent=INTENT, shown='{"key":"Interval"}', warnings=("It looks odd.", "Twice."))
    order = Order(asked_by="ada", delivery=Delivery.WHEN_ONLINE, priority=Priority.HIGH, batch=batch)

    errand = world.errands.ask(world.station, draft, order)

    assert (errand.station, errand.operation, errand.request) == ("CP-1", "Set", '{"key":"Interval"}')
    assert (errand.state, errand.attempts, errand.action, errand.reason) == (ErrandState.QUEUED, 0, None, None)
    assert (errand.asked_by, errand.delivery, errand.priority, errand.batch) == (
        "ada",
        Delivery.WHEN_ONLINE,
        Priority.HIGH,
        batch,
    )
    assert (errand.queued_at, errand.changed_at, errand.expires_at) == (NOON, NOON, NOON + timedelta(days=1))
    assert (errand.sent_at, errand.ended_at, errand.response, errand.code) == (None, None, None, None)
    assert errand.warnings == ("It looks odd.", "Twice.")
    assert errand.is_outcome_unknown is False
    assert world.changes.errands == ["CP-1"]
    assert world.told == []


def test_numbers_rise_and_are_never_used_again(world: ErrandWorld) -> None:
    numbers = [world.asked().number for _ in range(3)]
    assert numbers == [1, 2, 3]


def test_what_is_wanted_now_of_a_station_that_is_off_line_fails_at_once(world: ErrandWorld) -> None:
    world.goes_away()

    errand = world.asked(order=an_order(delivery=Delivery.NOW))

    assert (errand.state, errand.ended_at) == (ErrandState.FAILED, NOON)
    assert errand.reason == "The station is not connected. Ask for delivery when it is on line, or try again later."
    assert not errand.is_outcome_unknown
    assert world.changes.errands == [], "nobody has to send it"
    assert [told[1:] for told in world.told] == [(errand.number, INTENT, Failure(errand.reason))]


def test_what_may_wait_is_queued_for_a_station_that_is_off_line(world: ErrandWorld) -> None:
    world.goes_away()
    assert world.asked(order=an_order(delivery=Delivery.WHEN_ONLINE)).state is ErrandState.QUEUED


def test_a_station_that_never_was_on_line_is_not_connected(world: ErrandWorld) -> None:
    errand = world.asked(order=an_order(delivery=Delivery.NOW), station=world.a_station("CP-2"))
    assert errand.state is ErrandState.FAILED


@pytest.mark.parametrize("delivery", Delivery)
def test_a_rejected_station_is_sent_nothing(world: ErrandWorld, delivery: Delivery) -> None:
    """OCPP 1.6 §4.2."""
    rejected = replace(world.station, registration=Registration.REJECTED)

    errand = world.asked(order=an_order(delivery=delivery), station=rejected)

    assert errand.state is ErrandState.FAILED
    assert errand.reason is not None
    assert "Rejected" in errand.reason
    assert "accept it first" in errand.reason


def test_a_pending_station_may_be_asked(world: ErrandWorld) -> None:
    """It may be configured before it is accepted (OCPP 1.6 §4.2)."""
    pending = replace(world.station, registration=Registration.PENDING)
    assert world.asked(station=pending).state is ErrandState.QUEUED


def test_an_order_that_nobody_could_carry_is_refused(world: ErrandWorld) -> None:
    order = replace(an_order(), expires_at=NOON)
    with refused(Kind.INVALID, field="expiresAt"):
        world.asked(order=order)
    assert list(world.errands.list(ErrandFilter(), ALL).items) == []


# Every state, and what may happen to an errand in it


def send_it(world: ErrandWorld, claim: Claim) -> None:
    send(world.services, claim, world.line)


def put_back(world: ErrandWorld, claim: Claim) -> None:
    world.errands.lost(claim, "The link ended.", is_repeatable=False, was_sent=False)


def lose(world: ErrandWorld, claim: Claim) -> None:
    world.errands.lost(claim, "The link ended.", is_repeatable=False)


def lose_repeatable(world: ErrandWorld, claim: Claim) -> None:
    world.errands.lost(claim, "The link ended.", is_repeatable=True)


def cancel(world: ErrandWorld, claim: Claim) -> None:
    try:
        world.errands.cancel(claim.number)
    except DomainError as error:
        assert error.kind is Kind.CONFLICT  # noqa: PT017  # the state afterwards tells whether it was taken back


def expire(world: ErrandWorld, claim: Claim) -> None:
    world.clock.advance(timedelta(days=1))
    world.errands.settle()


EVENTS: dict[str, tuple[Callable[[ErrandWorld, Claim], object], ErrandState | None, ErrandState | None]] = {
    "send": (send_it, ErrandState.SENT, None),
    "refuse to send": (
        lambda world, claim: world.errands.refuse_to_send(claim, "It cannot be said."),
        ErrandState.FAILED,
        None,
    ),
    "cancel": (cancel, ErrandState.CANCELLED, None),
    "answer": (
        lambda world, claim: world.errands.answered(claim, response="{}", refusal=None),
        None,
        ErrandState.ANSWERED,
    ),
    "refuse": (
        lambda world, claim: world.errands.answered(claim, response="{}", refusal="Rejected"),
        None,
        ErrandState.REFUSED,
    ),
    "fail": (lambda world, claim: world.errands.failed(claim, Failure("Why.")), None, ErrandState.FAILED),
    "lose": (lose, None, ErrandState.FAILED),
    "lose what is safe to repeat": (lose_repeatable, None, ErrandState.QUEUED),
    "put back": (put_back, None, ErrandState.QUEUED),
    "a day passes": (expire, ErrandState.EXPIRED, ErrandState.FAILED),
}
"""What happens → the state that a queued errand has then, and a sent one; None when it stays as it is."""


@pytest.mark.parametrize("state", ErrandState)
@pytest.mark.parametrize("event", EVENTS)
def test_every_event_in_every_state(world: ErrandWorld, state: ErrandState, event: str) -> None:
    """An errand that has ended stays as it is, whatever comes late."""
    happen, when_queued, when_sent = EVENTS[event]
    number = world.in_state(state)
    before = world.errands.get(number)
    told = len(world.told)

    happen(world, Claim(number, world.station.key, "Set", INTENT, before.attempts))

    expected = {ErrandState.QUEUED: when_queued, ErrandState.SENT: when_sent}.get(state) or state
    after = world.errands.get(number)
    assert after.state is expected
    if expected is state:
        assert after == before
    assert (after.ended_at is not None) is expected.is_final
    has_failed = expected in (ErrandState.FAILED, ErrandState.EXPIRED, ErrandState.CANCELLED) and expected is not state
    assert len(world.told) - told == has_failed


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


# Time passes


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


# Who is told


def test_a_room_is_told_of_its_own_kind_only(world: ErrandWorld) -> None:
    number = world.asked(ReadSettings()).number
    world.errands.cancel(number)
    assert world.told == []


def test_whoever_waits_for_an_errand_is_rung_for_each_change(world: ErrandWorld) -> None:
    claim = world.sent()
    world.errands.answered(claim, response="{}", refusal=None)
    assert [ring for ring in world.unit.rings if ring.startswith("result ")] == [f"result {claim.number}"] * 2


# Secrets

SECRETS: list[Intent] = [
    ChangeSetting("AuthorizationKey", "c0ffee"),
    Say("ChangeConfiguration", '{"key":"AuthorizationKey","value":"c0ffee"}'),
    UploadLog(1, "ftp://me:c0ffee@logs.example/in", "diagnostics"),
    UpdateFirmware(1, "https://files.example/fw.bin?sig=c0ffee", NOON),
]

ENDS: dict[str, Callable[[ErrandWorld, ErrandNumber], object]] = {
    "sent": lambda world, _number: send_it(world, world.claimed()),
    "cancelled": lambda world, number: world.errands.cancel(number),
    "expired": lambda world, number: expire(world, world.claimed()),
    "refused to be sent": lambda world, _number: world.errands.refuse_to_send(world.claimed(), "Why."),
}


@pytest.mark.parametrize("intent", SECRETS, ids=lambda intent: type(intent).__name__)
@pytest.mark.parametrize("end", ENDS)
def test_no_secret_stays_in_the_database(world: ErrandWorld, intent: Intent, end: str) -> None:
    number = world.asked(intent).number
    assert "c0ffee" in world.database_text(), "until it is sent it has to be known"

    ENDS[end](world, number)

    assert "c0ffee" not in world.database_text()


@pytest.mark.parametrize("intent", SECRETS, ids=lambda intent: type(intent).__name__)
def test_no_secret_stays_of_what_fails_at_once(world: ErrandWorld, intent: Intent) -> None:
    world.goes_away()
    world.errands.ask(world.station, a_draft(intent), an_order(delivery=Delivery.NOW))
    assert "c0ffee" not in world.database_text()


@pytest.mark.parametrize("intent", SECRETS, ids=lambda intent: type(intent).__name__)
def test_no_secret_stays_of_a_batch_that_is_taken_back(world: ErrandWorld, intent: Intent) -> None:
    batch = world.errands.add_batch("Set", "ada", 1)
    world.asked(intent, an_order(batch=batch))
    world.errands.cancel_some(batch)
    assert "c0ffee" not in world.database_text()
