"""Tells open pages, by server-sent events, which of their topics have changed; they fetch their parts anew.

One event per topic, at most one per second. Nothing is kept for a page, and none is told what it may not see: an event
is the name of a topic, and what a page shows of it is asked for in the ordinary way.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

import structlog

from forecourt.asgi.news import News, Topic
from forecourt.domain.errors import DomainError
from forecourt.domain.pulse.model import Mark, Marks
from forecourt.domain.services import Workspace

MAX_LISTENERS: Final = 200
"""Pages that are told at once, in one process."""

BEAT_SECONDS: Final = 15.0
"""A page that hears nothing for longer than twice that has lost the system; proxies give up after a minute."""

PULSE_SECONDS: Final = 1.0
CHECK_SECONDS: Final = 5.0
"""How often it is asked whether somebody is still signed in."""

SIGNED_OUT: Final = "event: signed-out\ndata: -\n\n"
_BEAT: Final = "event: beat\ndata: -\n\n"

TOPICS: Final[Mapping[Mark, tuple[Topic, ...]]] = {
    Mark.TRANSACTION: (Topic.TRANSACTIONS,),
    Mark.METER_VALUE: (Topic.METER,),
    Mark.STATUS: (Topic.CONNECTORS,),
    Mark.ERRAND: (Topic.ERRANDS,),
    Mark.ERRAND_CHANGE: (Topic.ERRANDS,),
    Mark.JOB_STATUS: (Topic.ERRANDS,),
    Mark.SECURITY_EVENT: (Topic.SECURITY,),
    Mark.SECURITY_LOG: (Topic.SECURITY,),
    Mark.ALARM: (Topic.ALARMS,),
    Mark.TRUST: (Topic.TRUST,),
    Mark.SIGNING: (Topic.SIGNING,),
    Mark.MESSAGE: (Topic.MESSAGES,),
    Mark.EVENT: (Topic.OUTBOX, Topic.STATIONS, Topic.TRANSACTIONS),
}
"""What has changed when a mark is another than before."""

IsWelcome = Callable[[], Awaitable[bool]]

_log = structlog.get_logger(__name__)


class Full(Exception):
    """As many pages are told as one process can tell."""


class Seat:
    """One page. Its place is free again when the answer has ended, or was never begun."""


class Live:
    """All pages that are told, in one process."""

    def __init__(self) -> None:
        self._taken: weakref.WeakSet[Seat] = weakref.WeakSet()
        self._marks: Marks = {}
        self._looked_at = 0.0

    def take_seat(self) -> Seat:
        """Raises Full."""
        if len(self._taken) >= MAX_LISTENERS:
            raise Full
        seat = Seat()
        self._taken.add(seat)
        return seat

    async def tell(self, seat: Seat, *, workspace: Workspace, news: News, is_welcome: IsWelcome) -> AsyncIterator[str]:
        """Until the process stops, or ``is_welcome`` says no."""
        loop = asyncio.get_running_loop()
        told_at = checked_at = loop.time()
        try:
            with news.listening() as listener:
                yield _BEAT
                while not news.is_closed:
                    await self._look(workspace, news)
                    topics = await listener.next(PULSE_SECONDS)
                    now = loop.time()
                    if now - checked_at >= CHECK_SECONDS:
                        checked_at = now
                        if not await is_welcome():
                            yield SIGNED_OUT
                            return
                    if topics:
                        told_at = now
                        yield "".join(sorted(_event(topic) for topic in topics))
                        await asyncio.sleep(PULSE_SECONDS)
                    elif now - told_at >= BEAT_SECONDS:
                        told_at = now
                        yield _BEAT
        finally:
            self._taken.discard(seat)

    async def _look(self, workspace: Workspace, news: News) -> None:
        """Ring for what the bell does not ring for. Whoever listens and finds it due looks for all."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at < PULSE_SECONDS * 0.9:
            return
        self._looked_at = now
        try:
            marks = await workspace.read(lambda services: services.pulse.marks())
        except DomainError as error:  # a database that is out of reach: go on when it is back
            _log.warning("pulse_not_read", reason=error.sentence)
            return
        changed = {topic for mark, end in marks.items() if self._marks.get(mark) != end for topic in TOPICS[mark]}
        self._marks = marks
        news.ring(*changed)


def _event(topic: Topic) -> str:
    return f"event: {topic.value}\ndata: -\n\n"
