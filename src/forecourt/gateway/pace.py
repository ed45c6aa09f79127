"""Admits newcomers at a rate: reconnect storms, not messages, are what overwhelms a central system."""

from __future__ import annotations


class Pace:
    """Hands out places in time. Seconds, monotonic."""

    def __init__(self, per_second: float, waiting: int) -> None:
        self._gap = 1 / per_second
        self._longest = waiting * self._gap
        self._next = 0.0

    def wait(self, now: float) -> float | None:
        """How long the newcomer has to wait, or None when too many wait already."""
        start = max(self._next, now)
        if start - now > self._longest:
            return None
        self._next = start + self._gap
        return start - now


class Allowance:
    """What one station may send: a rate, and twice as much at once. Above it the station is read later."""

    __slots__ = ("_left", "_per_second", "_since")

    def __init__(self, per_second: float, now: float) -> None:
        self._per_second = per_second
        self._left = 2 * per_second
        self._since = now

    def take(self, now: float) -> float:
        """Take one message off; the seconds to wait before the next one is read, 0 for none."""
        if not self._per_second:
            return 0.0
        self._left = min(2 * self._per_second, self._left + (now - self._since) * self._per_second) - 1
        self._since = now
        return 0.0 if self._left >= 0 else -self._left / self._per_second
