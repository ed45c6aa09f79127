"""Lets time pass in the business: ends, every second, what waits in vain."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from typing import Final

import structlog

from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.services import Services, Workspace

SWEEP_SECONDS: Final = 1.0
SHARES: Final = 5
"""How often a room settles in one sweep while there is more to do: some of it each time, so that what stations say gets
its turn in between."""

_log = structlog.get_logger(__name__)


async def sweep_for_ever(workspace: Workspace) -> None:
    """Settle what is due, for ever. Any number of processes may do this on one database."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            await sweep(workspace)
        except Exception as error:  # mostly a database that is out of reach; this must go on until it is back
            _log.warning("sweep_failed", reason=str(error))


async def sweep(workspace: Workspace) -> None:
    """Settle what is due now, each room by itself. Raises what the last room that failed raised."""
    troubles: list[Exception] = []
    for index in await workspace.read(_due):
        try:
            await _settle_some(workspace, index)
        except Exception as error:  # time must pass for the other rooms
            troubles.append(error)
    if troubles:
        await _settle_errands_one_by_one(workspace)
        raise troubles[0]


async def _settle_errands_one_by_one(workspace: Workspace) -> None:
    """One that cannot be ended, because its room fails when it is told, must not keep the others."""
    for number in await workspace.read(lambda services: services.errands.overdue()):
        with contextlib.suppress(Exception):  # it was told above, and is tried again
            await workspace.write(functools.partial(_settle_one, number))


def _settle_one(number: ErrandNumber, services: Services) -> None:
    services.errands.settle(number)


def _due(services: Services) -> list[int]:
    return [index for index, room in enumerate(services.timed()) if room.is_due()]


async def _settle_some(workspace: Workspace, index: int) -> None:
    for _ in range(SHARES):
        if not await workspace.write(functools.partial(_settle, index)):
            return


def _settle(index: int, services: Services) -> bool:
    """True when there is more to do."""
    room = services.timed()[index]
    room.settle()
    return room.is_due()
