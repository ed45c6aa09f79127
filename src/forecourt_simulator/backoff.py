"""How long a station waits before it connects again."""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass, field
from typing import Final

LONGEST_RETRY_AFTER_SECONDS: Final = 3600.0


@dataclass(slots=True)
class BackOff:
    """A wait that doubles a few times, with a random part so that a fleet does not return all at once.

    OCPP 1.6 leaves this open; the three numbers are those of OCPP 2.0.1 (RetryBackOffWaitMinimum,
    RetryBackOffRandomRange, RetryBackOffRepeatTimes).
    """

    minimum_seconds: float = 3.0
    random_seconds: float = 10.0
    repeat_times: int = 3
    random: random.Random = field(default_factory=random.Random)
    _tries: int = 0

    def next_wait(self) -> float:
        """Seconds to wait before the next try."""
        doublings = min(self._tries, self.repeat_times)
        self._tries += 1
        return (self.minimum_seconds + self.random.uniform(0.0, self.random_seconds)) * 2.0**doublings

    def reset(self) -> None:
        """A connection was made."""
        self._tries = 0


def read_retry_after(text: str | None) -> float | None:
    """Seconds that a server asks to wait (RFC 9110 §10.2.3); dates and nonsense are not understood."""
    with contextlib.suppress(ValueError, TypeError):
        seconds = float(text or "")
        if 0 < seconds <= LONGEST_RETRY_AFTER_SECONDS:
            return seconds
    return None
