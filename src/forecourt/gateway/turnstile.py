"""Who may begin a TLS handshake now, who waits, and who is turned away: so that no address takes all the room.

A handshake may take as long as its client wants it to, up to the time limit. The rule that keeps somebody who wants
that from shutting the others out is the same for places and for waiting room: nobody takes more than is left for
others. One address alone gets half of all, the next one half of the rest, and so on; and a place that becomes free when
all are taken goes to somebody who has none.
"""

from __future__ import annotations

import enum
from collections import Counter, deque
from collections.abc import Iterator
from typing import Generic, TypeVar

from forecourt.gateway.sources import EVERYBODY, Source

Waiting = TypeVar("Waiting")


class Verdict(enum.Enum):
    """What a newcomer does."""

    BEGIN = enum.auto()
    WAIT = enum.auto()
    LEAVE = enum.auto()


class Turnstile(Generic[Waiting]):
    """Hands out places. Whoever begins must leave in the end."""

    def __init__(self, *, places: int, waiting: int) -> None:
        self._free = places
        self._room = waiting
        self._inside: Counter[Source] = Counter()
        self._queues: dict[Source, deque[Waiting]] = {}
        """In the order of their turns; none is empty."""

    def enter(self, source: Source, newcomer: Waiting) -> Verdict:
        """A newcomer begins now, or is kept until :meth:`next` hands it out, or has to go."""
        queue = self._queues.get(source)
        if queue is None and self._has_place(source):
            self._take(source)
            return Verdict.BEGIN
        if self._room <= (0 if source == EVERYBODY or queue is None else len(queue)):
            return Verdict.LEAVE
        self._room -= 1
        self._queues.setdefault(source, deque()).append(newcomer)
        return Verdict.WAIT

    def leave(self, source: Source) -> None:
        """One that began is done."""
        self._free += 1
        self._inside[source] -= 1
        if not self._inside[source]:
            del self._inside[source]

    def next(self) -> tuple[Source, Waiting] | None:
        """Who begins now, source by source in turn, or None. Call it until then after each :meth:`leave`."""
        if self._free <= 0:
            return None
        source = next((source for source in self._queues if self._has_place(source)), None)
        if source is None:
            return None
        queue = self._queues.pop(source)
        one = queue.popleft()
        if queue:
            self._queues[source] = queue
        self._room += 1
        self._take(source)
        return source, one

    def send_away(self) -> Iterator[Waiting]:
        """Everybody who waits; nobody does afterwards."""
        queues, self._queues = self._queues, {}
        for queue in queues.values():
            self._room += len(queue)
            yield from queue

    def _has_place(self, source: Source) -> bool:
        if source == EVERYBODY:
            return self._free > 0
        return self._inside[source] < self._free

    def _take(self, source: Source) -> None:
        self._free -= 1
        self._inside[source] += 1
