"""What a simulated station says when drivers come and go, online and offline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import pytest

from forecourt.dialects.v16.messages.boot_notification import BootNotificationResponse
from forecourt.dialects.v16.messages.meter_values import MeterValuesRequest
from forecourt.dialects.v16.messages.start_transaction import StartTransactionRequest
from forecourt.dialects.v16.messages.status_notification import StatusNotificationRequest
from forecourt.dialects.v16.messages.stop_transaction import StopTransactionRequest
from forecourt.ocpp.action import Message
from forecourt_simulator.mailbox import Letter
from tests.simulator.worlds import START, World, a_car, a_charging_world, a_world, usual_answer

Words = TypeVar("Words", bound=Message)


def words_of(kind: type[Words], letters: Iterable[Letter]) -> list[Words]:
    return [words for letter in letters if isinstance(words := letter.to_send(), kind)]


def statuses(letters: Iterable[Letter]) -> list[tuple[int, str]]:
    return [(one.connector_id, one.status) for one in words_of(StatusNotificationRequest, letters)]


def test_after_boot_the_station_reports_itself_and_every_connector() -> None:
    world = World()
    world.station.connect(world.now)
    letters = world.letters()
    assert letters[0].action.name == "BootNotification"
    assert statuses(letters) == [(0, "Available"), (1, "Available"), (2, "Available")]


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_a_station_that_is_not_accepted_says_nothing_and_boots_again_after_the_interval(status: str) -> None:
    world = World()
    world.station.connect(world.now)
    letter = world.station.find_letter(world.now)
    assert letter is not None
    answer = BootNotificationResponse(
        status="Pending" if status == "Pending" else "Rejected", current_time=START, interval=60
    )
    world.station.take_answer(letter, answer, world.now)
    world.station.plug_in(1, a_car(), world.now)
    world.wait(59)
    assert world.station.find_letter(world.now) is None
    world.wait(1)
    assert world.sent()[0] == "BootNotification"


def test_a_reconnection_does_not_boot_again() -> None:
    world = a_world()
    world.station.disconnect()
    world.station.connect(world.now)
    assert world.sent() == []


def test_a_status_that_changed_offline_is_reported_on_return() -> None:
    world = a_world()
    world.station.disconnect()
    world.station.plug_in(2, a_car(), world.now)
    world.station.connect(world.now)
    assert statuses(world.letters()) == [(2, "Preparing")]


def test_a_visit_from_plug_to_plug() -> None:
    world = a_world()
    station = world.station
    station.plug_in(1, a_car(), world.now)
    station.present_tag(1, "TAG", world.now)
    letters = world.letters()
    assert [letter.action.name for letter in letters] == [
        "StatusNotification",
        "Authorize",
        "StatusNotification",
        "StartTransaction",
    ]
    world.wait(125)
    readings = words_of(MeterValuesRequest, world.letters())
    assert [one.transaction_id for one in readings] == [7, 7]
    station.present_tag(1, "tag", world.now)
    station.unplug(1, world.now)
    last = world.letters()
    [stop] = words_of(StopTransactionRequest, last)
    assert (stop.transaction_id, stop.reason, stop.id_tag) == (7, "Local", "tag")
    assert stop.meter_stop == pytest.approx(11_000 * 125 / 3600, abs=1)
    assert statuses(last) == [(1, "Finishing"), (1, "Available")]


def test_a_full_battery_suspends_the_transaction_and_the_meter_stands_still() -> None:
    world = a_world()
    world.station.plug_in(1, a_car(soc=0.99), world.now)
    world.station.present_tag(1, "TAG", world.now)
    world.letters()
    world.wait(3_600)
    reading = world.station.connectors[1].meter.reading_wh
    assert (1, "SuspendedEV") in statuses(world.letters())
    world.wait(3_600)
    assert world.station.connectors[1].meter.reading_wh == reading


def test_the_meter_counts_on_over_transactions() -> None:
    world = a_charging_world()
    for _ in range(3):
        world.wait(600)
        world.station.unplug(1, world.now)
        world.station.plug_in(1, a_car(), world.now)
        world.station.present_tag(1, "TAG", world.now)
    letters = [letter for letter in world.station.mailbox.waiting if letter.action.name != "MeterValues"]
    readings = [
        words.meter_start if isinstance(words, StartTransactionRequest) else words.meter_stop
        for words in (letter.words for letter in letters)
        if isinstance(words, (StartTransactionRequest, StopTransactionRequest))
    ]
    assert readings == sorted(readings)
    assert readings[-1] > 0


def test_a_refused_tag_starts_nothing() -> None:
    world = a_world()
    world.station.plug_in(1, a_car(), world.now)
    world.station.present_tag(1, "BAD", world.now)
    while (letter := world.station.find_letter(world.now)) is not None:
        world.station.take_answer(letter, usual_answer(letter, status="Blocked"), world.now)
    assert world.station.connectors[1].status == "Preparing"
    assert not world.station.connectors[1].is_busy


def test_a_transaction_whose_tag_is_refused_at_the_start_is_ended_as_deauthorized() -> None:
    world = a_world(online=False)
    world.station.plug_in(1, a_car(), world.now)
    world.station.present_tag(1, "BAD", world.now)
    world.station.connect(world.now)
    sent = []
    while (letter := world.station.find_letter(world.now)) is not None:
        sent.append(letter)
        world.station.take_answer(letter, usual_answer(letter, status="Invalid"), world.now)
    [stop] = words_of(StopTransactionRequest, sent)
    assert (stop.reason, stop.transaction_id) == ("DeAuthorized", 7)


def test_another_tag_does_not_stop_a_transaction_unless_it_is_of_the_group() -> None:
    world = a_charging_world()
    world.station.present_tag(1, "OTHER", world.now)
    world.letters()
    assert world.station.connectors[1].is_busy


def test_a_tag_without_a_car_is_given_up_after_the_connection_time_out() -> None:
    world = a_world()
    world.station.present_tag(1, "TAG", world.now)
    assert (1, "Preparing") in statuses(world.letters())
    world.wait(120)
    assert statuses(world.letters()) == [(1, "Available")]


def test_a_whole_visit_offline_is_told_in_order_with_the_number_learnt_late() -> None:
    world = a_world()
    world.station.disconnect()
    world.station.plug_in(1, a_car(), world.now)
    world.station.present_tag(1, "TAG", world.now)
    world.wait(130)
    world.station.present_tag(1, "TAG", world.now)
    world.station.connect(world.now)
    lasting = [letter for letter in world.letters() if letter.transaction is not None]
    assert [letter.action.name for letter in lasting] == [
        "StartTransaction",
        "MeterValues",
        "MeterValues",
        "StopTransaction",
    ]
    assert [one.transaction_id for one in words_of(MeterValuesRequest, lasting)] == [7, 7]
    assert [one.transaction_id for one in words_of(StopTransactionRequest, lasting)] == [7]
    assert [one.timestamp for one in words_of(StopTransactionRequest, lasting)] == [world.now.wall]


def test_offline_transactions_can_be_forbidden() -> None:
    world = a_world()
    world.station.configuration.change("AllowOfflineTxForUnknownId", "false")
    world.station.disconnect()
    world.station.plug_in(1, a_car(), world.now)
    world.station.present_tag(1, "TAG", world.now)
    assert not world.station.connectors[1].is_busy


def test_a_heartbeat_follows_silence_only() -> None:
    world = a_world()
    world.wait(200)
    world.station.plug_in(1, a_car(), world.now)
    assert world.sent() == ["StatusNotification"]
    world.wait(299)
    assert world.sent() == []
    world.wait(1, step=1)
    assert world.sent() == ["Heartbeat"]


def test_a_start_that_is_given_up_leaves_a_stop_without_a_number() -> None:
    """OCPP 1.6 §3.7: after TransactionMessageAttempts the message is dropped; the rest still has to leave."""
    world = a_charging_world()
    station = world.station
    station.plug_in(2, a_car(), world.now)
    station.disconnect()
    station.present_tag(2, "TAG", world.now)
    station.present_tag(2, "TAG", world.now)
    station.connect(world.now)
    tries = 0
    while not tries or any(letter.action.name == "StartTransaction" for letter in station.mailbox.waiting):
        world.wait(60)
        letter = station.find_letter(world.now)
        assert letter is not None
        if letter.action.name == "StartTransaction":
            tries += 1
            station.take_failure(letter, "InternalError", "the store is down", world.now)
        else:
            station.take_answer(letter, usual_answer(letter), world.now)
    assert tries == 3
    [stop] = words_of(StopTransactionRequest, station.mailbox.waiting)
    assert stop.transaction_id == -1
