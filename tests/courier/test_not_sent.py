"""What cannot be sent keeps nothing else, and a node stops and starts without losing anything."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

import pytest

from forecourt.domain.errands.intents import ChangeSetting, Say, StopCharging
from forecourt.domain.errands.model import Delivery, ErrandState
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import Station
from forecourt.storage.errors import Unavailable
from tests.courier.street import (
    ACCEPTED,
    ASKING,
    CALL_SECONDS,
    DOING,
    Street,
    crash,
    in_street,
    is_idle,
    trip_when_told,
)
from tests.gateway.desk import DIALECT, until

Result = TypeVar("Result")


# What cannot be sent


def test_what_has_no_words_in_this_version_fails_and_the_next_follows() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        await street.is_at_rest()
        number = street.asks(station, StopCharging(5), wakes=False)
        following = street.asks(station)
        errand = await street.ended(number, ErrandState.FAILED)
        assert errand.reason == "The station speaks ocpp1.6, which has no words for StopCharging."
        assert errand.attempts == 0
        await link.called(1)
        assert street.state(following) is ErrandState.SENT

    in_street(story, replace(DIALECT, carriers={}))


@pytest.mark.parametrize(
    ("said", "about"),
    [
        (Say("Heartbeat", "{}"), "has no Heartbeat to send to stations"),
        (Say("FlyAway", "{}"), "has no FlyAway to send to stations"),
        (Say("Reset", '{"type":"Gentle"}'), "Reset does not fit ocpp1.6"),
        (Say("Reset", "{"), "Reset does not fit ocpp1.6"),
    ],
)
def test_what_cannot_be_said_is_not_sent(said: Say, about: str) -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station, said)
        errand = await street.ended(number, ErrandState.FAILED)
        assert errand.reason is not None
        assert about in errand.reason
        assert link.calls == []

    in_street(story)


def test_a_mistake_of_ours_in_one_errand_does_not_keep_the_others() -> None:
    def trip(_intent: StopCharging, _station: Station) -> None:
        raise ZeroDivisionError("a mistake of ours")

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station, StopCharging(5))
        street.asks(station)
        running = asyncio.ensure_future(street.courier.run())
        await link.called(1)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        assert street.state(number) is ErrandState.FAILED

    in_street(story, replace(DIALECT, carriers={StopCharging: trip}))  # type: ignore[dict-item]  # it never returns


def test_an_errand_that_nobody_can_read_does_not_keep_the_others() -> None:
    """A newer version of the program wrote it, and this one was started after it."""

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        await street.is_at_rest()
        number = street.asks(station, wakes=False)
        street.office.unit.execute("UPDATE errand SET intent = ?", ('{"kind":"FlyAway","intent":{}}',))
        street.asks(station)
        running = asyncio.ensure_future(street.courier.run())
        await link.called(1)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        assert street.state(number) is ErrandState.FAILED

    in_street(story)


@pytest.mark.parametrize("error", ["error", "loss"])
def test_a_room_that_fails_when_it_is_told_does_not_keep_the_next_errand(error: str) -> None:
    async def story(street: Street) -> None:
        trip_when_told(street)
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        street.asks(station, ASKING)
        await link.called(1)
        if error == "error":
            link.answers_with_error("InternalError")
        else:
            link.waits_too_long()
        await street.ended(number, ErrandState.FAILED)
        await link.called(2)

    in_street(story)


def test_one_that_was_taken_back_in_between_is_not_sent() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        first, second, third = (street.asks(station) for _ in range(3))
        await link.called(1)
        street.office.services.errands.cancel(second)
        link.answers(ACCEPTED)
        await street.ended(first, ErrandState.ANSWERED)
        await link.called(2)
        link.answers(ACCEPTED)
        await street.ended(third, ErrandState.ANSWERED)
        assert len(link.calls) == 2
        assert street.state(second) is ErrandState.CANCELLED

    in_street(story)


# The end and the beginning


def test_draining_sends_nothing_more_and_records_what_is_out() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        first, second = street.asks(station), street.asks(station)
        await link.called(1)
        street.courier.stop_sending()
        assert not is_idle(street)
        draining = asyncio.ensure_future(street.links.drain())
        await street.is_at_rest()
        assert link.wire.log == [], "an exchange of ours is open"
        link.answers(ACCEPTED)
        await street.ended(first, ErrandState.ANSWERED)
        await until(lambda: link.wire.log == ["close 1001"])
        street.courier.wake("CP-1")
        await street.is_at_rest()
        assert len(link.calls) == 1
        assert street.state(second) is ErrandState.QUEUED
        assert is_idle(street)
        street.leaves(link)
        await asyncio.wait_for(draining, 5)

    in_street(story)


@pytest.mark.parametrize(("intent", "is_again"), [(ASKING, True), (DOING, False)])
def test_what_was_out_when_the_node_stopped_is_sent_again_only_if_that_is_safe(intent: Say, is_again: bool) -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number, waiting = street.asks(station, intent), street.asks(station)
        await link.called(1)

        crash(street)
        await street.new_courier().recover()

        errand = street.errand(number)
        if is_again:
            assert errand.state is ErrandState.QUEUED
        else:
            assert (errand.state, errand.is_outcome_unknown) == (ErrandState.FAILED, True)
            assert errand.reason is not None
            assert errand.reason.startswith("The system stopped before it had the answer.")
        assert street.state(waiting) is ErrandState.QUEUED

    in_street(story)


def test_what_other_nodes_have_sent_is_their_own_affair() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        street.office.unit.execute("UPDATE errand SET node = 'other'")
        await street.courier.recover()
        assert street.state(number) is ErrandState.SENT

    in_street(story)


def test_a_node_starts_whatever_a_room_says_to_what_was_lost() -> None:
    async def story(street: Street) -> None:
        trip_when_told(street)
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        crash(street)
        await street.new_courier().recover()
        assert street.state(number) is ErrandState.FAILED

    in_street(story)


def test_what_was_lost_in_a_crash_and_could_not_be_repeated_may_have_been_done() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station, ASKING, delivery=Delivery.NOW)
        await link.called(1)
        crash(street)
        await street.new_courier().recover()
        street.office.services.errands.settle()
        errand = street.errand(number)
        assert (errand.state, errand.is_outcome_unknown) == (ErrandState.FAILED, True)

    in_street(story)


def test_a_link_of_another_node_is_sent_nothing_from_here() -> None:
    """The station went to another node, and this one has not noticed yet."""

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        await street.is_at_rest()
        street.office.services.presence.open(
            station, LinkId(5), node="other", address="192.0.2.2", subprotocol="ocpp1.6"
        )
        number = street.asks(station)
        await street.is_at_rest()
        assert link.calls == []
        assert street.state(number) is ErrandState.QUEUED

    in_street(story)


def test_the_system_knows_when_an_answer_must_have_come() -> None:
    """Another node may end what this one had sent when it does not say in time how it ended."""

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station, ChangeSetting("a", "b"))
        await street.ended(number, ErrandState.FAILED)  # no words for it here
        number = street.asks(station)
        await link.called(1)
        row = street.office.unit.one("SELECT answer_by - sent_at FROM errand WHERE number = ?", (number,))
        assert row is not None
        assert row[0] == (CALL_SECONDS + 60) * 1_000_000

    in_street(story, replace(DIALECT, carriers={}, hearers={}))


def test_the_office_of_this_test_refuses_as_a_database_does() -> None:
    async def story(street: Street) -> None:
        outcomes: list[Exception | None] = []
        with street.out_of_order():
            street.office.submit(1, lambda _services: None, lambda outcome: outcomes.append(outcome.error))
        await street.is_at_rest()
        assert isinstance(outcomes[0], Unavailable)

    in_street(story)
