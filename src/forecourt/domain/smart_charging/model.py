"""Charging profiles: how much a station may give, and when (OCPP 1.6 §3.13, §7.8, §7.13, §7.14)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from forecourt.domain.evse import Place


class Purpose(enum.Enum):
    """What a profile limits (OCPP 1.6 §7.10)."""

    STATION = "ChargePointMaxProfile"
    TRANSACTION_DEFAULT = "TxDefaultProfile"
    TRANSACTION = "TxProfile"


class ProfileKind(enum.Enum):
    """What the times of a schedule count from (OCPP 1.6 §7.9)."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class Recurrency(enum.Enum):
    """How often a recurring schedule starts again (OCPP 1.6 §7.42)."""

    DAILY = "Daily"
    WEEKLY = "Weekly"


class RateUnit(enum.Enum):
    """The unit of all limits of a schedule: amperes per phase, or watts in total (OCPP 1.6 §7.12)."""

    AMPERE = "A"
    WATT = "W"


@dataclass(frozen=True, slots=True)
class Period:
    """One step of a schedule; it holds until the next begins. ``phases`` None means three."""

    start_seconds: int
    limit: float
    phases: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Limits over time."""

    unit: RateUnit
    periods: tuple[Period, ...]
    duration_seconds: int | None = None
    starts_at: datetime | None = None
    min_rate: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A schedule with its purpose, its rank and its time of validity. ``profile_id`` is its number on stations."""

    profile_id: int
    stack_level: int
    purpose: Purpose
    kind: ProfileKind
    recurrency: Recurrency | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    schedule: Schedule
    transaction_id: int | None = None
    """The transaction that a TxProfile is for; None in the library and in a remote start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileDraft:
    """A profile that is to be kept in the library. The number inside the profile is of no meaning yet."""

    name: str
    description: str = ""
    profile: Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryProfile:
    """A profile that is kept here and can be given to many stations."""

    number: int
    """Also the number of the profile on every station; never used again."""
    name: str
    description: str
    profile: Profile
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileFilter:
    """Which profiles of the library to list; None means any."""

    search: str | None = None
    purpose: Purpose | None = None


class Origin(enum.Enum):
    """How a profile came to a station."""

    TASK = "task"
    """From the library."""
    RAW = "raw"
    """An operator wrote the message by hand."""


class AssignmentState(enum.Enum):
    """What is believed of a profile on a station::

    REQUESTED ── INSTALLED ── REPLACED | REMOVED | ENDED
      │            │
      ├── UNKNOWN ─┘
      └── REFUSED | FAILED
    """

    REQUESTED = "requested"
    INSTALLED = "installed"
    """The station accepted it, and nothing is known that ended it. Profiles survive a restart (OCPP 1.6 §3.13)."""
    REFUSED = "refused"
    FAILED = "failed"
    """It was not sent, or the station answered with an error."""
    UNKNOWN = "unknown"
    """It was sent and no answer came, or what came of it was never taken in: it may be installed."""
    REMOVED = "removed"
    REPLACED = "replaced"
    """Another took its place (OCPP 1.6 §5.16)."""
    ENDED = "ended"
    """It was for one transaction, and that is over."""

    @property
    def is_open(self) -> bool:
        """True while the profile is on the station, may be, or is on its way."""
        return self in (AssignmentState.REQUESTED, AssignmentState.INSTALLED, AssignmentState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A profile that was given to a station, and what is believed to have become of it."""

    number: int
    station: str
    place: Place
    profile: Profile
    """As it was sent."""
    library: int | None
    """The profile of the library that it is a copy of; None for one that was written by hand."""
    state: AssignmentState
    errand: int | None
    reason: str | None
    requested_at: datetime
    changed_at: datetime
    is_outdated: bool
    """The library has another version of it now, or has it no more."""

    @property
    def origin(self) -> Origin:
        return Origin.RAW if self.library is None else Origin.TASK

    @property
    def is_awaited(self) -> bool:
        """True when an answer of the station, also a late one, says what became of it. The transaction may have ended
        before the answer came."""
        return self.state in (AssignmentState.REQUESTED, AssignmentState.UNKNOWN, AssignmentState.ENDED)

    @property
    def may_be_there(self) -> bool:
        return self.state in (AssignmentState.INSTALLED, AssignmentState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which profiles of a station: the one with this number, else all that match every given field (OCPP 1.6 §5.5)."""

    profile_id: int | None = None
    place: Place | None = None
    purpose: Purpose | None = None
    stack_level: int | None = None

    def matches(self, place: Place, profile: Profile) -> bool:
        if self.profile_id is not None:
            return profile.profile_id == self.profile_id
        return (
            self.place in (None, place)
            and self.purpose in (None, profile.purpose)
            and self.stack_level in (None, profile.stack_level)
        )


class InstallAnswer(enum.Enum):
    """What a station says to a profile (OCPP 1.6 §7.11)."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_SUPPORTED = "NotSupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSchedule:
    """The limits that result from all profiles, as the station computed them (OCPP 1.6 §5.7)."""

    place: Place
    asked_seconds: int
    starts_at: datetime
    schedule: Schedule
    told_at: datetime


def is_same_slot(one: tuple[Place, Profile], other: tuple[Place, Profile]) -> bool:
    """True when a station keeps only the newer one of two profiles: numbers exist once, and so do profiles of one
    purpose and rank at one place (OCPP 1.6 §5.16)."""
    (place, profile), (other_place, other_profile) = one, other
    return profile.profile_id == other_profile.profile_id or (
        place == other_place
        and profile.purpose is other_profile.purpose
        and profile.stack_level == other_profile.stack_level
    )
