"""Threads that may be left behind: what hangs in one must not keep the process from going on, nor from ending."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


async def in_thread(name: str, work: Callable[[], Result]) -> Result:
    """Do it in a thread of its own, which does not outlive the process. Whoever waits no more leaves it alone; what it
    ends with then is lost."""
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[Result] = loop.create_future()

    def done(result: Result) -> None:
        if not waiter.done():
            waiter.set_result(result)

    def failed(error: Exception) -> None:
        if not waiter.done():
            waiter.set_exception(error)

    def run() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001  # whoever waits hears of it
            _tell(loop, failed, error)
        else:
            _tell(loop, done, result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await waiter


_Told = TypeVar("_Told")


def _tell(loop: asyncio.AbstractEventLoop, told: Callable[[_Told], None], what: _Told) -> None:
    try:
        loop.call_soon_threadsafe(told, what)
    except RuntimeError:
        return  # the loop is closed: the process ends
