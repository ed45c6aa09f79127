"""The role of the stations' process."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from forecourt.app.database import open_database
from forecourt.app.process import Rings, asked_to_stop, raise_file_limit
from forecourt.clock import SystemClock
from forecourt.config import Config
from forecourt.courier.courier import Courier
from forecourt.courier.sweeper import sweep_for_ever
from forecourt.dialects.v16 import dialect as v16
from forecourt.gateway.calm import keep_calm
from forecourt.gateway.links import Links
from forecourt.gateway.listener import Listener

RECORDING_SECONDS: Final = 5.0
"""Time for the ends of errands to be recorded, once all links are closed."""

_log = structlog.get_logger(__name__)


async def run(config: Config) -> None:
    """The stations' process, until it is asked to stop; then every open exchange is finished and committed."""
    raise_file_limit()
    async with open_database(config) as (workspace, bell), asyncio.TaskGroup() as tasks:
        links = Links(workspace, SystemClock(), config.gateway, config.node_name)
        await workspace.write(lambda services: services.presence.close_all(config.node_name))
        spoken = v16.make()
        dialects = {spoken.subprotocol: spoken}
        courier = Courier(workspace, links, dialects, node=config.node_name, answer_seconds=config.gateway.call_seconds)
        await courier.recover()
        listener = Listener(
            config.stations,
            links=links,
            office=workspace,
            dialects=dialects,
            config=config.gateway,
        )
        rings = Rings({"station": links.changed, "errand": courier.rung})
        bell.listen(rings.heard)
        address = await listener.start()
        _log.info("listening", stations=f"ws://{address}/ocpp/")
        background = [
            tasks.create_task(links.run()),
            tasks.create_task(courier.run()),
            tasks.create_task(sweep_for_ever(workspace)),
            tasks.create_task(keep_calm(lambda: len(links))),
        ]
        await asked_to_stop()
        _log.info("stopping", links=len(links))
        listener.stop_accepting()
        courier.stop_sending()
        await links.drain()
        await listener.close()
        await courier.wait_until_idle(RECORDING_SECONDS)
        for task in background:
            task.cancel()
