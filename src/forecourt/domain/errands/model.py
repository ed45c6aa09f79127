"""Errands: what the house wants from stations, written down so that nothing is lost and nothing is done twice."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NewType

from forecourt.domain.errands.intents import Intent
from forecourt.domain.errors import invalid
from forecourt.domain.presence.model import LinkId

ErrandNumber = NewType("ErrandNumber", int)
"""Numbers all errands from 1; never used again."""

BatchNumber = NewType("BatchNumber", int)
"""Numbers the requests that went to many stations at once."""

NOW_SECONDS: Final = 30
"""How long an errand that is wanted now may wait for its turn on a station that is on line."""

LONGEST_WAIT: Final = timedelta(days=366)

MAX_ATTEMPTS: Final = 3
"""How often an errand that is safe to repeat is sent before it is given up."""

CANCELLED_AT_ONCE: Final = 200
"""Errands that are taken back in one unit of work; the messages of stations wait for it."""

WRITING_TIME: Final = timedelta(minutes=5)
"""How long writing a batch may take; a writer that took longer has stopped."""

MAX_TROUBLES: Final = 5
"""How often a room is told that an errand came to nothing, when it fails to take that in."""

ANSWER_GRACE: Final = timedelta(seconds=60)
"""After the time for the answer has passed, the node that sent the errand has this long to say how it ended."""


class ErrandState(enum.Enum):
    """The life of an errand::

    QUEUED ── SENT ── ANSWERED | REFUSED | FAILED
      │         └── QUEUED again: only what is safe to repeat
      └── FAILED | EXPIRED | CANCELLED
    """

    QUEUED = "queued"
    SENT = "sent"
    """It is about to be sent, or was, and its answer is awaited."""
    ANSWERED = "answered"
    """The station did it, or told what it was asked."""
    REFUSED = "refused"
    """The station answered that it will not do it."""
    FAILED = "failed"
    """It could not be sent, or no usable answer came; the reason says which."""
    EXPIRED = "expired"
    """The station was not reached in time."""
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self not in (ErrandState.QUEUED, ErrandState.SENT)


class Delivery(enum.Enum):
    """What to do while the station is off line."""

    NOW = "now"
    """Now or not at all: it fails at once with the reason."""
    WHEN_ONLINE = "whenOnline"
    """As soon as the station is on line, until the errand expires."""


class Priority(enum.Enum):
    """Which of a station's errands goes first; among equals the older one."""

    LOW = 0
    NORMAL = 1
    HIGH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How an errand is to be carried, and for whom."""

    asked_by: str
    delivery: Delivery = Delivery.NOW
    expires_at: datetime | None = None
    """Until when it may be sent; None means 30 s for what is wanted now, and a day for what may wait."""
    priority: Priority = Priority.NORMAL
    batch: BatchNumber | None = None
    parameters: str | None = None
    """What the operation was told, without secrets, as JSON; shown until it is known what will be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An errand that is about to be written down."""

    operation: str
    intent: Intent
    shown: str | None
    """What will be sent, without secrets, as JSON; None as long as it is not known."""
    warnings: tuple[str, ...] = ()
    """What looks wrong about it, in sentences. It is sent all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """An errand, as people see it. ``request`` and ``response`` are JSON, the request without secrets."""

    number: ErrandNumber
    station: str
    operation: str
    action: str | None
    """What was sent, in the words of the station's version; None until then."""
    request: str | None
    state: ErrandState
    asked_by: str
    delivery: Delivery
    priority: Priority
    batch: BatchNumber | None
    queued_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None
    changed_at: datetime
    attempts: int
    reason: str | None
    """Why it was refused or failed, in a sentence."""
    code: str | None
    """The code of the station's CALLERROR."""
    response: str | None
    is_outcome_unknown: bool
    """It was sent, and nobody knows whether the station did it."""
    warnings: tuple[str, ...]
    """What looked wrong about it when it was asked for."""


def new_errand(
    number: ErrandNumber, station: str, draft: Draft, order: Order, *, expires_at: datetime, at: datetime
) -> Errand:
    """An errand as it is when it was just written down."""
    return Errand(
        number=number,
        station=station,
        operation=draft.operation,
        action=None,
        request=order.parameters if draft.shown is None else draft.shown,
        state=ErrandState.QUEUED,
        asked_by=order.asked_by,
        delivery=order.delivery,
        priority=order.priority,
        batch=order.batch,
        queued_at=at,
        expires_at=expires_at,
        sent_at=None,
        ended_at=None,
        changed_at=at,
        attempts=0,
        reason=None,
        code=None,
        response=None,
        is_outcome_unknown=False,
        warnings=draft.warnings,
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """An errand that is to be sent now over one link."""

    number: ErrandNumber
    station_key: int
    operation: str
    intent: Intent
    attempts: int
    """How often it was sent before."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an errand ended without the station having done it."""

    reason: str
    code: str | None = None
    is_outcome_unknown: bool = False

    @property
    def is_unsupported(self) -> bool:
        """True when the station said that it does not know or do such a thing (OCPP-J 1.6 Table 7)."""
        return self.code in ("NotImplemented", "NotSupported")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One request to many stations, and how far it has come."""

    number: BatchNumber
    operation: str
    asked_by: str
    asked_at: datetime
    total: int
    """How many errands it is to have; once it is written, how many it has."""
    counts: dict[ErrandState, int]
    is_written: bool
    """All of its errands are written down. A batch whose writer stopped half-way is taken as it is after a while."""

    @property
    def is_finished(self) -> bool:
        return self.is_written and all(state.is_final for state, count in self.counts.items() if count)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrandFilter:
    """Which errands to list; None means any."""

    station: str | None = None
    operation: str | None = None
    states: frozenset[ErrandState] | None = None
    batch: BatchNumber | None = None
    asked_by: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """The link over which an errand is claimed: the node that asks, and its link to the station."""

    node: str
    link_id: LinkId


def expiry(order: Order, now: datetime) -> datetime:
    """Until when an errand may be sent; raises DomainError INVALID."""
    if order.expires_at is None:
        return now + (timedelta(seconds=NOW_SECONDS) if order.delivery is Delivery.NOW else timedelta(days=1))
    if order.expires_at <= now:
        raise invalid("The time until which it may be sent has passed already.", field="expiresAt")
    if order.expires_at > now + LONGEST_WAIT:
        raise invalid("It may wait {} days at most.", LONGEST_WAIT.days, field="expiresAt")
    return order.expires_at
