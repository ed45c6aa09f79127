"""Tells those who wait when something may have changed. It is a bell: whoever is woken reads again."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import time
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from forecourt.waiting import wait_at_most

UNRUNG_SECONDS = 1.0
"""How long anybody waits without looking, in case a ring was lost."""


RECENT_SECONDS: Final = 5.0
"""From when a page is made until its stream is open, at most."""


class Topic(enum.Enum):
    """What can be waited for as a whole."""

    STATIONS = "stations"
    CONNECTORS = "connectors"
    TRANSACTIONS = "transactions"
    METER = "meter"
    ERRANDS = "errands"
    SECURITY = "security"
    """The security log, and security events of stations."""
    ALARMS = "alarms"
    TRUST = "trust"
    SIGNING = "signing"
    MESSAGES = "messages"
    """What stations and this system said to one another."""
    OUTBOX = "outbox"
    """Events, and how they are sent out."""


ERRANDS: Final = Topic.ERRANDS
SECURITY: Final = Topic.SECURITY

About: TypeAlias = Topic | str
"""A topic, or the number of an errand."""


class Wait:
    """One who waits, for one errand or for a whole topic."""

    __slots__ = ("_rung", "about")

    def __init__(self, about: About) -> None:
        self.about = about
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def next(self, seconds: float = UNRUNG_SECONDS) -> bool:
        """Return when it is time to look: at the next ring, or after so many seconds. Whether it was rung."""
        is_rung = await wait_at_most(self._rung, seconds)
        self._rung.clear()
        return is_rung


class Listener:
    """One who waits for anything, and is told of which topics it was."""

    __slots__ = ("_heard", "_rung")

    def __init__(self, heard: Iterable[Topic]) -> None:
        self._heard = set(heard)
        self._rung = asyncio.Event()
        if self._heard:
            self._rung.set()

    def hear(self, topics: Iterable[Topic]) -> None:
        self._heard.update(topics)
        self._rung.set()

    async def next(self, seconds: float = UNRUNG_SECONDS) -> frozenset[Topic]:
        """What was rung for since this was last asked, as soon as there is anything; empty after so many seconds."""
        await wait_at_most(self._rung, seconds)
        self._rung.clear()
        heard = frozenset(self._heard)
        self._heard.clear()
        return heard


class News:
    """All who wait, in one process."""

    def __init__(self) -> None:
        self._waits: dict[About, set[Wait]] = {}
        self._listeners: set[Listener] = set()
        self._rung_at: dict[Topic, float] = {}
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
            self._tell(Topic)
        else:
            self._tell((ERRANDS,))
            _ring(self._waits.get(number, ()))
            _ring(self._waits.get(ERRANDS, ()))

    def written(self, _station: str | None) -> None:
        """An errand was written down. Nobody can wait for its number yet, only for any."""
        self.ring(ERRANDS)

    def security_noted(self, _about: str | None) -> None:
        """The security log grew, or a station reported a security event. Called on the event loop."""
        self.ring(SECURITY, Topic.ALARMS)

    def ring(self, *topics: Topic) -> None:
        """Something about these topics changed. Called on the event loop."""
        for topic in topics:
            _ring(self._waits.get(topic, ()))
        self._tell(topics)

    def close(self) -> None:
        """The process stops: wake everybody for the last time."""
        self._is_closed = True
        self.heard(None)

    @contextlib.contextmanager
    def listening(self) -> Iterator[Listener]:
        """Listen for all topics. What was rung for within the last :data:`RECENT_SECONDS` counts as heard: it may have
        changed while a page that shows it was on its way."""
        since = time.monotonic() - RECENT_SECONDS
        listener = Listener(topic for topic, at in self._rung_at.items() if at >= since)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    @contextlib.contextmanager
    def waiting(self, about: Topic | int = ERRANDS) -> Iterator[Wait]:
        """Wait for the changes of one errand, by its number, or for those of a whole topic. Begin to wait before
        looking: then nothing is missed."""
        wait = Wait(str(about) if isinstance(about, int) else about)
        waits = self._waits.setdefault(wait.about, set())
        waits.add(wait)
        try:
            yield wait
        finally:
            waits.discard(wait)
            if not waits and self._waits.get(wait.about) is waits:
                del self._waits[wait.about]

    def _tell(self, topics: Iterable[Topic]) -> None:
        at = time.monotonic()
        self._rung_at.update(dict.fromkeys(topics, at))
        for listener in self._listeners:
            listener.hear(topics)


def _ring(waits: Iterable[Wait]) -> None:
    for wait in waits:
        wait.ring()
