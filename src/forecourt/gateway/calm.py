"""Keeps the garbage collector from stopping the event loop.

A full collection visits every object of every open link: with 14,000 links it was seen to take 140 to 320 ms.
Objects that have survived are therefore frozen now and then, which takes them out of all later collections.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Final

CALM_SECONDS: Final = 1.0


async def keep_calm(count_links: Callable[[], int]) -> None:
    """Freeze what has survived whenever the number of links has changed, for ever.

    Only young objects are collected first, which is quick. Links break their own cycles when they end, so that
    frozen ones are freed by their reference counts.
    """
    gc.collect()
    gc.freeze()
    seen = 0
    while True:
        await asyncio.sleep(CALM_SECONDS)
        count = count_links()
        if count != seen:
            seen = count
            gc.collect(0)
            gc.freeze()
