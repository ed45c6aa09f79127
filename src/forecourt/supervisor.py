"""Runs the roles of one node as processes: starts them, restarts one that ends, and stops them in order."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import dataclass, field
from typing import Final

import structlog

from forecourt.waiting import wait_at_most

STABLE_SECONDS: Final = 30.0
"""A role that ran this long before it ended is restarted at once; one that did not waits longer and longer."""

MAX_PAUSE_SECONDS: Final = 30.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Role:
    """One process of this node. ``stop_seconds`` is its time to end by itself when it is asked to."""

    name: str
    stop_seconds: float
    process: asyncio.subprocess.Process | None = field(default=None, init=False)


class Supervisor:
    """Keeps roles running until it is asked to stop."""

    def __init__(self, roles: list[Role]) -> None:
        self._roles = roles
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Run the roles until SIGTERM or SIGINT, then stop them one after the other, in the order given."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        async with asyncio.TaskGroup() as tasks:
            keepers = [tasks.create_task(self._keep(role)) for role in self._roles]
            await self._stopping.wait()
            for role, keeper in zip(self._roles, keepers, strict=True):
                await self._stop(role)
                await keeper

    async def _keep(self, role: Role) -> None:
        pause = 0.5
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            begun = loop.time()
            role.process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "forecourt", "role", role.name),
                stdin=asyncio.subprocess.PIPE,  # a role whose standard input ends has lost its supervisor, and stops
                start_new_session=False,
            )
            if self._stopping.is_set():  # asked while it was being started
                role.process.terminate()
            code = await role.process.wait()
            if self._stopping.is_set():
                return
            pause = 0.5 if loop.time() - begun > STABLE_SECONDS else min(2 * pause, MAX_PAUSE_SECONDS)
            _log.error("role_ended", name=role.name, code=code, again_in_seconds=pause)
            if await wait_at_most(self._stopping, pause):
                return

    async def _stop(self, role: Role) -> None:
        process = role.process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(role.stop_seconds):
                await process.wait()
        except TimeoutError:
            _log.error("role_killed", name=role.name, after_seconds=role.stop_seconds)
            process.kill()
            await process.wait()
