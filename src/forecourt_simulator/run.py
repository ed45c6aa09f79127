"""A fleet of simulated stations in one process, each with its own drivers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import ClientSession, TCPConnector

from forecourt_simulator.backoff import BackOff
from forecourt_simulator.driver import Drivers, Rhythm
from forecourt_simulator.link import Link
from forecourt_simulator.moment import Pace
from forecourt_simulator.note import Tell, tell_nobody
from forecourt_simulator.security_setup import SecuritySetup
from forecourt_simulator.station import Station


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Which stations run, and how."""

    url: str
    """The central system's address without the identity, for example ``ws://127.0.0.1:9000/ocpp``."""
    tls_url: str | None = None
    """Where to connect with a security profile that needs TLS; None for ``url`` with ``wss``."""
    names: Sequence[str]
    tags: Sequence[str]
    connectors: int = 2
    speed: float = 60.0
    """Simulated seconds per second."""
    seed: int | None = None
    """The same seed gives the same drivers and cars."""
    rhythm: Rhythm = field(default_factory=Rhythm)
    security: Callable[[str], SecuritySetup] = lambda _identity: SecuritySetup()
    """What each station signs in with."""
    connect_spread_seconds: float = 0.01
    """Pause between two stations that connect for the first time."""


async def run_fleet(fleet: Fleet, *, tell: Tell = tell_nobody) -> None:
    """Run all stations until cancelled."""
    pace = Pace(fleet.speed)
    setups = [fleet.security(name) for name in fleet.names]
    async with ClientSession(connector=TCPConnector(limit=0)) as client, asyncio.TaskGroup() as group:
        for name, setup in zip(fleet.names, setups, strict=True):
            station = Station(name, connectors=fleet.connectors, tell=tell, security=setup)
            group.create_task(_a_link(fleet, station, client=client, pace=pace).run())
            await asyncio.sleep(fleet.connect_spread_seconds)


def _a_link(fleet: Fleet, station: Station, *, client: ClientSession, pace: Pace) -> Link:
    chance = random.Random(None if fleet.seed is None else f"{fleet.seed} {station.identity}")
    return Link(
        station,
        url=fleet.url,
        tls_url=fleet.tls_url,
        client=client,
        pace=pace,
        backoff=BackOff(random=chance),
        habit=Drivers(fleet.tags, random=chance, rhythm=fleet.rhythm),
    )
