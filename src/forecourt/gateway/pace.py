"""Admits newcomers at a rate: reconnect storms, not messages, are what overwhelms a central system."""

from __future__ import annotations

from collections import Counter, deque

from forecourt.gateway.sources import EVERYBODY, Source


class Pace:
    """Hands out places in time. Seconds, monotonic.

    Who comes faster than the rate fills the queue, and the rule that keeps him from shutting the others out is that of
    :class:`~forecourt.gateway.turnstile.Turnstile`: of those who wait, no source has more than there is room left for
    others.
    """

    def __init__(self, per_second: float, waiting: int) -> None:
        self._gap = 1 / per_second
        self._room = waiting
        self._next = 0.0
        self._turns: deque[tuple[float, Source]] = deque()
        """When those who wait have their turns, in order; there are never more of them than may wait."""
        self._waiting: Counter[Source] = Counter()

    def wait(self, now: float, source: Source) -> float | None:
        """How long the newcomer has to wait, or None when too many wait already."""
        self._let_in(now)
        start = max(self._next, now)
        if start > now:
            room = self._room - len(self._turns)
            if room <= (0 if source == EVERYBODY else self._waiting[source]):
                return None
            self._turns.append((start, source))
            self._waiting[source] += 1
        self._next = start + self._gap
        return start - now

    def _let_in(self, now: float) -> None:
        while self._turns and self._turns[0][0] <= now:
            _, source = self._turns.popleft()
            self._waiting[source] -= 1
            if not self._waiting[source]:
                del self._waiting[source]


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
