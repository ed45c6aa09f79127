"""What stations and this system said to one another: each request with its answer."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MAX_TEXT: Final = 20_000
"""Characters of a request or an answer that are kept; a list of thousands of tags is cut."""

MAX_NAME: Final = 100
"""Of an action that is none, and of a message id that is too long."""


class Direction(enum.Enum):
    """Who asked."""

    IN = "in"
    """The station."""
    OUT = "out"
    """This system."""


class Keeping(enum.Enum):
    """Which exchanges are kept."""

    ALL = "all"
    FAILURES = "failures"
    """Those that ended in an error, or without an answer."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MessagePolicy:
    """Which exchanges are kept, and how many for how long: whichever comes first."""

    keeping: Keeping = Keeping.ALL
    most: int = 1_000_000
    age: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and how it ended. Secrets are replaced by ``***`` before it comes here."""

    direction: Direction
    action: str
    message_id: str
    request: str
    """The payload as JSON; of a frame that is no message, the frame."""
    response: str | None = None
    """The payload of the answer, or the details of a CALLERROR."""
    error: str | None = None
    """The code of the CALLERROR and its description, or why there is no answer."""


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """An exchange as it is kept."""

    number: int
    station: str
    direction: Direction
    action: str
    message_id: str
    request: str
    response: str | None
    error: str | None
    at: datetime
    """When the request came, or was sent."""
    answered_at: datetime | None

    @property
    def is_failed(self) -> bool:
        return self.error is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """Which exchanges to list; None means any."""

    station: str | None = None
    action: str | None = None
    direction: Direction | None = None
    since: datetime | None = None
    until: datetime | None = None
    only_failed: bool = False
