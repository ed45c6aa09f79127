"""The longest pause of a server's event loop, seen from outside."""

from __future__ import annotations

import asyncio
import time

import websockets

_PING_SECONDS = 0.002


async def watch(probe: websockets.ClientConnection, pauses: list[float]) -> None:
    """Ping again and again. The server's loop answers a ping at once, without its database: a late pong is a
    pause of the loop (or of this process, so that the figure is an upper bound)."""
    while True:
        sent = time.perf_counter()
        await (await probe.ping())
        pauses.append(time.perf_counter() - sent)
        await asyncio.sleep(_PING_SECONDS)
