"""Takes off the shelf what belongs to nothing: the rest of broken transfers, and files that nobody keeps any more."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.errors import DomainError
from forecourt.domain.files.shelf import Area, Lying, Shelf
from forecourt.domain.services import Services, Workspace

SWEEP_SECONDS: Final = 600.0

GRACE: Final = timedelta(hours=6)
"""Whatever was changed less than the time for a transfer and this ago may be on its way into the database."""

_SUBJECT: Final = "folder"

_log = structlog.get_logger(__name__)


async def sweep_for_ever(workspace: Workspace, shelf: Shelf, *, age: timedelta) -> None:
    """Sweep, now and then. Any number of processes may do this."""
    while True:
        for work in (sweep(workspace, shelf, age=age), _prune(workspace)):
            try:
                await work
            except Exception as error:  # noqa: BLE001  # mostly a database or a disk out of reach; this must go on until it is back
                _log.warning("shelf_not_swept", reason=str(error)[:300])
        await asyncio.sleep(SWEEP_SECONDS)


async def sweep(workspace: Workspace, shelf: Shelf, *, age: timedelta) -> int:
    """How many files were taken off. Nothing is when the shelf is that of another system, to which all here would
    belong to nothing. Raises DomainError UNAVAILABLE, or OSError."""
    system = await workspace.write(lambda services: services.files.system())
    if not await shelf.claim(system):
        _log.error("shelf_of_another_system", advice="nothing is taken off it; see the settings of [files] folder")
        await workspace.write(_raise_alarm)
        return 0
    await workspace.write(lambda services: services.alarms.end(Topic.FILES, _SUBJECT))
    removed = 0
    for area in Area:
        if not await workspace.read(functools.partial(_is_swept, area)):
            continue
        names = await workspace.read(functools.partial(_orphans, area, await shelf.names(area), age))
        for name in names:
            try:
                await shelf.remove(name)
            except (DomainError, OSError) as error:
                _log.warning("file_not_removed", name=name, reason=str(error)[:300])
            else:
                removed += 1
    if removed:
        _log.info("shelf_swept", removed=removed)
    return removed


async def _prune(workspace: Workspace) -> None:
    await workspace.write(lambda services: services.files.prune_tickets())


def _raise_alarm(services: Services) -> None:
    sentence = (
        "The folder of files carries the mark of another system, or of this one before its database was made anew."
        " Nothing that is not needed is taken off it. Set files.folder to a folder of its own; or, when no other system"
        " uses it, remove the file `system` from it."
    )
    services.alarms.raise_(Topic.FILES, _SUBJECT, Level.WARNING, sentence)


def _is_swept(area: Area, services: Services) -> bool:
    return services.files.is_swept(area)


def _orphans(area: Area, lying: Sequence[Lying], age: timedelta, services: Services) -> Sequence[str]:
    return services.files.orphans(area, lying, older_than=age)
