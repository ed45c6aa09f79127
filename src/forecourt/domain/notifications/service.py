"""Subscriptions to events: who is told outside, as people set it up and look after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from forecourt.clock import Clock
from forecourt.domain.alarms.model import Topic
from forecourt.domain.alarms.service import Alarms
from forecourt.domain.changes import Changes
from forecourt.domain.errors import DomainError, conflict, not_found
from forecourt.domain.events.kinds import Kind
from forecourt.domain.events.model import EventNumber, Value
from forecourt.domain.events.service import Events
from forecourt.domain.notifications.checks import check, new_secret
from forecourt.domain.notifications.model import (
    MAX_SUBSCRIPTIONS,
    Channel,
    Delivery,
    Draft,
    Secrets,
    Sheet,
    Subscription,
    SubscriptionNumber,
)
from forecourt.domain.notifications.store import SubscriptionStore
from forecourt.domain.paging import Page, PageRequest


class Notifications:
    """Everything that people do with subscriptions."""

    def __init__(
        self, store: SubscriptionStore, clock: Clock, changes: Changes, *, events: Events, alarms: Alarms
    ) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes
        self._events = events
        self._alarms = alarms

    def add(self, draft: Draft, *, asked_by: str) -> tuple[Subscription, str | None]:
        """Set one up; it is told what happens from now on. Returns it, and the secret with which its webhooks are
        signed, which nobody is shown again. Raises DomainError INVALID or CONFLICT."""
        check(draft)
        if len(self._store.all()) >= MAX_SUBSCRIPTIONS:
            raise conflict(
                "There are {} subscriptions, and no more are possible; remove one that nobody needs.", MAX_SUBSCRIPTIONS
            )
        secret = new_secret() if draft.channel is Channel.WEBHOOK else ""
        empty = Subscription(
            number=SubscriptionNumber(0),
            name=draft.name,
            channel=draft.channel,
            recipients=(),
            url="",
            header_name="",
            wish=draft.wish,
            changed_by=asked_by,
            changed_at=self._clock.now(),
            reached=self._events.settled(),
        )
        made = _decided(empty, draft)
        number = self._store.add(made, Secrets(secret=secret, header_value=draft.header_value or ""))
        if number is None:
            raise _taken(draft.name)
        return self.get(number), secret or None

    def change(self, number: SubscriptionNumber, draft: Draft, *, asked_by: str) -> Subscription:
        """Replace what a person decides. Its channel stays. Raises DomainError NOT_FOUND, INVALID or CONFLICT."""
        before = self.get(number)
        if draft.channel is not before.channel:
            raise conflict("A subscription keeps its channel; set up another one.", field="channel")
        check(draft)
        secrets = self._store.secrets(number) or Secrets()
        if draft.header_name != before.header_name or draft.header_value is not None:
            secrets = replace(secrets, header_value=draft.header_value or "")
        changed = replace(_decided(before, draft), changed_by=asked_by, changed_at=self._clock.now(), again_at=None)
        if not self._store.put(changed, secrets):
            raise _taken(draft.name)
        if before.name != draft.name:
            self._alarms.end(Topic.NOTIFICATIONS, before.name)
        self._changes.event_told()
        return self.get(number)

    def renew_secret(self, number: SubscriptionNumber, *, asked_by: str) -> str:
        """A new secret for a webhook, which nobody is shown again; the old one signs nothing any more. Raises
        DomainError NOT_FOUND or CONFLICT."""
        found = self.get(number)
        if found.channel is not Channel.WEBHOOK:
            raise conflict("Only webhooks are signed with a secret.")
        secret = new_secret()
        kept = self._store.secrets(number) or Secrets()
        changed = replace(found, changed_by=asked_by, changed_at=self._clock.now())
        self._store.put(changed, replace(kept, secret=secret))
        return secret

    def remove(self, number: SubscriptionNumber) -> None:
        """With all that it was still to be told. Raises DomainError NOT_FOUND."""
        found = self.get(number)
        self._store.remove(number)
        self._alarms.end(Topic.NOTIFICATIONS, found.name)

    def pause(self, number: SubscriptionNumber, *, asked_by: str) -> Subscription:
        """Send nothing for a while; what happens meanwhile waits, as long as events are kept. Raises DomainError
        NOT_FOUND or CONFLICT."""
        found = self.get(number)
        if found.paused_at is not None:
            raise conflict("The subscription {!r} is paused already.", found.name)
        self._store.put(replace(found, paused_at=self._clock.now(), paused_by=asked_by, paused_reason=None))
        return self.get(number)

    def resume(self, number: SubscriptionNumber, *, skips_waiting: bool = False) -> Subscription:
        """Go on, with what waits or only with what happens from now on. Raises DomainError NOT_FOUND or CONFLICT."""
        found = self.get(number)
        if found.paused_at is None:
            raise conflict("The subscription {!r} is not paused.", found.name)
        self._store.put(
            replace(
                found,
                paused_at=None,
                paused_by=None,
                paused_reason=None,
                failing_since=None,
                failures=0,
                last_error=None,
                again_at=None,
            )
        )
        if skips_waiting:
            self._store.advance(number, max(found.reached, self._events.settled()))
            self._store.skip(number, None)
        else:
            self._store.hurry(number, self._clock.now())
        self._alarms.end(Topic.NOTIFICATIONS, found.name)
        self._changes.event_told()
        return self.get(number)

    def test(self, number: SubscriptionNumber, *, asked_by: str) -> None:
        """Have an event sent that says that somebody tries it: as any other, to this one alone. Raises DomainError
        NOT_FOUND or CONFLICT."""
        found = self._at_work(number)
        data: dict[str, Value] = {"subscription": found.name, "number": int(number), "askedBy": asked_by}
        self._events.tell(Kind.TEST, found.name, data)
        self._store.put(replace(found, again_at=None))

    # What was not delivered

    def deliveries(self, number: SubscriptionNumber, page: PageRequest) -> Page[Delivery]:
        """What failed and is tried again, or was given up, the newest event first. Raises DomainError NOT_FOUND."""
        self.get(number)
        return self._store.deliveries(number, page)

    def again(self, number: SubscriptionNumber, event: EventNumber) -> None:
        """Try one now, and for as long as at first. Raises DomainError NOT_FOUND or CONFLICT."""
        found = self._at_work(number)
        delivery = self._store.delivery(number, event)
        if delivery is None:
            raise not_found("The event {} does not wait to be delivered to {!r}.", event, found.name)
        now = self._clock.now()
        self._store.failed(replace(delivery, failing_since=now, again_at=now))
        self._store.put(replace(found, again_at=None))
        self._changes.event_told()

    def skip(self, number: SubscriptionNumber, event: EventNumber) -> None:
        """Never deliver it. Raises DomainError NOT_FOUND."""
        found = self.get(number)
        if not self._store.skip(number, event):
            raise not_found("The event {} does not wait to be delivered to {!r}.", event, found.name)

    # Questions

    def get(self, number: SubscriptionNumber) -> Subscription:
        """Raises DomainError NOT_FOUND."""
        found = self._store.find(number)
        if found is None:
            raise not_found("There is no subscription {}.", number)
        return found

    def sheet(self, number: SubscriptionNumber) -> Sheet:
        """Raises DomainError NOT_FOUND."""
        self.get(number)
        return next(one for one in self._store.sheets() if one.subscription.number == number)

    def list(self) -> Sequence[Sheet]:
        """All, by name."""
        return self._store.sheets()

    # Inside

    def _at_work(self, number: SubscriptionNumber) -> Subscription:
        found = self.get(number)
        if found.paused_at is not None:
            raise conflict("The subscription {!r} is paused; let it go on first.", found.name)
        return found


def _decided(subscription: Subscription, draft: Draft) -> Subscription:
    """With what a person decides, and nothing of the other channel."""
    is_mail = draft.channel is Channel.MAIL
    return replace(
        subscription,
        name=draft.name,
        recipients=draft.recipients if is_mail else (),
        url="" if is_mail else draft.url,
        header_name="" if is_mail else draft.header_name,
        wish=draft.wish,
    )


def _taken(name: str) -> DomainError:
    return conflict("There is a subscription {!r} already.", name, field="name")
