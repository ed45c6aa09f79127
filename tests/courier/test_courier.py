"""What is asked of stations is carried to them: in order, one at a time, and every answer is written down."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TypeVar

import pytest

from forecourt.courier import courier as module
from forecourt.domain.errands.intents import Say
from forecourt.domain.errands.model import ErrandState, Priority
from tests.courier.street import (
    ACCEPTED,
    ASKING,
    CONFIGURATION,
    DOING,
    Street,
    in_street,
)
from tests.gateway.desk import a_call, until

Result = TypeVar("Result")


# From the asking to the answer


def test_an_errand_is_sent_and_its_answer_recorded() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station, Say("Reset", '{"type":"Hard"}'))
        await link.called(1)
        [[_kind, call_id, action, payload]] = link.calls
        assert (action, payload) == ("Reset", {"type": "Hard"})
        assert len(call_id) == 36
        errand = street.errand(number)
        assert (errand.state, errand.action, errand.request) == (ErrandState.SENT, "Reset", '{"type":"Hard"}')
        assert not street.courier.is_idle

        link.answers({"status": "Accepted"})

        errand = await street.ended(number, ErrandState.ANSWERED)
        assert json.loads(errand.response or "") == {"status": "Accepted"}
        await street.is_free()

    in_street(story)


def test_it_is_known_to_be_sent_before_it_leaves() -> None:
    """After a crash it must be known which errands may have been done."""

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        await street.is_at_rest()
        with street.out_of_order():
            number = street.asks(station)
            await street.is_at_rest()
            assert link.calls == []
            assert street.state(number) is ErrandState.QUEUED
        street.courier.wake("CP-1")
        await link.called(1)

    in_street(story)


def test_one_errand_of_a_station_is_out_at_a_time_and_the_next_follows_its_answer() -> None:
    """OCPP-J 1.6 §4.1.1."""

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        low = street.asks(station, Say("ClearCache", "{}"), priority=Priority.LOW)
        await link.called(1)
        normal = street.asks(station, Say("Reset", '{"type":"Soft"}'))
        high = street.asks(station, Say("UnlockConnector", '{"connectorId":1}'), priority=Priority.HIGH)
        await street.is_at_rest()
        assert link.actions == ["ClearCache"]
        for count, (number, answer) in enumerate([(low, "Accepted"), (high, "Unlocked"), (normal, "Accepted")], 1):
            await link.called(count)
            link.answers({"status": answer})
            await street.ended(number, ErrandState.ANSWERED)
        assert link.actions == ["ClearCache", "UnlockConnector", "Reset"]

    in_street(story)


def test_stations_do_not_wait_for_one_another() -> None:
    async def story(street: Street) -> None:
        stations = [street.a_station(f"CP-{number}") for number in range(5)]
        links = [street.connects(station) for station in stations]
        for station in stations:
            street.asks(station)
        for link in links:
            await link.called(1)

    in_street(story)


def test_what_waited_is_sent_when_the_station_comes() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        first, second = street.asks(station), street.asks(station, ASKING)
        await street.is_at_rest()
        link = street.connects(station)
        await link.called(1)
        link.answers(ACCEPTED)
        await street.ended(first, ErrandState.ANSWERED)
        await link.called(2)
        link.answers(CONFIGURATION)
        await street.ended(second, ErrandState.ANSWERED)

    in_street(story)


def test_what_was_not_rung_for_is_found() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        await street.is_at_rest()
        running = asyncio.ensure_future(street.courier.run())
        street.asks(station, wakes=False)
        await link.called(1)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    in_street(story)


def test_a_ring_about_anything_makes_it_look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 1000.0)

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        await street.is_at_rest()
        running = asyncio.ensure_future(street.courier.run())
        await street.is_at_rest()
        street.asks(station, wakes=False)
        street.courier.rung(None)
        await link.called(1)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    in_street(story)


def test_it_goes_on_looking_after_an_outage() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        await street.is_at_rest()
        street.asks(station, wakes=False)
        street.office.is_available = False
        running = asyncio.ensure_future(street.courier.run())
        await asyncio.sleep(0.1)
        assert not running.done()
        street.office.is_available = True
        await link.called(1)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    in_street(story)


def test_two_wakes_at_once_send_one_errand_once() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        await street.is_at_rest()
        number = street.asks(station, wakes=False)
        for _ in range(5):
            street.courier.wake("CP-1")
        await link.called(1)
        await street.is_at_rest()
        assert len(link.calls) == 1
        link.answers(ACCEPTED)
        await street.ended(number, ErrandState.ANSWERED)
        await street.is_free()
        assert len(link.calls) == 1

    in_street(story)


def test_a_ring_while_it_looks_is_not_lost() -> None:
    """The errand may have been written just after the look."""

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        await street.is_at_rest()
        street.courier.wake("CP-1")  # looks, and finds nothing
        street.asks(station)
        await link.called(1)

    in_street(story)


def test_nobody_is_asked_who_is_not_connected_here() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        number = street.asks(station)
        street.courier.wake("CP-9")
        await street.is_at_rest()
        assert street.courier.is_idle
        assert street.state(number) is ErrandState.QUEUED

    in_street(story)


# What stations answer


def test_a_refusal_is_no_success() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        link.answers({"status": "Rejected"})
        errand = await street.ended(number, ErrandState.REFUSED)
        assert errand.reason == "The station answered Rejected."
        assert errand.response == '{"status": "Rejected"}'

    in_street(story)


@pytest.mark.parametrize("status", ["Accepted", "RebootRequired"])
def test_what_is_done_in_other_words_is_a_success(status: str) -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station, Say("ChangeConfiguration", '{"key":"K","value":"1"}'))
        await link.called(1)
        link.answers({"status": status})
        await street.ended(number, ErrandState.ANSWERED)

    in_street(story)


def test_an_error_of_the_station_is_told_with_its_code_and_words() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number, following = street.asks(station, ASKING), street.asks(station)
        await link.called(1)
        link.answers_with_error("NotSupported", "not here", {"at": 1})
        errand = await street.ended(number, ErrandState.FAILED)
        assert (errand.code, errand.is_outcome_unknown, errand.attempts) == ("NotSupported", False, 1)
        assert errand.reason == "The station answered with the error NotSupported: not here"
        assert json.loads(errand.response or "") == {"at": 1}
        await link.called(2)
        assert street.state(following) is ErrandState.SENT

    in_street(story)


@pytest.mark.parametrize(
    ("intent", "answer"),
    [
        (DOING, '{"status": "Perhaps"}'),
        (DOING, "{}"),
        (DOING, '{"status": "Accepted", "vendorExtra": 1}'),
        (DOING, '{"status": 1}'),
        (DOING, "[]"),
        (DOING, '"Accepted"'),
        (ASKING, '{"configurationKey": [{"key": "K"}]}'),
    ],
)
def test_an_answer_that_breaks_its_words_is_kept_as_it_came(intent: Say, answer: str) -> None:
    """An unknown word of an enumeration, too: nobody knows what the station meant."""

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number, following = street.asks(station, intent), street.asks(station)
        await link.called(1)
        link.hears(f'[3,"{link.calls[0][1]}",{answer}]'.encode())
        errand = await street.ended(number, ErrandState.FAILED)
        assert errand.response == answer
        assert errand.code is None
        assert errand.reason is not None
        assert errand.reason.startswith(f"The answer breaks the words of {intent.action}: ")
        await link.called(2)
        assert street.state(following) is ErrandState.SENT

    in_street(story)


@pytest.mark.parametrize(
    "frame",
    [
        '[4,"{id}","Broken\\u0000Code","",{}]',
        '[4,"{id}","GenericError","what\\u0000ever",{}]',
        '[4,"{id}","GenericError","",{"a":"\\u0000"}]',
        '[4,"{id}",17,null,[]]',
        '[4,"{id}"]',
        '[3,"{id}"]',
        '[3,"{id}",{"status":"\\u0000"}]',
        '[3,"{id}",null]',
    ],
)
def test_whatever_a_station_answers_its_next_errand_follows(frame: str) -> None:
    """No text with U+0000 reaches the database: PostgreSQL keeps none."""

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number, following = street.asks(station), street.asks(station)
        await link.called(1)
        link.hears(frame.replace("{id}", link.calls[0][1]).encode())
        errand = await street.ended(number, ErrandState.FAILED)
        assert "\0" not in f"{errand.reason}{errand.code}{errand.response}"
        await link.called(2)
        assert street.state(following) is ErrandState.SENT

    in_street(story)


def test_no_secret_of_an_answer_is_kept() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station, ASKING)
        await link.called(1)
        link.answers({"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": "c0ffee"}]})
        errand = await street.ended(number, ErrandState.ANSWERED)
        assert errand.response is not None
        assert "c0ffee" not in errand.response
        assert "***" in errand.response

    in_street(story)


def test_a_station_is_sent_a_secret_and_people_are_not() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        secret = Say("ChangeConfiguration", '{"key":"AuthorizationKey","value":"c0ffee"}')
        number = street.asks(station, secret)
        await link.called(1)
        assert link.calls[0][3]["value"] == "c0ffee"
        assert json.loads(street.errand(number).request or "")["value"] == "***"

    in_street(story)


def test_the_answer_to_another_call_ends_nothing() -> None:
    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        link.says([3, "another", {"status": "Accepted"}])
        await street.is_at_rest()
        assert street.state(number) is ErrandState.SENT
        link.answers(ACCEPTED)
        await street.ended(number, ErrandState.ANSWERED)

    in_street(story)


def test_a_station_has_its_own_answer_before_it_is_called() -> None:
    """OCPP-J 1.6 §4.1.1: many stations cannot answer while they wait."""

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        await street.is_at_rest()
        link.hears(a_call("a"))  # its answer is on its way through storage
        street.asks(station)
        await link.called(1)
        assert link.wire.frames[0][:2] == [3, "a"]

    in_street(story)


def test_a_station_may_ask_while_our_call_is_out() -> None:
    """Both directions are independent (OCPP-J 1.6 §4.1.1)."""

    async def story(street: Street) -> None:
        station = street.a_station()
        link = street.connects(station)
        number = street.asks(station)
        await link.called(1)
        link.hears(a_call("a"))
        await until(lambda: [3, "a"] in [frame[:2] for frame in link.wire.frames])
        assert street.state(number) is ErrandState.SENT
        link.answers(ACCEPTED)
        await street.ended(number, ErrandState.ANSWERED)

    in_street(story)
