"""Server-sent events: a client is told what changes, or is new, while it listens.

Nothing is kept for a client but what it was told in the last seconds: for one that reads slowly, the database is read
slowly.
"""

from __future__ import annotations

import asyncio
import re
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, TypeAlias

import msgspec
import structlog
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, SkipValidation
from litestar.response import Stream

from forecourt.api.errand_following import MARGIN, BatchFollower, ErrandFollower, moment_of
from forecourt.api.following import Event, Follower, Growing, GrowingFollower
from forecourt.api.problems import RETRY_AFTER_SECONDS, Fault, Refusal, bad_request
from forecourt.asgi.news import News
from forecourt.clock import Clock
from forecourt.domain.errands.model import BatchNumber, ErrandFilter
from forecourt.domain.errors import DomainError
from forecourt.domain.services import Workspace

MEDIA_TYPE: Final = "text/event-stream"

MAX_STREAMS: Final = 100
"""Clients that are told at once, in one process."""

KEEP_ALIVE_SECONDS: Final = 15.0
"""Proxies give up connections on which nothing is sent for a minute."""

_SHORTEST_PAUSE_SECONDS: Final = 0.02
_LONGEST_PAUSE_SECONDS: Final = 2.0
_SHARE_OF_TIME: Final = 4
"""For one client the database is read at most for a fifth of the time, however often the bell rings."""

_HEADERS: Final = {"X-Accel-Buffering": "no"}
"""Has nginx pass events on as they come."""

_LINE_END: Final = re.compile(r"\r\n|\r|\n")

_log = structlog.get_logger(__name__)

LastEventId = Annotated[
    str | None,
    HeaderParameter(name="Last-Event-ID", max_length=255, description="The `id` of the last event that was received."),
]

IsWelcome: TypeAlias = Callable[[], Awaitable[None]]
"""Raises Refusal when the client's token is no longer good."""


class _Seat:
    """One client. Its place is free again when the answer has ended, or was never begun."""


class Streams:
    """All clients that are told, in one process."""

    def __init__(self, workspace: Workspace, news: News, clock: Clock) -> None:
        self.workspace = workspace
        self.news = news
        self.clock = clock
        self._taken: weakref.WeakSet[_Seat] = weakref.WeakSet()

    def take_seat(self) -> _Seat:
        """Raises Refusal 503 when there are too many."""
        if len(self._taken) >= MAX_STREAMS:
            sentence = f"{MAX_STREAMS} programs follow changes already, and more are not served; try again later."
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, sentence, headers=headers)
        seat = _Seat()
        self._taken.add(seat)
        return seat

    def leave(self, seat: _Seat) -> None:
        self._taken.discard(seat)


class Following:
    """What one request may follow."""

    def __init__(self, streams: Streams, is_welcome: IsWelcome) -> None:
        self._streams = streams
        self._is_welcome = is_welcome

    async def of_errands(self, wanted: ErrandFilter, last_event_id: str | None) -> Stream:
        """Every change of the errands that are wanted, from now on or from where the client was interrupted."""
        since = self._since(last_event_id)
        start = self._streams.clock.now() - MARGIN if since is None else since
        follower = ErrandFollower(self._streams.workspace, self._streams.clock, wanted, start)
        seat = self._streams.take_seat()
        first: list[Event] = []
        if since is None:
            await follower.skip()
        else:
            first = await follower.look()
        return self._stream(follower, first, seat)

    async def of_batch(self, number: BatchNumber, last_event_id: str | None) -> Stream:
        """Everything about a batch, to its end. Raises DomainError NOT_FOUND."""
        since = self._since(last_event_id)
        batch = await self._streams.workspace.read(lambda services: services.errands.get_batch(number))
        start = batch.asked_at - MARGIN if since is None else since
        follower = BatchFollower(self._streams.workspace, self._streams.clock, number, start)
        seat = self._streams.take_seat()
        return self._stream(follower, await follower.look(), seat)

    async def of_growing(self, growing: Growing, last_event_id: str | None) -> Stream:
        """Every new entry of a list, from now on or from where the client was interrupted."""
        last = _number(last_event_id)
        settled = await self._streams.workspace.read(growing.settled)
        after = settled if last is None else min(last, settled)
        follower = GrowingFollower(self._streams.workspace, growing, after)
        seat = self._streams.take_seat()
        return self._stream(follower, [] if last is None else await follower.look(), seat)

    def _since(self, last_event_id: str | None) -> datetime | None:
        last = _number(last_event_id)
        return None if last is None else min(moment_of(last), self._streams.clock.now()) - MARGIN

    def _stream(self, follower: Follower, first: list[Event], seat: _Seat) -> Stream:
        told = self._tell(follower, first, seat)
        return Stream(told, media_type=MEDIA_TYPE, headers=_HEADERS)

    async def _tell(self, follower: Follower, events: list[Event], seat: _Seat) -> AsyncIterator[str]:
        """Look whenever something may have changed, until there is nothing more to tell, the process stops, or the
        client's token is no longer good."""
        loop = asyncio.get_running_loop()
        told_at = welcomed_at = loop.time()
        took = 0.0
        try:
            with self._streams.news.waiting(follower.about) as wait:
                yield ": following\n\n"
                while not self._streams.news.is_closed:
                    for event in events:
                        yield _text(event)
                    now = loop.time()
                    if follower.is_done:
                        return
                    if events:
                        told_at = now
                    elif now - told_at >= KEEP_ALIVE_SECONDS:
                        told_at = now
                        yield ": nothing new\n\n"
                    if now - welcomed_at >= KEEP_ALIVE_SECONDS:
                        welcomed_at = now
                        if not await self._may_stay():
                            return
                    if not follower.has_more:
                        await asyncio.sleep(_pause(took))
                        await wait.next()
                    began = loop.time()
                    events = await _look(follower)
                    took = loop.time() - began
        finally:
            self._streams.leave(seat)

    async def _may_stay(self) -> bool:
        try:
            await self._is_welcome()
        except Refusal:
            return False
        except DomainError:  # a database that is out of reach: ask again later
            return True
        return True


Events = NamedDependency[SkipValidation[Following]]


def _number(last_event_id: str | None) -> int | None:
    """Raises Refusal 400 for what is not the id of an event."""
    if not last_event_id:
        return None
    if not (last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) < 18):
        fault = Fault("Last-Event-ID", "This is not the id of an event.")
        raise bad_request("The place to go on from cannot be used.", fault)
    return int(last_event_id)


async def _look(follower: Follower) -> list[Event]:
    try:
        return await follower.look()
    except DomainError as error:  # a database that is out of reach: go on when it is back
        _log.warning("changes_not_read", reason=error.sentence)
        await asyncio.sleep(_LONGEST_PAUSE_SECONDS)
        return []


def _pause(took: float) -> float:
    return min(max(_SHARE_OF_TIME * took, _SHORTEST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)


def _text(event: Event) -> str:
    data = msgspec.json.encode(event.view).decode()
    lines = [f"event: {event.name}", *(f"data: {line}" for line in _LINE_END.split(data))]
    if event.id is not None:
        lines.insert(0, f"id: {event.id}")
    return "\n".join(lines) + "\n\n"
