"""Opens the database for a process, brought up to date before."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

from forecourt import config as settings
from forecourt import logs
from forecourt.clock import SystemClock
from forecourt.config import Config
from forecourt.domain.provisioning.service import BootPolicy
from forecourt.domain.services import Workspace
from forecourt.passwords import Argon2Hasher
from forecourt.storage.bell import Bell, LocalBell, PostgresqlBell
from forecourt.storage.database import Database, services_on
from forecourt.storage.workspace import DatabaseWorkspace


@contextlib.asynccontextmanager
async def open_database(config: Config) -> AsyncIterator[tuple[DatabaseWorkspace, Bell]]:
    """The database at work in this process, brought up to date before."""
    os.umask(0o077)  # what is kept here is nobody else's business
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(config.database_url)
    await asyncio.to_thread(database.migrate)
    bell: Bell = (
        LocalBell(database.path.with_name(f"{database.path.name}-bell"))
        if database.is_sqlite
        else PostgresqlBell(database.url)
    )
    gateway = config.gateway
    workspace = DatabaseWorkspace(
        connect=database.connect,
        build=services_on(
            clock=SystemClock(),
            policy=BootPolicy(gateway.heartbeat_seconds, gateway.retry_seconds, gateway.configuration_age),
            hasher=Argon2Hasher(),
        ),
        writers=database.writers,
        announce=bell.announce,
    )
    try:
        yield workspace, bell
    finally:
        await workspace.close()
        bell.close()


@contextlib.asynccontextmanager
async def open_workspace() -> AsyncIterator[Workspace]:
    """For commands: the workspace of a process that does one thing and ends."""
    config = settings.load()
    logs.set_up(config.log, "command")
    async with open_database(config) as (workspace, _bell):
        yield workspace
