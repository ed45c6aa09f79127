"""What answers mean is stored with them, whatever the database and the business make of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from forecourt.courier.endings import MAX_UNHEARD
from forecourt.domain.errands.model import ErrandNumber, ErrandState
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.gateway.connection import Outcome as GatewayOutcome
from forecourt.ocpp.action import Message
from forecourt.storage.errors import RowRefused
from tests.courier.street import (
    ACCEPTED,
    ASKING,
    Street,
    in_street,
    run_with,
)
from tests.gateway.desk import DIALECT
from tests.support.clock import NOON

Result = TypeVar("Result")


# The database does not take it


def test_an_answer_that_could_not_be_recorded_is_recorded_later_and_nothing_sent_twice() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number, following = street.asks(station), street.asks(station)
        await link.called(1)
        with street.out_of_order():
            link.answers(ACCEPTED)
            await asyncio.sleep(0.1)
            street.courier.wake("CP-1")
            await street.is_at_rest()
            assert street.state(number) is ErrandState.SENT
            assert len(link.calls) == 1
        await street.ended(number, ErrandState.ANSWERED)
        await link.called(2)
        assert street.state(following) is ErrandState.SENT

    in_street(story)


def test_a_loss_that_could_not_be_recorded_is_recorded_later_also_without_a_link() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        with street.out_of_order():
            street.leaves(link)
            await asyncio.sleep(0.1)
            assert street.state(number) is ErrandState.SENT
        errand = await street.ended(number, ErrandState.FAILED)
        assert errand.is_outcome_unknown
        await street.is_free()

    in_street(story)


# What answers mean


def test_the_business_hears_what_was_asked_and_what_was_answered() -> None:
    heard: list[tuple[Message, Message, Station]] = []

    def hearer(asked: Message, told: Message, station: Station, _services: Services, _errand: ErrandNumber) -> None:
        heard.append((asked, told, station))

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        link.answers({"status": "Rejected"})
        await street.ended(number, ErrandState.REFUSED)
        reset = DIALECT.actions["Reset"]
        assert heard == [(reset.request(type="Hard"), reset.response(status="Rejected"), station)]

    run_with(hearer, story)


def test_what_the_business_learns_is_stored_with_the_answer() -> None:
    def hearer(_asked: Message, _told: Message, station: Station, services: Services, _errand: ErrandNumber) -> None:
        services.provisioning.heartbeat(station)

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        with street.out_of_order():
            link.answers(ACCEPTED)
            await asyncio.sleep(0.1)
            assert street.office.services.provisioning.get("CP-1").last_seen_at is None
        await street.ended(number, ErrandState.ANSWERED)
        assert street.office.services.provisioning.get("CP-1").last_seen_at == NOON

    run_with(hearer, story)


@pytest.mark.parametrize("error", [DomainError(Kind.NOT_FOUND, "There is no such reservation.")])
def test_an_answer_that_means_nothing_to_the_business_is_recorded(error: DomainError) -> None:
    calls = 0

    def hearer(_asked: Message, _told: Message, _station: Station, _services: Services, _errand: ErrandNumber) -> None:
        nonlocal calls
        calls += 1
        raise error

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        link.answers(ACCEPTED)
        await street.ended(number, ErrandState.ANSWERED)
        assert calls == 1

    run_with(hearer, story)


@pytest.mark.parametrize("error", [ZeroDivisionError("a mistake of ours"), RowRefused("number too large")])
def test_an_answer_that_cannot_be_taken_in_is_recorded_in_the_end(error: Exception) -> None:
    """After some tries: what it means is lost, and the station is not kept from its next errand."""
    calls = 0

    def hearer(_asked: Message, _told: Message, station: Station, services: Services, _errand: ErrandNumber) -> None:
        nonlocal calls
        calls += 1
        services.provisioning.heartbeat(station)
        raise error

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number, following = street.asks(station), street.asks(station, ASKING)
        await link.called(1)
        link.answers(ACCEPTED)
        errand = await street.ended(number, ErrandState.ANSWERED)
        assert errand.response == '{"status": "Accepted"}'
        assert calls == MAX_UNHEARD
        assert street.office.services.provisioning.get("CP-1").last_seen_at is None
        await link.called(2)
        assert street.state(following) is ErrandState.SENT

    run_with(hearer, story)


def test_an_answer_that_the_database_refuses_at_the_commit_is_recorded_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows that are written in bulk are refused after the business has taken the answer in."""
    has_heard: list[bool] = []

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number, following = street.asks(station), street.asks(station, ASKING)
        await link.called(1)
        submit = street.office.submit

        def refusing(
            key: int, work: Callable[[Services], Result], done: Callable[[GatewayOutcome[Result]], None]
        ) -> None:
            def working(services: Services) -> Result:
                result = work(services)
                if has_heard:
                    has_heard.clear()
                    raise RowRefused("number too large")
                return result

            submit(key, working, done)

        monkeypatch.setattr(street.office, "submit", refusing)
        link.answers(ACCEPTED)
        await street.ended(number, ErrandState.ANSWERED)
        await link.called(2)
        assert street.state(following) is ErrandState.SENT

    def hearer(_asked: Message, _told: Message, _station: Station, _services: Services, _errand: ErrandNumber) -> None:
        has_heard.append(True)

    run_with(hearer, story)
