"""The carrier's side of subscriptions: what is to be delivered now, by whom, and how it went.

A subscription is one node's at a time. What a node takes on is recorded when it is over; one that ends in the middle
leaves everything to be taken on again, so that an event may be delivered twice, and then with the same id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.alarms.service import Alarms
from forecourt.domain.events.kinds import Kind
from forecourt.domain.events.model import Event
from forecourt.domain.events.service import Events
from forecourt.domain.events.store import EventStore
from forecourt.domain.notifications.model import (
    DIGEST,
    EVENTS_AT_ONCE,
    EVENTS_IN_A_MAIL,
    EVENTS_READ,
    GATHERING,
    GIVEN_UP_AFTER,
    LEASE,
    MAX_ERROR,
    Channel,
    Delivery,
    Round,
    Subscription,
    SubscriptionNumber,
    Trial,
    wait_after,
)
from forecourt.domain.notifications.store import SubscriptionStore
from forecourt.domain.storable import storable

OUTAGE: Final = timedelta(minutes=1)
"""After a failure that lasted so long, all that waits is tried at once when it is over."""


class Dispatch:
    """What a node does with subscriptions."""

    def __init__(
        self, store: SubscriptionStore, outbox: EventStore, clock: Clock, *, events: Events, alarms: Alarms
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._clock = clock
        self._events = events
        self._alarms = alarms

    def at_work(self) -> list[SubscriptionNumber]:
        """Subscriptions that something could be sent to now, and that are nobody's."""
        now = self._clock.now()
        return [one.number for one in self._store.with_work(now) if self._is_ripe(one, now)]

    def take(self, number: SubscriptionNumber, node: str) -> Round | None:
        """Make it this node's, with what is to be delivered; None when it is another's, or when there is nothing."""
        now = self._clock.now()
        if not self._store.lease(number, node, now, now + LEASE):
            return None
        subscription, secrets = self._store.find(number), self._store.secrets(number)
        if subscription is None:
            return None
        if secrets is None:
            self._pause(subscription, "Its secret cannot be opened with the key of this system: make a new one.", now)
            self._store.release(number, node)
            return None
        due = list(self._store.due(number, now, _limit(subscription)))
        if subscription.failures and subscription.channel is Channel.WEBHOOK:
            due = due[:1]  # one is enough to see whether it is over
        new, reached = self._new(subscription, _room(subscription, len(due)))
        if not due and not new:
            if reached > subscription.reached:
                self._store.advance(number, reached)
            self._store.release(number, node)
            return None
        return Round(subscription=subscription, secrets=secrets, events=(*due, *new), reached=reached)

    def settle(self, taken: Round, node: str, trials: Sequence[Trial]) -> bool:
        """Record how it went, and give the subscription back. False when it is not this node's any more: somebody else
        delivers the same again."""
        number, now = taken.subscription.number, self._clock.now()
        if not self._store.hold(number, node, now):
            return False
        subscription = self._store.find(number)
        if subscription is None:
            return False
        delivered = [one.event.number for one in trials if one.error is None]
        failed = [one for one in trials if one.error is not None]
        if delivered:
            self._store.succeeded(number, delivered)
            self._store.count_delivered(number, len(delivered), now)
        for trial in failed:
            self._note(number, trial, now)
        self._store.advance(number, taken.reached)
        self._judge(subscription, failed, now, has_delivered=bool(delivered))
        self._store.release(number, node)
        return True

    def release(self, node: str) -> int:
        """Give back what a node had taken on when it ended. Returns how many subscriptions."""
        return self._store.release_all(node)

    def tidy(self, keep: timedelta) -> None:
        """Forget events that are older and that nobody is still to be sent, and deliveries that were given up."""
        before = self._clock.now() - keep
        self._store.prune(before)
        self._outbox.prune(before, self._store.passed())

    # Inside

    def _is_ripe(self, subscription: Subscription, now: datetime) -> bool:
        """Mails wait for what belongs to them."""
        if subscription.channel is not Channel.MAIL or subscription.failures:
            return True
        if subscription.delivered_at is not None and now < subscription.delivered_at + DIGEST:
            return False
        _, first_at = self._outbox.waiting(subscription.reached)
        return first_at is None or now >= first_at + GATHERING

    def _new(self, subscription: Subscription, room: int) -> tuple[list[Event], int]:
        tail = self._events.after(subscription.reached, EVENTS_READ)
        wish = subscription.wish
        groups = {}
        if wish.station_group is not None:
            groups = dict(self._store.groups_of({one.station for one in tail.items if one.station is not None}))
        chosen: list[Event] = []
        for event in tail.items:
            if not (wish.wants(event, groups) or _is_test_of(subscription, event)):
                continue
            if len(chosen) >= room:
                return chosen, event.number - 1
            chosen.append(event)
        return chosen, tail.reached

    def _note(self, number: SubscriptionNumber, trial: Trial, now: datetime) -> None:
        before = self._store.delivery(number, trial.event.number)
        attempts = 1 if before is None else before.attempts + 1
        since = now if before is None else before.failing_since
        is_given_up = now - since >= GIVEN_UP_AFTER
        again_at = now + max(wait_after(attempts), timedelta(seconds=trial.again_seconds))
        self._store.failed(
            Delivery(
                subscription=number,
                event=trial.event,
                attempts=attempts,
                error=storable(trial.error or "", MAX_ERROR),
                failing_since=since,
                tried_at=now,
                again_at=None if is_given_up else again_at,
            )
        )

    def _judge(
        self, subscription: Subscription, failed: Sequence[Trial], now: datetime, *, has_delivered: bool
    ) -> None:
        gone = next((one for one in failed if one.is_gone), None)
        if gone is not None:
            self._pause(subscription, gone.error or "", now)
        elif has_delivered:
            self._recovered(subscription, now)
        elif failed:
            self._failing(subscription, failed, now)

    def _recovered(self, subscription: Subscription, now: datetime) -> None:
        since = subscription.failing_since
        if since is None and subscription.last_error is None:
            return
        self._store.put(replace(subscription, failing_since=None, failures=0, last_error=None, again_at=None))
        if since is not None and now - since >= OUTAGE:
            self._store.hurry(subscription.number, now)

    def _failing(self, subscription: Subscription, failed: Sequence[Trial], now: datetime) -> None:
        since, failures = subscription.failing_since or now, subscription.failures + 1
        error = storable(failed[-1].error or "", MAX_ERROR)
        if now - since >= GIVEN_UP_AFTER:
            reason = f"Nothing could be delivered for {GIVEN_UP_AFTER.days} days. {error}"
            self._pause(replace(subscription, failing_since=since, failures=failures, last_error=error), reason, now)
            return
        wait = max(wait_after(failures), timedelta(seconds=max(one.again_seconds for one in failed)))
        self._store.put(
            replace(subscription, failing_since=since, failures=failures, last_error=error, again_at=now + wait)
        )

    def _pause(self, subscription: Subscription, reason: str, now: datetime) -> None:
        said = storable(reason, MAX_ERROR)
        self._store.put(replace(subscription, paused_at=now, paused_by=None, paused_reason=said))
        sentence = f"The subscription {subscription.name!r} was paused. {reason} See to it, then let it go on."
        self._alarms.raise_(Topic.NOTIFICATIONS, subscription.name, Level.WARNING, sentence)


def _limit(subscription: Subscription) -> int:
    return EVENTS_IN_A_MAIL if subscription.channel is Channel.MAIL else EVENTS_AT_ONCE


def _room(subscription: Subscription, taken: int) -> int:
    """How many new events may be tried: while nothing is delivered one webhook, and no mail beside one that failed."""
    if not subscription.failures:
        return _limit(subscription) - taken
    if subscription.channel is Channel.MAIL:
        return 0 if taken else EVENTS_IN_A_MAIL
    return 1


def _is_test_of(subscription: Subscription, event: Event) -> bool:
    return event.kind is Kind.TEST and event.data.get("number") == subscription.number
