"""Subscriptions: who outside is told of which events, how, and what was not delivered yet."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NewType

from forecourt.domain.events.kinds import Group, Kind
from forecourt.domain.events.model import Event

SubscriptionNumber = NewType("SubscriptionNumber", int)
"""Numbers all subscriptions from 1; never used again."""

LEASE: Final = timedelta(seconds=120)
"""For so long a subscription is one node's: longer than what it takes on at once can take."""

FIRST_WAIT: Final = timedelta(seconds=10)
LONGEST_WAIT: Final = timedelta(hours=1)
"""After something was not delivered; the wait doubles as long as that goes on."""

GIVEN_UP_AFTER: Final = timedelta(days=3)
"""So long an event is tried. A subscription to which nothing was delivered for so long is paused."""

DIGEST: Final = timedelta(minutes=1)
"""What comes within this time after a mail goes into the next one."""

GATHERING: Final = timedelta(seconds=3)
"""So long a mail waits for what belongs to its first event."""

EVENTS_AT_ONCE: Final = 16
EVENTS_IN_A_MAIL: Final = 100
EVENTS_READ: Final = 500
"""How many events are looked at in one unit of work."""

MAX_NAME: Final = 100
MAX_URL: Final = 2000
MAX_RECIPIENTS: Final = 50
MAX_ADDRESS: Final = 254
MAX_HEADER: Final = 1000
MAX_ERROR: Final = 500
MAX_SUBSCRIPTIONS: Final = 200

SECRET_PREFIX: Final = "whsec_"
"""How the secrets of webhooks begin (Standard Webhooks)."""
SECRET_BYTES: Final = 32


class Channel(enum.Enum):
    """How somebody is told."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class State(enum.Enum):
    """How a subscription is."""

    ACTIVE = "active"
    FAILING = "failing"
    """What was tried last was not delivered; it is tried again."""
    PAUSED = "paused"
    """A person paused it, or the system did after days of failure. What comes meanwhile waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to be told of."""

    kinds: frozenset[Kind] = frozenset()
    groups: frozenset[Group] = frozenset()
    """Without kinds and groups: everything."""
    station: str | None = None
    """Only what happens to this station; None for all."""
    station_group: str | None = None
    """Only what happens to stations of this group; None for all."""

    @property
    def is_everything(self) -> bool:
        return not self.kinds and not self.groups

    def wants(self, event: Event, groups_of: Mapping[str, str]) -> bool:
        """``groups_of`` says the group of a station by its identity."""
        if not event.kind.may_be_chosen:
            return False
        if not self.is_everything and event.kind not in self.kinds and event.kind.group not in self.groups:
            return False
        if self.station is not None and event.station != self.station:
            return False
        return self.station_group is None or groups_of.get(event.station or "") == self.station_group


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A subscription as somebody writes it down."""

    name: str
    channel: Channel
    recipients: tuple[str, ...] = ()
    url: str = ""
    header_name: str = ""
    header_value: str | None = field(default=None, repr=False)
    """None keeps the one that is stored."""
    wish: Wish = Wish()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Who is told, and how that goes."""

    number: SubscriptionNumber
    name: str
    channel: Channel
    recipients: tuple[str, ...]
    url: str
    header_name: str
    """A header that every request has besides those of the standard; empty for none."""
    wish: Wish
    changed_by: str
    changed_at: datetime
    reached: int
    """The number of the last event that was looked at; what was not delivered of these has a `Delivery`."""
    paused_at: datetime | None = None
    paused_by: str | None = None
    """None when the system did."""
    paused_reason: str | None = None
    delivered: int = 0
    """How many events, since it is there."""
    delivered_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    """How often in a row nothing could be delivered."""
    last_error: str | None = None
    again_at: datetime | None = None
    """Nothing is tried before."""

    @property
    def state(self) -> State:
        if self.paused_at is not None:
            return State.PAUSED
        return State.ACTIVE if self.failing_since is None else State.FAILING

    @property
    def target(self) -> str:
        """To where, for people."""
        return self.url if self.channel is Channel.WEBHOOK else ", ".join(self.recipients)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What nobody may read of a subscription."""

    secret: str = field(default="", repr=False)
    """With which webhooks are signed."""
    header_value: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event that was not delivered at once."""

    subscription: SubscriptionNumber
    event: Event
    attempts: int
    error: str
    """Why the last attempt failed."""
    failing_since: datetime
    tried_at: datetime
    again_at: datetime | None
    """When it is tried again; None when it was given up."""

    @property
    def is_given_up(self) -> bool:
        return self.again_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A subscription, and what it has still to be told."""

    subscription: Subscription
    behind: int
    """Events that were not looked at yet, of all kinds."""
    waiting: int
    """Events that failed and are tried again."""
    given_up: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a node is to deliver now."""

    subscription: Subscription
    secrets: Secrets
    events: tuple[Event, ...]
    reached: int
    """How far the outbox was read for it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How the delivery of one event went."""

    event: Event
    error: str | None = None
    """Why it failed; None when it was delivered."""
    again_seconds: float = 0.0
    """Not to be tried before, as the receiver asked."""
    is_gone: bool = False
    """The receiver wants nothing any more (410)."""


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    return min(FIRST_WAIT * (1 << min(max(failures - 1, 0), 12)), LONGEST_WAIT)
