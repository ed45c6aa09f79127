"""Reservations: an EVSE that is kept for a token until a given time (OCPP 1.6 §3.11, §5.1, §5.13)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forecourt.domain.authorization.model import Verdict, fold, is_same_group
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.evse import Place
from forecourt.domain.transactions.model import CLOCK_TOLERANCE

OUT_OF_USE: Final = frozenset({"Faulted", "Unavailable"})
"""States of an EVSE that end its reservations (OCPP 1.6 §5.13)."""


class ReservationState(enum.Enum):
    """The life of a reservation::

    REQUESTED ── ACCEPTED | UNKNOWN ── USED | EXPIRED | CANCELLED
        └── REFUSED | FAILED
    """

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    USED = "used"
    """A transaction began that names it."""
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    """Given up from here, replaced, or ended because its EVSE went out of use; the reason says which."""
    FAILED = "failed"
    """The station was not reached, or gave no usable answer."""
    UNKNOWN = "unknown"
    """It was sent, and nobody knows whether the station keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A reservation as it stands. It is open until it has an end."""

    key: int
    """Orders all reservations; the system gives it as the number, too."""
    station: str
    reservation_id: int
    """The number on the station. Those that the system gives are its own; with raw requests a person chooses."""
    place: Place
    id_token: str
    parent: str | None
    """The group for whose tokens it is kept, too."""
    expires_at: datetime
    state: ReservationState
    asked_by: str | None
    """None for one that was asked for raw; its errand says more."""
    errand: ErrandNumber | None = None
    status: str | None = None
    """What the station answered last."""
    reason: str | None = None
    """Why it failed or ended, in a sentence."""
    transaction_id: int | None = None
    requested_at: datetime
    answered_at: datetime | None = None
    status_seen_at: datetime | None = None
    """From when the newest state of its EVSE or station counts that was known when it was accepted. States count from
    the station's own time stamps, and a station's clock may be slow: what became of the EVSE after that is told apart
    by these alone, and not by the time of the answer here."""
    ended_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    def may_be_used(self, started_at: datetime) -> bool:
        """True when a transaction that names it uses it. One that ended meanwhile was used when the transaction began
        before: starts are reported late."""
        if self.ended_at is None:
            return True
        has_run_out = self.state in (ReservationState.EXPIRED, ReservationState.CANCELLED)
        return has_run_out and started_at <= self.ended_at + CLOCK_TOLERANCE

    def is_for(self, id_token: str, verdict: Verdict) -> bool:
        """True when it is kept for this token: by name, by its group, or because the token is the group's own name
        (OCPP 1.6 §3.10, §5.13)."""
        return (
            fold(id_token) == fold(self.id_token)
            or (self.parent is not None and fold(id_token) == fold(self.parent))
            or is_same_group(verdict, self.parent)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationReport:
    """What a station was asked to keep, and answered to."""

    reservation_id: int
    place: Place
    id_token: str
    parent: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationFilter:
    """Which reservations to list; None means any. Times are those at which they were asked for."""

    station: str | None = None
    place: Place | None = None
    id_token: str | None = None
    states: frozenset[ReservationState] | None = None
    is_open: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    runs_after: datetime | None = None
    """Only those whose end, or whose expiry as long as they have none, is later than this."""
