"""Trust and server certificates change under stations at work, and whom it does not concern does not feel it."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.stories.security.world import SERVER_NAME, Root, World
from tests.support.probes import knock

pytestmark = pytest.mark.parametrize("secure", ["sqlite"], indirect=True)
"""One store is enough: what is tried here stands in front of it."""

EFFECTIVE_SECONDS: Final = 1.0
"""After this no handshake may be decided by what held before."""
CLOSED_SECONDS: Final = 5.0
"""After this no link may be open whose root is gone; they are looked through a few at a time."""
_ANSWER_SECONDS: Final = 15.0
_BEATS_PER_SECOND: Final = 100
"""Of all stations together: what is tried is the change, not the load."""


@dataclass(slots=True)
class Member:
    """One station on one link, which says something again and again."""

    identity: str
    root: Root
    context: ssl.SSLContext
    url: str
    beat_seconds: float
    beats: int = 0
    closed_at: float | None = None
    """When its link ended, in the time of this process."""
    _socket: ClientConnection | None = None
    _numbers: count[int] = field(default_factory=count)

    async def connect(self) -> None:
        self.closed_at = None
        self._socket = await connect(
            f"{self.url}/ocpp/{self.identity}",
            subprotocols=[Subprotocol("ocpp1.6")],
            ssl=self.context,
            server_hostname=SERVER_NAME,
            ping_interval=None,
            open_timeout=60,
            proxy=None,
        )

    async def work(self, until: asyncio.Event) -> None:
        """Ends with the link, or when it is told to."""
        assert self._socket is not None
        try:
            while not until.is_set():
                await self._socket.send(f'[2,"{next(self._numbers)}","Heartbeat",{{}}]')
                async with asyncio.timeout(_ANSWER_SECONDS):
                    answer = await self._socket.recv()
                assert '"currentTime"' in str(answer), answer
                self.beats += 1
                with suppress(TimeoutError):  # the end of the link ends the pause
                    await asyncio.wait_for(self._socket.wait_closed(), self.beat_seconds)
        except ConnectionClosed:
            self.closed_at = time.monotonic()

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()


@dataclass(slots=True)
class Crowd:
    """Stations on several roots, all at work."""

    world: World
    members: list[Member]
    _until: asyncio.Event = field(default_factory=asyncio.Event)
    _work: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def begin(self, members: Sequence[Member]) -> None:
        gate = asyncio.Semaphore(20)

        async def one(member: Member) -> None:
            async with gate:
                await member.connect()
            self._work[member.identity] = asyncio.create_task(member.work(self._until))

        await asyncio.gather(*(one(member) for member in members))

    async def end(self) -> None:
        """Raises whatever went wrong in a station."""
        self._until.set()
        await asyncio.gather(*self._work.values())
        await asyncio.gather(*(member.close() for member in self.members))

    def on(self, root: Root) -> list[Member]:
        return [member for member in self.members if member.root is root]

    def off_line(self, root: Root) -> list[str]:
        return [member.identity for member in self.on(root) if member.closed_at is not None]


async def swap(world: World, stations: int, changes: int) -> None:
    """In every round one of three roots is removed, the server gets another certificate, and the root comes back."""
    roots = [await asyncio.to_thread(world.another_root) for _ in range(3)]
    crowd = Crowd(world, [])
    for number in range(stations):
        crowd.members.append(await asyncio.to_thread(member, world, roots[number % len(roots)], stations))
    await crowd.begin(crowd.members)
    for round_number in range(changes):
        await change(crowd, roots, roots[round_number % len(roots)])
    await crowd.end()


async def change(crowd: Crowd, roots: Sequence[Root], leaving: Root) -> None:
    world, staying = crowd.world, [root for root in roots if root is not leaving]
    beats = {member.identity: member.beats for root in staying for member in crowd.on(root)}
    serial = await asyncio.to_thread(world.server_serial, "ecdsa")

    await asyncio.to_thread(world.rest.distrust, leaving.fingerprint)
    removed_at = time.monotonic()
    await asyncio.to_thread(world.renew_server_certificate, "ecdsa")
    renewed_at = time.monotonic()

    await until(lambda: len(crowd.off_line(leaving)) == len(crowd.on(leaving)), "links on the removed root are closed")
    late = [one.closed_at - removed_at for one in crowd.on(leaving) if one.closed_at is not None]
    assert max(late) < CLOSED_SECONDS, f"a link outlived its root by {max(late):.1f} s"

    # Whatever begins a second after the answer of REST is decided by the new state.
    await asyncio.sleep(max(0.0, renewed_at + EFFECTIVE_SECONDS - time.monotonic()))
    for one in crowd.on(leaving)[:3]:
        client = world.client(leaving.identification(one.identity))
        answer = await asyncio.to_thread(knock, world.wss, one.identity, tls=client)
        assert answer.status is None, f"a handshake was decided by the old store: {answer}"
    assert await asyncio.to_thread(world.server_serial, "ecdsa") != serial, "the old server certificate is shown"

    await asyncio.to_thread(leaving.trust)
    await crowd.begin(crowd.on(leaving))
    for root in roots:
        assert crowd.off_line(root) == [], "links were dropped whose own root stayed"
    await until(lambda: all(beats[one.identity] < one.beats for root in staying for one in crowd.on(root)), "traffic")


def member(world: World, root: Root, stations: int) -> Member:
    identity = world.station_with_certificate()
    context = world.client(root.identification(identity)).context
    return Member(identity, root, context, world.wss, stations / _BEATS_PER_SECOND)


async def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _ANSWER_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"Not within {_ANSWER_SECONDS:.0f} s: {what}"
        await asyncio.sleep(0.02)


def test_trust_is_swapped_under_stations_at_work(secure: World) -> None:
    """No link is dropped whose own root stays, and no handshake is decided by an old store after a second."""
    asyncio.run(swap(secure, stations=20, changes=3))


@pytest.mark.prove
def test_trust_is_swapped_twenty_times_under_500_stations(secure: World) -> None:
    asyncio.run(swap(secure, stations=500, changes=20))
