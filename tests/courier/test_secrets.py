"""What must not be shown is not kept, and what is not known is said to be unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar, cast

import pytest

from forecourt.domain.errands.intents import Say
from forecourt.domain.errands.model import ErrandNumber, ErrandState
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.gateway.connection import Outcome as GatewayOutcome
from forecourt.ocpp.action import Message
from forecourt.storage.errors import Unavailable
from tests.courier.street import (
    ACCEPTED,
    ASKING,
    Street,
    in_street,
    run_with,
)
from tests.gateway.desk import Failed as FailedJob
from tests.gateway.desk import until

Result = TypeVar("Result")


@pytest.mark.parametrize(
    ("intent", "frame"),
    [
        (
            Say("ChangeConfiguration", '{"key":"AuthorizationKey","value":"hunter2/hunter2"}'),
            '[4,"{id}","GenericError","not hunter2/hunter2",{"value":"hunter2/hunter2"}]',
        ),
        (
            Say("ChangeConfiguration", '{"key":"AuthorizationKey","value":"68756E74657232"}'),
            '[4,"{id}","GenericError","not Hunter2, hunter2 or 68756e74657232",{"said":"hunter2"}]',
        ),
        (
            Say("UpdateFirmware", '{"location":"https://h/fw?sig=hunter2","retrieveDate":"2026-01-01T00:00:00Z"}'),
            '[4,"{id}","GenericError","GET /fw?sig=hunter2 gave 403",{}]',
        ),
        (
            ASKING,
            '[3,"{id}",{"configurationKey":[{"key":"AuthorizationKey","readonly":"nope","value":"hunter2"}]}]',
        ),
    ],
)
def test_a_secret_that_a_station_repeats_is_not_kept(intent: Say, frame: str) -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station, intent)
        await link.called(1)
        link.hears(frame.replace("{id}", link.calls[0][1]).encode())
        errand = await street.ended(number, ErrandState.FAILED)
        assert "hunter2" not in repr(errand)
        assert "***" in repr(errand)

    in_street(story)


def test_a_secret_that_a_station_repeats_in_a_good_answer_is_not_kept() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station, Say("GetDiagnostics", '{"location":"ftp://me:hunter2@files.example/"}'))
        await link.called(1)
        link.answers({"fileName": "ftp://files.example/me-Hunter2.log"})
        errand = await street.ended(number, ErrandState.ANSWERED)
        assert "hunter2" not in repr(errand).lower()

    in_street(story)


def test_what_an_answer_without_sense_means_is_not_known() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        link.answers({"status": "accepted"})
        errand = await street.ended(number, ErrandState.FAILED)
        assert errand.is_outcome_unknown
        assert errand.response == '{"status": "accepted"}'

    in_street(story)


def test_a_late_error_tells_that_it_was_not_done() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        link.waits_too_long()
        await street.ended(number, ErrandState.FAILED)
        link.answers_with_error("NotSupported")
        await until(lambda: not street.errand(number).is_outcome_unknown)
        errand = street.errand(number)
        assert (errand.state, errand.code) == (ErrandState.FAILED, "NotSupported")

    in_street(story)


def test_an_answer_to_what_another_node_gave_up_is_recorded() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        street.clock.advance(timedelta(minutes=5))
        street.errands.settle()
        assert street.state(number) is ErrandState.FAILED
        link.answers(ACCEPTED)
        await until(lambda: street.state(number) is ErrandState.ANSWERED)

    in_street(story)


def test_an_answer_is_heard_once_though_its_commit_was_not_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database stored it, and the connection broke before it said so."""
    heard: list[ErrandNumber] = []

    def hearer(_asked: Message, _told: Message, _station: Station, _services: Services, errand: ErrandNumber) -> None:
        heard.append(errand)

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        submit, is_lost = street.office.submit, [True]

        def losing(
            key: int, work: Callable[[Services], Result], done: Callable[[GatewayOutcome[Result]], None]
        ) -> None:
            def unconfirmed(outcome: GatewayOutcome[Result]) -> None:
                if is_lost and heard:
                    is_lost.clear()
                    done(cast("GatewayOutcome[Result]", FailedJob(Unavailable("the connection broke"))))
                else:
                    done(outcome)

            submit(key, work, unconfirmed)

        monkeypatch.setattr(street.office, "submit", losing)
        link.answers(ACCEPTED)
        await street.is_free()
        assert (street.state(number), heard) == (ErrandState.ANSWERED, [number])

    run_with(hearer, story)


def test_the_node_waits_until_all_is_recorded() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        await street.courier.wait_until_idle(0.01)
        assert not street.courier.is_idle, "it does not wait for ever"
        street.courier.stop_sending()
        with street.out_of_order():
            link.answers(ACCEPTED)
            await street.is_at_rest()
        await street.courier.wait_until_idle(10)
        assert street.state(number) is ErrandState.ANSWERED

    in_street(story)
