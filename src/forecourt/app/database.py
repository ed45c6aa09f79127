"""Opens the database for a process, brought up to date before."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

from forecourt import loading, logs
from forecourt.app import folder
from forecourt.app.file_policy import file_policy
from forecourt.app.secret_key import check_setting, open_vault
from forecourt.clock import SystemClock
from forecourt.config import Config
from forecourt.domain.message_log.model import Keeping, MessagePolicy
from forecourt.domain.provisioning.service import BootPolicy
from forecourt.domain.services import Workspace
from forecourt.passwords import Argon2Hasher
from forecourt.storage.bell import Bell
from forecourt.storage.building import services_on
from forecourt.storage.database import Database
from forecourt.storage.workspace import DatabaseWorkspace


@contextlib.asynccontextmanager
async def open_database(config: Config) -> AsyncIterator[tuple[DatabaseWorkspace, Bell]]:
    """The database at work in this process, brought up to date before. Raises StartError or StorageError."""
    folder.prepare(config.data)
    database = Database(config.database_url)
    check_setting(config, database)
    await asyncio.to_thread(database.migrate)
    vault = await asyncio.to_thread(open_vault, config, database)
    bell = database.bell()
    gateway = config.gateway
    workspace = DatabaseWorkspace(
        connect=database.connect,
        build=services_on(
            clock=SystemClock(),
            policy=BootPolicy(gateway.heartbeat_seconds, gateway.retry_seconds, gateway.configuration_age),
            hasher=Argon2Hasher(),
            vault=vault,
            file_policy=file_policy(config),
            is_quiet=gateway.quiet,
            has_token=bool(config.pkcs11.module),
            audit_kept=config.audit_kept,
            message_policy=MessagePolicy(
                Keeping(gateway.messages.value), gateway.messages_most, timedelta(days=gateway.messages_days)
            ),
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
    config = loading.load()
    logs.set_up(config.log, "command")
    async with open_database(config) as (workspace, _bell):
        yield workspace
