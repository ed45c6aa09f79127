"""Many stations on one thread, which answer what they are asked as a real fleet does: late, never, or not at all,
because the link ends. They remember everything that came."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from tests.support.rest import Json

_RECONNECT_SECONDS = 0.3
_STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Habits:
    """How stations answer. Chances are between 0 and 1, times in seconds."""

    slowest: float
    quickest: float = 0.0
    never: float = 0.0
    """Chance that a call is not answered."""
    closes: float = 0.0
    """Chance that the link is closed instead of an answer."""


@dataclass(frozen=True)
class Call:
    """A call that reached a station."""

    station: str
    action: str
    payload: str
    """As canonical JSON."""
    at: float


class Fleet:
    """Stations that are connected for as long as the fleet is open; a lost link is opened again."""

    def __init__(
        self, url: str, identities: Iterable[str], habits: Habits, answer: Callable[[str, Json], Json], *, seed: int
    ) -> None:
        """``answer`` gives the payload for a call's action and payload."""
        self._url = url
        self._identities = list(identities)
        self._habits = habits
        self._answer = answer
        self._chance = random.Random(seed)
        self._open: set[str] = set()
        self._enough = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fleet", daemon=True)
        self.calls: list[Call] = []
        self.answered: list[Call] = []
        """Calls whose answers were handed to the socket."""

    def __enter__(self) -> Self:
        self._thread.start()
        self._work = asyncio.run_coroutine_threadsafe(self._live(), self._loop)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._enough.set)
        self._work.result(_STOP_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_SECONDS)
        self._loop.close()

    @property
    def is_whole(self) -> bool:
        """True when every station is connected."""
        return len(self._open) == len(self._identities)

    def times(self) -> Counter[tuple[str, str, str]]:
        """How often each call came to each station."""
        return Counter((call.station, call.action, call.payload) for call in list(self.calls))

    async def _live(self) -> None:
        async with asyncio.TaskGroup() as group:
            stations = [group.create_task(self._be(identity)) for identity in self._identities]
            await self._enough.wait()
            for station in stations:
                station.cancel()

    async def _be(self, identity: str) -> None:
        while True:
            with suppress(WebSocketException, OSError, TimeoutError):
                async with connect(
                    f"{self._url}/ocpp/{identity}",
                    subprotocols=[Subprotocol("ocpp1.6")],
                    ping_interval=None,
                    open_timeout=20,
                    close_timeout=1,
                    proxy=None,
                ) as socket:
                    self._open.add(identity)
                    try:
                        async for text in socket:
                            await self._hear(identity, socket, json.loads(text))
                    finally:
                        self._open.discard(identity)
            await asyncio.sleep(_RECONNECT_SECONDS * (1 + self._chance.random()))

    async def _hear(self, identity: str, socket: ClientConnection, frame: Json) -> None:
        if frame[0] != 2:
            return
        call = Call(identity, frame[2], json.dumps(frame[3], sort_keys=True), time.monotonic())
        self.calls.append(call)
        habits, chance = self._habits, self._chance.random()
        if chance < habits.never:
            return
        await asyncio.sleep(self._chance.uniform(habits.quickest, habits.slowest))
        if chance < habits.never + habits.closes:
            await socket.close()
            return
        self.answered.append(call)  # before it is sent: what is on the wire is always in the list
        await socket.send(json.dumps([3, frame[1], self._answer(frame[2], frame[3])]))
