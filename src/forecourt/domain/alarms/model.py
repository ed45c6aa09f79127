"""What needs a person: raised once, shown until it is over."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NewType

AlarmNumber = NewType("AlarmNumber", int)
"""Numbers all alarms from 1; never used again."""

MAX_SUBJECT: Final = 255
MAX_SENTENCE: Final = 500
"""How many characters are kept: an authority or a station may have written some of them."""


class Level(enum.Enum):
    """How urgent it is."""

    WARNING = "warning"
    """Something has to be done before long."""
    CRITICAL = "critical"
    """Something does not work, or will not within a day."""


class Raised(enum.Enum):
    """What came of raising an alarm."""

    UNCHANGED = "unchanged"
    """It is open, with this level and this sentence."""
    REWORDED = "reworded"
    """It was open with another sentence."""
    RAISED = "raised"
    """It was not open, or had another level."""


class Topic(enum.Enum):
    """What an alarm is about. With its subject it names the alarm: the same one is open once at most."""

    CERTIFICATE_EXPIRES = "certificateExpires"
    """Subject: the identity of the station."""
    CERTIFICATE_ORDER = "certificateOrder"
    """A station did not get its certificate. Subject: the identity of the station."""
    AUTHORITY = "authority"
    """An authority is silent, does not let us ask, or needs long. Subject: its name."""
    OWN_CA = "ownCa"
    """A certificate or a list of the own authority ends soon, or its key cannot be used. Subject: a short name."""
    SERVER_CERTIFICATE = "serverCertificate"
    """Subject: its name."""
    ROOT_ROLLOVER = "rootRollover"
    """Subject: its number."""
    FILES = "files"
    """Files of stations cannot be kept. Subject: a short name."""
    NOTIFICATIONS = "notifications"
    """A subscription was paused, because nothing could be delivered. Subject: its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm, open as long as it has no end."""

    number: AlarmNumber
    topic: Topic
    subject: str
    level: Level
    sentence: str
    raised_at: datetime
    changed_at: datetime
    """When its level or its sentence was other last."""
    acknowledged_by: str | None = None
    """Who has taken note of it. An alarm that becomes critical afterwards has to be taken note of again."""
    acknowledged_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmFilter:
    """Which alarms to list; None means any."""

    topics: frozenset[Topic] | None = None
    subject: str | None = None
    level: Level | None = None
    is_open: bool | None = None
    is_acknowledged: bool | None = None
    since: datetime | None = None
    """Raised then or later."""
    until: datetime | None = None
    """Raised before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlarms:
    """How many alarms are open."""

    by_level: Mapping[Level, int] = field(default_factory=dict)
    unacknowledged: int = 0

    @property
    def total(self) -> int:
        return sum(self.by_level.values())
