"""A station on a real socket with credentials, and the central systems that it comes to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from aiohttp import ClientSession

from forecourt_simulator.backoff import BackOff
from forecourt_simulator.link import Link
from forecourt_simulator.misbehaviour import Misbehaviour
from forecourt_simulator.moment import Pace
from forecourt_simulator.note import Note
from forecourt_simulator.security_log import Told
from forecourt_simulator.security_setup import SecuritySetup
from forecourt_simulator.station import Station
from forecourt_simulator.tls import TlsChoice
from tests.simulator.authority import Authority, server_tls, the_root, the_server
from tests.simulator.central_system import CentralSystem, a_central_system, until

KEY = "0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF"


class Site:
    """A running station and what it told."""

    def __init__(self, station: Station, notes: list[Note], pace: Pace) -> None:
        self.station = station
        self.notes = notes
        self.pace = pace

    @property
    def logged(self) -> list[str]:
        return [event.type for event in self.station.security_log.entries]

    def saw(self, event: str) -> bool:
        return any(note.event == event for note in self.notes)

    def details(self, event: str) -> list[dict[str, object]]:
        return [dict(note.details) for note in self.notes if note.event == event]


@asynccontextmanager
async def a_site(
    url: str,
    *misbehaviours: Misbehaviour,
    profile: int = 0,
    tls_url: str | None = None,
    told: Told = Told.NOTHING,
    tls: TlsChoice | None = None,
    authority: Authority | None = None,
) -> AsyncIterator[Site]:
    """A station that has a key, a root and a certificate, and comes back quickly."""
    notes: list[Note] = []
    setup = SecuritySetup(
        profile=profile,
        key=KEY,
        roots=[(authority or the_root()).certificate],
        own=the_root().own("SN-1"),
        misbehaviours=frozenset(misbehaviours),
        told=told,
        tls=tls or TlsChoice(),
    )
    station = Station("SIM-1", connectors=1, tell=notes.append, security=setup)
    pace = Pace()
    async with ClientSession() as client:
        link = Link(
            station,
            url=url,
            tls_url=tls_url,
            client=client,
            pace=pace,
            backoff=BackOff(minimum_seconds=0.01, random_seconds=0.0),
            tick_seconds=0.005,
        )
        task = asyncio.get_running_loop().create_task(link.run())
        try:
            yield Site(station, notes, pace)
        finally:
            task.cancel()
            await asyncio.wait([task])


def secure() -> AbstractAsyncContextManager[CentralSystem]:
    return a_central_system(server_tls(the_server(), stations=the_root().certificate))


async def change(system: CentralSystem, key: str, value: str) -> object:
    reply = await system.ask_and_wait("SIM-1", "ChangeConfiguration", {"key": key, "value": value})
    return reply[2]["status"]


async def come_on_line(system: CentralSystem, *, connections: int = 1) -> None:
    await until(lambda: system.connections >= connections and "StatusNotification" in system.actions())
