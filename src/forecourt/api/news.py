"""Tells those who wait when errands may have changed. It is a bell: whoever is woken reads again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Iterator

UNRUNG_SECONDS = 1.0
"""How long anybody waits without looking, in case a ring was lost."""


class Wait:
    """One who waits, for one errand or for any."""

    __slots__ = ("_rung", "about")

    def __init__(self, about: str | None) -> None:
        self.about = about
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def next(self, seconds: float = UNRUNG_SECONDS) -> None:
        """Return when it is time to look: at the next ring, or after so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)
        self._rung.clear()


class News:
    """All who wait, in one process."""

    def __init__(self) -> None:
        self._waits: dict[str | None, set[Wait]] = {}
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """True when the process is about to stop: nobody should wait any longer."""
        return self._is_closed

    def heard(self, number: str | None) -> None:
        """An errand changed, or any may have. Called on the event loop."""
        if number is None:
            for waits in self._waits.values():
                _ring(waits)
        else:
            _ring(self._waits.get(number, ()))
            _ring(self._waits.get(None, ()))

    def written(self, _station: str | None) -> None:
        """An errand was written down. Nobody can wait for its number yet, only for any."""
        _ring(self._waits.get(None, ()))

    def close(self) -> None:
        """The process stops: wake everybody for the last time."""
        self._is_closed = True
        self.heard(None)

    @contextlib.contextmanager
    def waiting(self, number: int | None = None) -> Iterator[Wait]:
        """Wait for the changes of one errand, or of all. Begin to wait before looking: then nothing is missed."""
        wait = Wait(None if number is None else str(number))
        waits = self._waits.setdefault(wait.about, set())
        waits.add(wait)
        try:
            yield wait
        finally:
            waits.discard(wait)
            if not waits and self._waits.get(wait.about) is waits:
                del self._waits[wait.about]


def _ring(waits: Iterable[Wait]) -> None:
    for wait in waits:
        wait.ring()
