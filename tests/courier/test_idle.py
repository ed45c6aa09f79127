"""An idle system writes nothing, whichever of its readers is asked whether something is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from forecourt.courier.sweeper import sweep
from forecourt.domain.provisioning.model import StationDraft
from forecourt.domain.services import Services
from forecourt.storage.database import Database
from forecourt.storage.workspace import READERS, DatabaseWorkspace
from tests.storage.committing import services_builder

Result = TypeVar("Result")


class CountingWorkspace(DatabaseWorkspace):
    """Counts what is written through it."""

    writes = 0

    async def write(self, work: Callable[[Services], Result]) -> Result:
        self.writes += 1
        return await super().write(work)


def test_an_idle_system_writes_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'forecourt.db'}")
    database.migrate()

    async def story() -> int:
        workspace = CountingWorkspace(connect=database.connect, build=services_builder(), writers=database.writers)
        try:
            await workspace.write(lambda services: services.provisioning.add(StationDraft(identity="CP-1")))
            await sweep(workspace)
            workspace.writes = 0
            for _ in range(3):
                await asyncio.gather(*(sweep(workspace) for _ in range(4 * READERS)))
            return workspace.writes
        finally:
            await workspace.close()

    assert asyncio.run(story()) == 0
