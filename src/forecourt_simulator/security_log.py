"""The security log of a simulated station, and which of it is told (security whitepaper A04, §8)."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from msgspec import UNSET

from forecourt.dialects.v16.messages.security_event_notification import (
    SECURITY_EVENT_NOTIFICATION,
    SecurityEventNotificationRequest,
)
from forecourt_simulator.mailbox import Letter, Mailbox
from forecourt_simulator.moment import Moment

CRITICAL: Final = frozenset(
    {
        "FirmwareUpdated",
        "MemoryExhaustion",
        "ResetOrReboot",
        "SecurityLogWasCleared",
        "SettingSystemTime",
        "StartupOfTheDevice",
        "TamperDetectionActivated",
    }
)
"""What the whitepaper's table calls critical; the others are logged and need not be told."""

_KEPT: Final = 1000


class Told(enum.Enum):
    """Which events are sent to the central system."""

    SECURED = "secured"
    """Those that are critical, once the station has a security profile: below that it does as one without the
    extension does."""
    CRITICAL = "critical"
    ALL = "all"
    """Also those that need not be told, as many stations do and the certification tests do."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    type: str
    occurred_at: datetime
    tech_info: str | None


class SecurityLog:
    """Rolls over; what is told waits in the mailbox until it was answered (A04.FR.02)."""

    def __init__(self, mailbox: Mailbox, *, told: Told, profile: Callable[[], int]) -> None:
        self.entries: deque[SecurityEvent] = deque(maxlen=_KEPT)
        self._mailbox = mailbox
        self._told = told
        self._profile = profile

    def add(self, kind: str, now: Moment, tech_info: str | None = None) -> None:
        """Every event is logged (A04.FR.04). ``tech_info`` never holds a secret (A01.FR.12)."""
        self.entries.append(SecurityEvent(kind, now.wall, tech_info))
        if self._tells(kind):
            words = SecurityEventNotificationRequest(
                type=kind, timestamp=now.wall, tech_info=UNSET if tech_info is None else tech_info[:255]
            )
            self._mailbox.post_event(Letter(SECURITY_EVENT_NOTIFICATION, words))

    def _tells(self, kind: str) -> bool:
        match self._told:
            case Told.ALL:
                return True
            case Told.CRITICAL:
                return kind in CRITICAL
            case Told.SECURED:
                return kind in CRITICAL and self._profile() > 0
            case Told.NOTHING:
                return False
