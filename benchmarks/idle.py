"""Stations that are connected and silent: what each costs in memory, and whether they make the event loop pause."""

from __future__ import annotations

import asyncio
import resource
from contextlib import suppress
from dataclasses import dataclass

import websockets

from benchmarks.machine import resident_bytes
from benchmarks.pauses import watch
from benchmarks.servers import STATIONS, Server
from forecourt_simulator.naming import station_url
from forecourt_simulator.raw_socket import RawSocket, open_socket

_AT_ONCE = 50
_SETTLE_SECONDS = 12.0
"""Long enough for the links to be on record and for what the handshakes needed to be freed."""

_BOOT = b'[2,"boot","BootNotification",{"chargePointVendor":"Bench","chargePointModel":"Idle"}]'


class _Silent:
    """The owner of a socket that has nothing to say after its boot."""

    def __init__(self) -> None:
        self.booted = asyncio.Event()

    def take_text(self, _text: bytes) -> None:
        self.booted.set()

    def lose_connection(self, _reason: str) -> None:
        self.booted.set()


@dataclass(frozen=True)
class Idle:
    """What stations cost that are connected and silent."""

    bytes_per_station: float
    pause_coming_ms: float
    """Longest pause of the server's loop while they connected; this process was busy too, so an upper bound."""
    pause_there_ms: float
    """The same while they were there."""


async def measure_idle(server: Server, count: int) -> Idle:
    """Connect and boot ``count`` stations, and let them be."""
    _allow_files(count + 100)
    async with websockets.connect(
        f"{server.url}/{STATIONS[-1]}", subprotocols=[websockets.Subprotocol("ocpp1.6")]
    ) as probe:
        await asyncio.sleep(1)
        before = resident_bytes(server.pid)
        pauses: list[float] = []
        watching = asyncio.ensure_future(watch(probe, pauses))
        gate = asyncio.Semaphore(_AT_ONCE)
        sockets = await asyncio.gather(*(_connect(server, name, gate) for name in STATIONS[:count]))
        coming = max(pauses)
        pauses.clear()
        await asyncio.sleep(_SETTLE_SECONDS)
        grown = resident_bytes(server.pid) - before
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        for socket in sockets:
            socket.close()
        await asyncio.sleep(1)
    return Idle(grown / count, 1000 * coming, 1000 * max(pauses))


async def _connect(server: Server, name: str, gate: asyncio.Semaphore) -> RawSocket:
    async with gate:
        owner = _Silent()
        socket = await open_socket(owner, station_url(server.url, name))
        socket.send_text(_BOOT)
        await owner.booted.wait()
        return socket


def _allow_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
