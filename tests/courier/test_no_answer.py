"""What no answer came to: never sent twice unless that is safe, and what becomes of it is written down."""

from __future__ import annotations

import json
from typing import TypeVar

import pytest

from forecourt.domain.errands.intents import Say
from forecourt.domain.errands.model import MAX_ATTEMPTS, ErrandNumber, ErrandState
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.ocpp.action import Message
from forecourt.ocpp.session import Limits
from tests.courier.street import (
    ACCEPTED,
    ASKING,
    CONFIGURATION,
    Street,
    in_street,
    run_with,
)
from tests.gateway.desk import until

Result = TypeVar("Result")


def test_an_answer_that_does_not_come_leaves_the_outcome_unknown() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number, following = street.asks(station), street.asks(station)
        await link.called(1)
        link.waits_too_long()
        errand = await street.ended(number, ErrandState.FAILED)
        assert errand.reason == "No answer within 30 s. Whether the station did it is not known."
        assert (errand.is_outcome_unknown, errand.attempts) == (True, 1)
        await link.called(2)
        assert street.state(following) is ErrandState.SENT

    in_street(story)


@pytest.mark.parametrize(("status", "state"), [("Accepted", ErrandState.ANSWERED), ("Rejected", ErrandState.REFUSED)])
def test_a_late_answer_tells_the_outcome_after_all(status: str, state: ErrandState) -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number, following = street.asks(station), street.asks(station)
        await link.called(1)
        link.waits_too_long()
        await street.ended(number, ErrandState.FAILED)
        await link.called(2)

        link.answers({"status": status}, call=0)

        await until(lambda: street.state(number) is state)
        errand = street.errand(number)
        assert (errand.is_outcome_unknown, errand.response) == (False, json.dumps({"status": status}))
        assert errand.reason is not None
        assert "late" in errand.reason
        assert street.state(following) is ErrandState.SENT, "its own answer is still to come"
        link.answers({"status": "Rejected"}, call=0)
        link.answers(ACCEPTED)
        await street.ended(following, ErrandState.ANSWERED)
        assert street.errand(number) == errand, "what is known does not change"

    in_street(story)


def test_a_late_answer_to_what_is_asked_again_is_not_needed() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station, ASKING)
        await link.called(1)
        link.waits_too_long()
        await link.called(2)
        link.answers(CONFIGURATION, call=0)
        await street.is_at_rest()
        assert street.state(number) is ErrandState.SENT
        link.answers(CONFIGURATION)
        errand = await street.ended(number, ErrandState.ANSWERED)
        assert errand.reason is None

    in_street(story)


def test_a_late_answer_that_means_nothing_to_the_business_is_recorded() -> None:
    def hearer(_asked: Message, _told: Message, _station: Station, _services: Services, _errand: ErrandNumber) -> None:
        raise DomainError(Kind.NOT_FOUND, "There is no such reservation.")

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        link.waits_too_long()
        await street.ended(number, ErrandState.FAILED)
        link.answers(ACCEPTED, call=0)
        await until(lambda: street.state(number) is ErrandState.ANSWERED)

    run_with(hearer, story)


def test_what_is_safe_to_repeat_is_sent_again_until_it_is_answered_or_given_up() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station, ASKING)
        for attempt in range(1, MAX_ATTEMPTS + 1):
            await link.called(attempt)
            link.waits_too_long()
        errand = await street.ended(number, ErrandState.FAILED)
        assert (errand.attempts, errand.is_outcome_unknown) == (MAX_ATTEMPTS, True)
        assert len({call[1] for call in link.calls}) == MAX_ATTEMPTS, "each with an id of its own"

    in_street(story)


def test_what_was_sent_when_the_link_ended_has_an_unknown_outcome() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        street.leaves(link)
        errand = await street.ended(number, ErrandState.FAILED)
        assert errand.reason == "The connection was closed. Whether the station did it is not known."
        assert errand.is_outcome_unknown
        await street.is_free()
        again = street.connects(station)
        await street.is_at_rest()
        assert again.calls == []

    in_street(story)


def test_what_is_safe_to_repeat_is_sent_over_the_next_link() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station, ASKING)
        await link.called(1)
        street.leaves(link)
        await street.is_free()
        assert street.state(number) is ErrandState.QUEUED
        again = street.connects(station)
        await again.called(1)
        again.answers(CONFIGURATION)
        errand = await street.ended(number, ErrandState.ANSWERED)
        assert errand.attempts == 2

    in_street(story)


def test_what_waits_behind_it_is_not_touched_when_the_link_ends() -> None:
    """It was not sent, so it has no attempt, is not shown as sent, and keeps what it has to say."""

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        street.asks(station)
        waiting = street.asks(station, Say("ChangeConfiguration", '{"key":"AuthorizationKey","value":"c0ffee"}'))
        await link.called(1)
        street.leaves(link)
        await street.is_free()
        errand = street.errand(waiting)
        assert (errand.state, errand.attempts, errand.sent_at) == (ErrandState.QUEUED, 0, None)
        again = street.connects(station)
        await again.called(1)
        assert again.calls[0][3]["value"] == "c0ffee"

    in_street(story)


def test_what_was_claimed_for_a_link_that_ended_meanwhile_is_sent_over_the_next() -> None:
    """Marked as sent and then not sent: nothing of it is lost, also not what must not be shown."""

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        await street.is_at_rest()
        secret = Say("ChangeConfiguration", '{"key":"AuthorizationKey","value":"c0ffee"}')
        number = street.asks(station, secret)  # claimed and committed; its sending is the loop's next turn
        assert street.state(number) is ErrandState.SENT
        street.leaves(link)
        await street.is_free()
        assert link.calls == []
        assert street.state(number) is ErrandState.QUEUED
        again = street.connects(station)
        await again.called(1)
        assert again.calls[0][3]["value"] == "c0ffee"
        again.answers(ACCEPTED)
        errand = await street.ended(number, ErrandState.ANSWERED)
        assert errand.attempts == 1

    in_street(story)


def test_what_was_claimed_for_a_link_that_was_replaced_goes_over_the_newer_one() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        old = street.connects(station)
        await street.is_at_rest()
        number = street.asks(station)
        new = street.connects(station)
        await new.called(1)
        assert old.calls == []
        new.answers(ACCEPTED)
        await street.ended(number, ErrandState.ANSWERED)

    in_street(story)


def test_a_link_that_is_replaced_while_a_call_is_out_ends_the_call() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        old = street.connects(station)
        number, following = street.asks(station), street.asks(station)
        await old.called(1)
        new = street.connects(station)
        await street.is_at_rest()
        assert new.calls == [], "one errand of a station is out at a time"
        street.leaves(old)
        errand = await street.ended(number, ErrandState.FAILED)
        assert errand.is_outcome_unknown
        await new.called(1)
        assert street.state(following) is ErrandState.SENT
        new.answers(ACCEPTED)
        await street.ended(following, ErrandState.ANSWERED)

    in_street(story)


def test_a_full_queue_fails_the_errand() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        errand = await street.ended(number, ErrandState.FAILED)
        assert errand.reason
        assert not errand.is_outcome_unknown
        assert link.calls == []
        await street.is_free()

    in_street(story, limits=Limits(queued_calls=0))
