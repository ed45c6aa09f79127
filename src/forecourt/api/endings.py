"""Waits for errands and batches to end, without holding a storage thread."""

from __future__ import annotations

import asyncio
from typing import Final

from forecourt.asgi.news import UNRUNG_SECONDS, News
from forecourt.domain.errands.model import Batch, BatchNumber, Errand, ErrandNumber
from forecourt.domain.services import Workspace

_SHARE_OF_TIME: Final = 4
"""Whoever waits for many looks at most for a fifth of the time, however often the bell rings."""


async def ended_errand(workspace: Workspace, news: News, number: ErrandNumber, seconds: float) -> Errand:
    """The errand when it has ended, or as it is after so many seconds."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    with news.waiting(number) as wait:
        while True:
            errand = await workspace.read(lambda services: services.errands.get(number))
            left = until - loop.time()
            if errand.state.is_final or left <= 0 or news.is_closed:
                return errand
            await wait.next(min(left, UNRUNG_SECONDS))


async def finished_batch(workspace: Workspace, news: News, number: BatchNumber, seconds: float) -> Batch:
    """The batch when it is finished, or as it is after so many seconds."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    with news.waiting() as wait:
        while True:
            began = loop.time()
            batch = await workspace.read(lambda services: services.errands.get_batch(number))
            now = loop.time()
            if batch.is_finished or now >= until or news.is_closed:
                return batch
            await asyncio.sleep(min(_SHARE_OF_TIME * (now - began), until - now, UNRUNG_SECONDS))
            await wait.next(min(max(until - loop.time(), 0), UNRUNG_SECONDS))
