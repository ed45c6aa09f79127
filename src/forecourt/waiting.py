"""Waits for something to happen, but not for ever."""

from __future__ import annotations

import asyncio


async def wait_at_most(event: asyncio.Event, seconds: float) -> bool:
    """Return as soon as the event is set; False when that did not happen within so many seconds.

    A cancellation always gets through, whatever else happens in the same turn of the loop. `asyncio.wait_for` loses it
    before Python 3.12 when the event has just been set, and a task that should end goes on for ever.
    """
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
