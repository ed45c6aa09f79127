"""The role of the stations' process."""

from __future__ import annotations

import asyncio

import structlog

from forecourt.app.database import open_database
from forecourt.app.process import asked_to_stop, raise_file_limit
from forecourt.clock import SystemClock
from forecourt.config import Config
from forecourt.dialects.v16 import dialect as v16
from forecourt.gateway.calm import keep_calm
from forecourt.gateway.links import Links
from forecourt.gateway.listener import Listener

_log = structlog.get_logger(__name__)


async def run(config: Config) -> None:
    """The stations' process, until it is asked to stop; then every open exchange is finished and committed."""
    raise_file_limit()
    async with open_database(config) as (workspace, bell), asyncio.TaskGroup() as tasks:
        links = Links(workspace, SystemClock(), config.gateway, config.node_name)
        await workspace.write(lambda services: services.presence.close_all(config.node_name))
        spoken = v16.make()
        listener = Listener(
            config.stations,
            links=links,
            office=workspace,
            dialects={spoken.subprotocol: spoken},
            config=config.gateway,
        )
        bell.listen(links.changed)
        address = await listener.start()
        _log.info("listening", stations=f"ws://{address}/ocpp/")
        background = [tasks.create_task(links.run()), tasks.create_task(keep_calm(lambda: len(links)))]
        await asked_to_stop()
        _log.info("stopping", links=len(links))
        listener.stop_accepting()
        await links.drain()
        await listener.close()
        for task in background:
            task.cancel()
