"""What the clerk does besides signing, each chore by itself: keys that take long to make, lists that grow old."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

import structlog

from forecourt.waiting import wait_at_most

AGAIN_SECONDS: Final = 1.0
"""Between two looks at what is to be done and was not rung for."""

TROUBLE_SECONDS: Final = 10.0
"""After a chore that failed."""

Chore: TypeAlias = Callable[[], Awaitable[object]]
"""Does what is to be done now, once; nodes may do so at the same time. It is cheap when there is nothing to do."""

_log = structlog.get_logger(__name__)


class Chores:
    """The chores of one process."""

    def __init__(self, chores: Mapping[str, Chore]) -> None:
        self._chores = chores
        self._looks_now = {name: asyncio.Event() for name in chores}

    def rung(self, _about: str | None = None) -> None:
        """There may be something to do."""
        for event in self._looks_now.values():
            event.set()

    async def run(self) -> None:
        """Do them, for ever."""
        async with asyncio.TaskGroup() as tasks:
            for name, chore in self._chores.items():
                tasks.create_task(self._do(name, chore), name=name)

    async def _do(self, name: str, chore: Chore) -> None:
        looks_now = self._looks_now[name]
        while True:
            wait = AGAIN_SECONDS
            try:
                await chore()
            except Exception as error:  # mostly a database that is out of reach; this must go on until it is back
                _log.warning("chore_failed", chore=name, reason=str(error), error=type(error).__name__)
                wait = TROUBLE_SECONDS
            await wait_at_most(looks_now, wait)
            looks_now.clear()
