"""How many sockets may be open that have not said yet what they want, and whose they are.

Whoever connects and says nothing holds a file descriptor for as long as the time limits let him. The rule that keeps
him from holding all of them is that of :class:`~forecourt.gateway.turnstile.Turnstile`: nobody takes more than is left
for others. A socket whose request head is here counts no more among these, but it takes of what there is for all.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from forecourt.gateway.sources import EVERYBODY, Source

RESERVED: Final = 256
"""File descriptors that no socket of a station gets: the database and everything else of this process needs them. Where
there are few, a quarter of all."""


class Room:
    """Hands out places to sockets. Whoever enters must leave in the end."""

    def __init__(self, descriptors: int) -> None:
        self._places = descriptors - min(RESERVED, descriptors // 4)
        """For all sockets of stations."""
        self._most_silent = descriptors // 2
        self._silent: Counter[Source] = Counter()
        """Sockets that have not said what they want."""
        self._silent_total = 0
        self._settled = 0

    def enter(self, source: Source) -> Stay | None:
        """A place for a new socket, or None when there is none for this source."""
        if not self._has_place(source):
            return None
        self._silent[source] += 1
        self._silent_total += 1
        return Stay(self, source)

    def settle(self, source: Source) -> None:
        """A socket said what it wants."""
        self._hush(source)
        self._settled += 1

    def leave(self, source: Source, *, is_settled: bool) -> None:
        """A socket is closed."""
        if is_settled:
            self._settled -= 1
        else:
            self._hush(source)

    def move(self, source: Source, to: Source) -> bool:
        """Count a socket under another source, now that it is known; False when there is no place for that one."""
        self._hush(source)
        is_here = self._has_place(to)
        kept = to if is_here else source
        self._silent[kept] += 1
        self._silent_total += 1
        return is_here

    def _has_place(self, source: Source) -> bool:
        free = min(self._most_silent, self._places - self._settled) - self._silent_total
        return free > (0 if source == EVERYBODY else self._silent[source])

    def _hush(self, source: Source) -> None:
        self._silent_total -= 1
        self._silent[source] -= 1
        if not self._silent[source]:
            del self._silent[source]


class Stay:
    """The place of one socket."""

    __slots__ = ("_is_over", "_is_settled", "_room", "source")

    def __init__(self, room: Room, source: Source) -> None:
        self._room = room
        self.source = source
        self._is_settled = False
        self._is_over = False

    def move(self, source: Source) -> bool:
        """A proxy told whose socket it is. False when that one has too many already: then it must go."""
        if not self._room.move(self.source, source):
            return False
        self.source = source
        return True

    def settle(self) -> None:
        """It said what it wants. More than once is as good as once."""
        if not self._is_settled and not self._is_over:
            self._is_settled = True
            self._room.settle(self.source)

    def leave(self) -> None:
        """The socket is closed, or will be. More than once is as good as once."""
        if self._is_over:
            return
        self._is_over = True
        self._room.leave(self.source, is_settled=self._is_settled)
