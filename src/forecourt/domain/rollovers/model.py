"""The replacement of a root at many stations: a plan, and how far each station has come."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NewType

from forecourt.domain.errands.model import ErrandNumber, ErrandState
from forecourt.domain.errors import Sentence
from forecourt.domain.security_log.model import Kind, Note
from forecourt.pki.certificate import Certificate

RolloverNumber = NewType("RolloverNumber", int)
"""Numbers all plans from 1; never used again."""

STATIONS_AT_ONCE: Final = 100
"""Stations that are seen to in one unit of work; the messages of stations wait for it."""

SETTLED_AFTER: Final = timedelta(seconds=25)
"""After the server certificates changed: every connection that is recorded later began with the new ones. In between,
gateways learn of the change (a second), and a handshake and the head of a request that had begun may take 10 s each."""

LOOKED_AT_EVERY: Final = timedelta(seconds=15)
"""So often a plan is looked at when nothing is under way; every few seconds while something is, and at once while there
is more to do."""

FRESH_FOR: Final = timedelta(days=1)
"""So long it is believed before the switch that a station has the new root; then it is asked again."""

ERRAND_LIFE: Final = timedelta(days=30)
"""How long an errand waits for a station that is off line; then it is written anew."""

MAX_TRIES: Final = 3
RETRY_AFTER: Final = timedelta(minutes=10)

STRAGGLES_AFTER: Final = timedelta(days=7)
"""When a plan has not moved for so long, an operator is told which stations it waits for."""

NEAR_ITS_END: Final = timedelta(days=30)
"""So long before the old root expires an operator is told urgently."""

MAX_NAMES: Final = 10
"""Server certificates that one plan may switch to: one for each kind of key and each host."""


class RolloverState(enum.Enum):
    """The life of a plan::

    PREPARING ── INSTALLING ── READY ── SWITCHED ── CLEANING ── DONE
    and from all before DONE: CANCELLED
    """

    PREPARING = "preparing"
    """Its stations are being written down."""
    INSTALLING = "installing"
    """Stations are given the new root, and asked whether they have it."""
    READY = "ready"
    """All of them, or as many as were said to be enough, have it; the listeners still present the former chain."""
    SWITCHED = "switched"
    """The listeners present what leads to the new root."""
    CLEANING = "cleaning"
    """Stations that came back over the new chain lose the old root."""
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        return self not in (RolloverState.DONE, RolloverState.CANCELLED)

    @property
    def is_before_switch(self) -> bool:
        return self in (RolloverState.INSTALLING, RolloverState.READY)

    @property
    def is_after_switch(self) -> bool:
        return self in (RolloverState.SWITCHED, RolloverState.CLEANING)


class Step(enum.Enum):
    """How far a station has come::

    PENDING ── INSTALLING ── READING ── READY ── DELETING ── DONE

    A station that turns out not to have the new root any more begins again.
    """

    PENDING = "pending"
    """Nothing is under way: it is to be given the new root."""
    INSTALLING = "installing"
    READING = "reading"
    """It took the root, and is asked whether it has it."""
    READY = "ready"
    """It has the new root; the old one may go once it has connected over the new chain."""
    DELETING = "deleting"
    DONE = "done"
    """It has the new root and not the old one; or it sees to that by itself (M05.FR.12)."""
    LEFT = "left"
    """It keeps what it has, and nothing more is done."""
    FAILED = "failed"
    """A person has to see to it: the reason says why."""

    @property
    def is_final(self) -> bool:
        return self in (Step.DONE, Step.LEFT)

    @property
    def is_ready(self) -> bool:
        """It can check what leads to the new root, for as long as it is known to have that."""
        return self in (Step.READY, Step.DELETING, Step.DONE, Step.LEFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A plan as an operator asks for it."""

    old_root: str
    new_root: str
    """Fingerprints of certificates in the store of trust."""
    server_certificates: tuple[str, ...] = ()
    """Names of those to be enabled at the switch, when all that leads to the old root only is disabled. Without any, it
    is waited for until the listeners present what leads to the new root, and nothing of the old one, whoever does
    it."""
    switch_percent: int | None = None
    """Switch by itself when so many of a hundred stations are ready; None waits for an operator."""
    deletes_old: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollover:
    """A plan."""

    number: RolloverNumber
    state: RolloverState
    is_paused: bool
    old_root: Certificate
    new_root: Certificate
    server_certificates: tuple[str, ...]
    switch_percent: int | None
    deletes_old: bool
    reason: str | None
    """What it waits for, in a sentence."""
    asked_by: str
    asked_at: datetime
    changed_at: datetime
    """When its state was other last."""
    look_at: datetime
    switched_at: datetime | None = None
    """Since when the listeners present the new chain without a break; None while they do not."""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationStep:
    """A station of a plan."""

    rollover: RolloverNumber
    station_key: int
    station: str
    step: Step
    reason: str | None = None
    errand: ErrandNumber | None = None
    attempts: int = 0
    """At the present step."""
    tried: frozenset[str] = frozenset()
    """Fingerprints of the forms of the new root that it refused."""
    sent: str | None = None
    """The fingerprint of the form that it was given last."""
    again_at: datetime | None = None
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the errand of a station ended, as far as a plan is concerned."""

    number: ErrandNumber
    operation: str
    state: ErrandState
    was_sent: bool
    reason: str | None
    code: str | None
    is_outcome_unknown: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """A plan and how many stations are at which step."""

    rollover: Rollover
    counts: Mapping[Step, int]
    ready: int
    """So many are known to have the new root."""
    left: int = 0
    """So many were left without it, by an operator's word."""
    forms: Sequence[Certificate] = ()
    """Other certificates of the new root's name and key that are known now, such as the one that the old root signed.
    """
    warnings: Sequence[Sentence] = ()
    """What the switch would do besides."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def missing(self) -> int:
        """What is waited for until the switch."""
        return self.total - self.ready - self.left


def moved(
    plan: Rollover, state: RolloverState, at: datetime, *, reason: str | None = None, ended: bool = False
) -> Rollover:
    """The plan in this state from now on."""
    return replace(
        plan,
        state=state,
        reason=reason,
        changed_at=at if state is not plan.state else plan.changed_at,
        ended_at=at if ended else plan.ended_at,
        look_at=at,
    )


def note_of(plan: Rollover, what: str, asked_by: str | None) -> Note:
    """For the security log."""
    reason = f"Plan {plan.number}: {what}." if what.startswith('"') else f"The plan {plan.number} {what}."
    return Note(kind=Kind.ROOT_ROLLOVER, reason=reason, asked_by=asked_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFilter:
    """Which stations of a plan to list; None means any."""

    rollover: RolloverNumber
    steps: frozenset[Step] | None = None


@dataclass(frozen=True, slots=True)
class RolloverFilter:
    """Which plans to list; None means any."""

    states: frozenset[RolloverState] | None = None
