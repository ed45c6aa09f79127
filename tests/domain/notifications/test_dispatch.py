"""What is to be delivered, when it is tried again, and when it is given up: all on a clock that stands still."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.alarms.model import AlarmFilter, Level, Topic
from forecourt.domain.errors import Kind as Refused
from forecourt.domain.events.kinds import Group, Kind
from forecourt.domain.events.model import Event, EventFilter, EventNumber
from forecourt.domain.notifications.model import (
    DIGEST,
    EVENTS_AT_ONCE,
    GATHERING,
    GIVEN_UP_AFTER,
    LEASE,
    LONGEST_WAIT,
    Channel,
    Draft,
    Round,
    State,
    Subscription,
    SubscriptionNumber,
    Trial,
    Wish,
    wait_after,
)
from tests.domain.world import ALL, World, refused

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


class Desk(World):
    """A world with a carrier that delivers as it is told."""

    def a_webhook(self, name: str = "hook", wish: Wish = Wish()) -> SubscriptionNumber:  # noqa: B008  # a frozen value
        draft = Draft(name=name, channel=Channel.WEBHOOK, url="https://a.example/", wish=wish)
        return self.services.notifications.add(draft, asked_by="tests")[0].number

    def a_mail(self, wish: Wish = Wish()) -> SubscriptionNumber:  # noqa: B008  # a frozen value
        draft = Draft(name="mail", channel=Channel.MAIL, recipients=("a@example.com",), wish=wish)
        return self.services.notifications.add(draft, asked_by="tests")[0].number

    def tells(self, count: int = 1, station: str = "CP-1") -> None:
        for _ in range(count):
            self.services.events.tell_of_station(Kind.STATION_REMOVED, station, {})

    def takes(self, number: SubscriptionNumber, node: str = "node") -> Round | None:
        if number not in self.services.dispatch.at_work():
            return None
        return self.services.dispatch.take(number, node)

    def delivers(self, number: SubscriptionNumber, error: str | None = None) -> list[Event]:
        """Takes what is there, and ends all of it alike."""
        taken = self.takes(number)
        if taken is None:
            return []
        assert self.services.dispatch.settle(taken, "node", [Trial(event, error) for event in taken.events])
        return list(taken.events)

    def subscription(self, number: SubscriptionNumber) -> Subscription:
        return self.services.notifications.get(number)

    def waiting(self, number: SubscriptionNumber) -> list[int]:
        return [one.event.number for one in self.services.notifications.deliveries(number, ALL).items]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_what_happened_before_is_not_told(desk: Desk) -> None:
    desk.tells()
    number = desk.a_webhook()
    assert desk.takes(number) is None
    desk.tells()
    assert [event.number for event in desk.delivers(number)] == [2]
    assert desk.takes(number) is None
    assert desk.subscription(number).delivered == 1


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (Wish(), ["stationRemoved", "stationRegistered", "alarmRaised", "stationRemoved"]),
        (Wish(kinds=frozenset({Kind.STATION_REMOVED})), ["stationRemoved", "stationRemoved"]),
        (Wish(groups=frozenset({Group.ALARMS})), ["alarmRaised"]),
        (
            Wish(groups=frozenset({Group.ALARMS}), kinds=frozenset({Kind.STATION_REGISTERED})),
            ["stationRegistered", "alarmRaised"],
        ),
        (Wish(station="CP-2"), ["stationRegistered", "stationRemoved"]),
        (Wish(station_group="north"), ["stationRegistered", "stationRemoved"]),
        (Wish(station_group="south"), []),
    ],
)
def test_only_what_somebody_wants_is_told(desk: Desk, wish: Wish, told: list[str]) -> None:
    number = desk.a_webhook(wish=wish)
    desk.tells()
    station = desk.a_station("CP-2")
    desk.unit.execute("UPDATE station SET station_group = 'north' WHERE key = ?", (station.key,))
    desk.services.alarms.raise_(Topic.FILES, "shelf", Level.WARNING, "It is full.")
    desk.tells(station="CP-2")
    assert [event.kind.value for event in desk.delivers(number)] == told
    assert desk.delivers(number) == []


def test_much_is_delivered_in_parts(desk: Desk) -> None:
    number = desk.a_webhook()
    desk.tells(EVENTS_AT_ONCE + 3)
    assert len(desk.delivers(number)) == EVENTS_AT_ONCE
    assert len(desk.delivers(number)) == 3


def test_a_subscription_is_one_nodes_until_its_lease_runs_out(desk: Desk) -> None:
    number = desk.a_webhook()
    desk.tells()
    first = desk.takes(number, "a")
    assert first is not None
    assert desk.services.dispatch.at_work() == []
    assert desk.services.dispatch.take(number, "b") is None
    desk.clock.advance(LEASE + SECOND)
    second = desk.takes(number, "b")
    assert second is not None
    assert [event.id for event in second.events] == [event.id for event in first.events]
    assert not desk.services.dispatch.settle(first, "a", [Trial(first.events[0])])
    assert desk.services.dispatch.settle(second, "b", [Trial(second.events[0])])
    assert desk.subscription(number).delivered == 1


def test_what_a_node_had_taken_on_is_taken_on_again(desk: Desk) -> None:
    number = desk.a_webhook()
    desk.tells()
    assert desk.takes(number) is not None
    assert desk.services.dispatch.release("node") == 1
    assert [event.number for event in desk.delivers(number)] == [1]


def test_what_failed_is_tried_again_later_and_later() -> None:
    waits = [wait_after(failures).total_seconds() for failures in range(1, 12)]
    assert waits[:4] == [10, 20, 40, 80]
    assert waits == sorted(waits)
    assert wait_after(10_000) == LONGEST_WAIT


def test_one_event_that_is_refused_holds_up_no_other(desk: Desk) -> None:
    number = desk.a_webhook()
    desk.tells(3)
    taken = desk.takes(number)
    assert taken is not None
    trials = [Trial(event, "No." if event.number == 2 else None) for event in taken.events]
    assert desk.services.dispatch.settle(taken, "node", trials)
    assert desk.waiting(number) == [2]
    assert desk.subscription(number).state is State.ACTIVE
    desk.tells()
    assert [event.number for event in desk.delivers(number)] == [4]
    desk.clock.advance(wait_after(1))
    assert [event.number for event in desk.delivers(number)] == [2]
    assert desk.waiting(number) == []


def test_while_nothing_is_delivered_little_is_tried_and_little_is_kept(desk: Desk) -> None:
    number = desk.a_webhook()
    desk.tells()
    desk.delivers(number, "Away.")
    desk.tells(100)
    assert desk.takes(number) is None, "not before the wait is over"
    tried = 0
    for failures in range(1, 6):
        desk.clock.advance(wait_after(failures))
        tried += len(desk.delivers(number, "Away."))
    assert tried <= 10
    assert len(desk.waiting(number)) <= 6
    assert desk.subscription(number).state is State.FAILING


def test_after_an_outage_everything_is_delivered_once(desk: Desk) -> None:
    number = desk.a_webhook()
    desk.tells(40)
    delivered: list[int] = []
    for failures in range(1, 8):
        desk.delivers(number, "Away.")
        desk.clock.advance(wait_after(failures) + SECOND)
    while found := desk.delivers(number):
        delivered += [event.number for event in found]
    assert sorted(delivered) == list(range(1, 41))
    assert desk.subscription(number).state is State.ACTIVE
    assert desk.waiting(number) == []


def test_after_days_an_event_is_given_up_and_the_subscription_paused_with_an_alarm(desk: Desk) -> None:
    number = desk.a_webhook()
    desk.tells()
    deadline = desk.clock.now() + GIVEN_UP_AFTER + 2 * LONGEST_WAIT
    while desk.clock.now() < deadline:
        desk.delivers(number, "Away.")
        desk.clock.advance(LONGEST_WAIT)
    paused = desk.subscription(number)
    assert (paused.state, paused.paused_by) == (State.PAUSED, None)
    assert paused.paused_reason == "Nothing could be delivered for 3 days. Away."
    (delivery,) = desk.services.notifications.deliveries(number, ALL).items
    assert delivery.is_given_up
    (alarm,) = desk.services.alarms.list(AlarmFilter(is_open=True), ALL).items
    assert (alarm.topic, alarm.subject) == (Topic.NOTIFICATIONS, "hook")
    assert desk.services.dispatch.at_work() == []
    desk.services.notifications.resume(number)
    assert desk.services.alarms.list(AlarmFilter(is_open=True), ALL).items == []
    desk.services.notifications.again(number, delivery.event.number)
    assert 1 in [event.number for event in desk.delivers(number)]


def test_a_receiver_that_is_gone_is_left_alone_at_once(desk: Desk) -> None:
    number = desk.a_webhook()
    desk.tells()
    taken = desk.takes(number)
    assert taken is not None
    desk.services.dispatch.settle(taken, "node", [Trial(taken.events[0], "It answered 410 Gone.", is_gone=True)])
    assert desk.subscription(number).paused_reason == "It answered 410 Gone."
    assert desk.services.dispatch.at_work() == []


def test_a_receiver_may_ask_to_be_left_alone_for_longer(desk: Desk) -> None:
    number = desk.a_webhook()
    desk.tells()
    taken = desk.takes(number)
    assert taken is not None
    desk.services.dispatch.settle(taken, "node", [Trial(taken.events[0], "Busy.", again_seconds=600)])
    desk.clock.advance(timedelta(seconds=599))
    assert desk.takes(number) is None
    desk.clock.advance(SECOND)
    assert len(desk.delivers(number)) == 1


def test_what_comes_within_a_minute_goes_into_one_mail(desk: Desk) -> None:
    number = desk.a_mail()
    desk.tells(2)
    assert desk.takes(number) is None, "it waits for what belongs to it"
    desk.clock.advance(GATHERING)
    assert len(desk.delivers(number)) == 2
    desk.tells()
    desk.clock.advance(DIGEST - 2 * SECOND)
    desk.tells()
    assert desk.takes(number) is None
    desk.clock.advance(2 * SECOND)
    assert len(desk.delivers(number)) == 2


def test_a_mail_that_failed_is_tried_again_without_growing(desk: Desk) -> None:
    number = desk.a_mail()
    desk.tells(3)
    desk.clock.advance(GATHERING)
    assert len(desk.delivers(number, "Away.")) == 3
    desk.tells(5)
    desk.clock.advance(wait_after(1))
    assert [event.number for event in desk.delivers(number)] == [1, 2, 3]
    desk.clock.advance(DIGEST)
    assert [event.number for event in desk.delivers(number)] == [4, 5, 6, 7, 8]


def test_a_paused_subscription_is_told_later_or_never(desk: Desk) -> None:
    first, second = desk.a_webhook("first"), desk.a_webhook("second")
    for number in (first, second):
        desk.services.notifications.pause(number, asked_by="tests")
    desk.tells(2)
    assert desk.services.dispatch.at_work() == []
    desk.services.notifications.resume(first)
    desk.services.notifications.resume(second, skips_waiting=True)
    assert len(desk.delivers(first)) == 2
    assert desk.delivers(second) == []


def test_events_are_forgotten_when_they_are_old_and_nobody_waits_for_them(desk: Desk) -> None:
    number = desk.a_webhook()
    desk.tells(3)
    taken = desk.takes(number)
    assert taken is not None
    trials = [Trial(event, "No." if event.number == 2 else None) for event in taken.events]
    desk.services.dispatch.settle(taken, "node", trials)
    desk.clock.advance(timedelta(hours=2))
    desk.tells()
    desk.services.dispatch.tidy(timedelta(hours=1))
    kept = [event.number for event in desk.services.events.list(EventFilter(), ALL).items]
    assert kept == [4, 2]
    desk.clock.advance(timedelta(hours=2))
    desk.services.dispatch.tidy(timedelta(hours=1))
    assert [event.number for event in desk.services.events.list(EventFilter(), ALL).items] == [4, 2], "still to be told"


def test_what_is_not_there_or_not_right_is_refused(desk: Desk) -> None:
    notifications = desk.services.notifications
    number = desk.a_webhook()
    nobody = SubscriptionNumber(99)
    with refused(Refused.NOT_FOUND, about="no subscription 99"):
        notifications.test(nobody, asked_by="tests")
    with refused(Refused.CONFLICT, field="name", about="already"):
        desk.a_webhook()
    with refused(Refused.CONFLICT, about="not paused"):
        notifications.resume(number)
    with refused(Refused.NOT_FOUND, about="does not wait"):
        notifications.again(number, EventNumber(5))
    with refused(Refused.INVALID, field="kinds", about="cannot be subscribed"):
        desk.a_webhook("tests", Wish(kinds=frozenset({Kind.TEST})))
