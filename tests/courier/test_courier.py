"""What is asked of stations is carried to them: in order, one at a time, never twice unless that is safe, and what
becomes of it is written down whatever goes wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar, cast

import pytest

from forecourt.courier import courier as module
from forecourt.courier.courier import MAX_UNHEARD
from forecourt.dialect import Hearer
from forecourt.domain.errands.intents import ChangeSetting, Say, StopCharging
from forecourt.domain.errands.model import MAX_ATTEMPTS, Delivery, ErrandNumber, ErrandState, Failure, Priority
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.gateway.connection import Outcome as GatewayOutcome
from forecourt.ocpp.action import Message
from forecourt.ocpp.session import Limits
from forecourt.storage.errors import RowRefused, Unavailable
from tests.courier.street import ACCEPTED, ASKING, CALL_SECONDS, CONFIGURATION, DOING, Street, in_street
from tests.gateway.desk import DIALECT, a_call, until
from tests.gateway.desk import Failed as FailedJob
from tests.support.clock import NOON

Result = TypeVar("Result")


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.02)


def hearing(hearer: Hearer, action: str = "Reset") -> Street:
    return Street(replace(DIALECT, hearers={action: hearer}))


def run_with(hearer: Hearer, story: Callable[[Street], Coroutine[None, None, None]]) -> None:
    async def main() -> None:
        await asyncio.wait_for(story(hearing(hearer)), 20)

    asyncio.run(main())


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


# No answer


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


def trip_when_told(street: Street) -> None:
    def trip(_key: int, _number: ErrandNumber, _intent: Say, _failure: Failure) -> None:
        raise DomainError(Kind.NOT_FOUND, "There is no such job.")

    street.office.services.errands.watch(Say, trip)


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


def is_idle(street: Street) -> bool:
    return street.courier.is_idle


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


def crash(street: Street) -> None:
    """The node stops without warning and starts again."""
    street.office.services.presence.close_all("node")


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


# What must not be shown, and what is not known


@pytest.mark.parametrize(
    ("intent", "frame"),
    [
        (
            Say("ChangeConfiguration", '{"key":"AuthorizationKey","value":"hunter2/hunter2"}'),
            '[4,"{id}","GenericError","not hunter2/hunter2",{"value":"hunter2/hunter2"}]',
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
