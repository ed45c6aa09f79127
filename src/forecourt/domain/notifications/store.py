"""What notifications need from storage."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.events.model import Event, EventNumber
from forecourt.domain.notifications.model import (
    Delivery,
    Secrets,
    Sheet,
    Subscription,
    SubscriptionNumber,
)
from forecourt.domain.paging import Page, PageRequest


class SubscriptionStore(Protocol):
    """Subscriptions, their leases, and what is still to be delivered."""

    def add(self, subscription: Subscription, secrets: Secrets) -> SubscriptionNumber | None:
        """None when there is one of this name."""
        ...

    def put(self, subscription: Subscription, secrets: Secrets | None = None) -> bool:
        """Replace what a person decides, and whether it is paused or failing; without secrets they stay. How far it
        has come is left alone. False when another one has its name."""
        ...

    def remove(self, number: SubscriptionNumber) -> bool:
        """With what it was still to be told."""
        ...

    def find(self, number: SubscriptionNumber) -> Subscription | None: ...

    def secrets(self, number: SubscriptionNumber) -> Secrets | None:
        """None when they cannot be opened with the key of this system."""
        ...

    def all(self) -> Sequence[Subscription]:
        """By name."""
        ...

    def sheets(self) -> Sequence[Sheet]:
        """All with their counts, by name."""
        ...

    # At work

    def with_work(self, at: datetime) -> Sequence[Subscription]:
        """Those that are nobody's at this time, are not paused, and have something that could be delivered."""
        ...

    def lease(self, number: SubscriptionNumber, node: str, at: datetime, until: datetime) -> bool:
        """Make it this node's. False when it is another's, or paused."""
        ...

    def hold(self, number: SubscriptionNumber, node: str, at: datetime) -> bool:
        """Whether it is this node's still; until this unit of work is over nobody else changes it."""
        ...

    def release(self, number: SubscriptionNumber, node: str) -> None: ...

    def release_all(self, node: str) -> int: ...

    def due(self, number: SubscriptionNumber, at: datetime, limit: int) -> Sequence[Event]:
        """Events that failed and are to be tried again now, the one that waits longest first."""
        ...

    def groups_of(self, stations: Collection[str]) -> Mapping[str, str]: ...

    def advance(self, number: SubscriptionNumber, reached: int) -> None: ...

    def count_delivered(self, number: SubscriptionNumber, count: int, at: datetime) -> None: ...

    def succeeded(self, number: SubscriptionNumber, events: Collection[EventNumber]) -> None:
        """Forget that they failed."""
        ...

    def failed(self, delivery: Delivery) -> None:
        """Note it, in the place of what was noted of it before."""
        ...

    # Deliveries

    def delivery(self, number: SubscriptionNumber, event: EventNumber) -> Delivery | None: ...

    def deliveries(self, number: SubscriptionNumber, page: PageRequest) -> Page[Delivery]:
        """The newest event first."""
        ...

    def skip(self, number: SubscriptionNumber, event: EventNumber | None) -> int:
        """Forget one, or all. Returns how many."""
        ...

    def hurry(self, number: SubscriptionNumber, at: datetime) -> None:
        """Try now what waits to be tried again."""
        ...

    def prune(self, given_up_before: datetime) -> None:
        """Forget what was given up and failed first before."""
        ...

    def passed(self) -> int | None:
        """How far all that are not paused have come; None when there is none."""
        ...
