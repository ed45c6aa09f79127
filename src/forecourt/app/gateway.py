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
from forecourt.gateway.door import Door
from forecourt.gateway.fetching import HttpFetcher
from forecourt.gateway.greeting import Greeter
from forecourt.gateway.guard import Guard
from forecourt.gateway.links import Links
from forecourt.gateway.listeners import Listeners
from forecourt.gateway.notes import Notes
from forecourt.gateway.password_desk import PasswordDesk
from forecourt.gateway.reception import Reception
from forecourt.gateway.revocation_desk import RevocationDesk
from forecourt.gateway.trust import TrustDesk
from forecourt.passwords import Argon2Hasher

RECORDING_SECONDS: Final = 5.0
"""Time for the ends of errands to be recorded, once all links are closed."""

_log = structlog.get_logger(__name__)


async def run(config: Config) -> None:
    """The stations' process, until it is asked to stop; then every open exchange is finished and committed."""
    raise_file_limit()
    clock = SystemClock()
    async with open_database(config) as (workspace, bell), asyncio.TaskGroup() as tasks:
        notes = Notes(workspace)
        trust = TrustDesk(workspace)
        fetcher = HttpFetcher()
        revocation = RevocationDesk(fetcher, clock)
        passwords = PasswordDesk(Argon2Hasher())
        guard = Guard(lambda: trust.current, revocation, clock)
        links = Links(workspace, clock, config.gateway, config.node_name, guard=guard, notes=notes)
        await workspace.write(lambda services: services.presence.close_all(config.node_name))
        spoken = v16.make()
        dialects = {spoken.subprotocol: spoken}
        courier = Courier(workspace, links, dialects, node=config.node_name, answer_seconds=config.gateway.call_seconds)
        await courier.recover()
        door = Door(
            office=workspace,
            guard=guard,
            passwords=passwords,
            notes=notes,
            strangers=links.strangers,
            config=config.gateway,
            proxies=config.proxies,
            spoken=dialects.keys(),
        )
        reception = Reception(door=door, links=links, office=workspace, dialects=dialects, config=config.gateway)
        greeter = Greeter(gateway=config.gateway, proxies=config.proxies, notes=notes, new_client=reception.new_client)
        listeners = Listeners(config.all_listeners, greeter=greeter, notes=notes, clock=clock)
        bell.listen(Rings({"station": links.changed, "errand": courier.rung, "trust": trust.rung}).heard)
        await trust.load()
        await listeners.start(trust.current)
        revocation.on_news(links.revocations_changed)
        trust.on_change(links.trust_changed)
        trust.on_change(listeners.follow)
        background = [
            tasks.create_task(links.run()),
            tasks.create_task(courier.run()),
            tasks.create_task(sweep_for_ever(workspace)),
            tasks.create_task(keep_calm(lambda: len(links))),
            tasks.create_task(trust.run()),
            tasks.create_task(listeners.run(lambda: trust.current)),
            tasks.create_task(notes.run()),
        ]
        await asked_to_stop()
        _log.info("stopping", links=len(links))
        listeners.stop_accepting()
        courier.stop_sending()
        await links.drain()
        await greeter.close()
        await reception.close()
        await courier.wait_until_idle(RECORDING_SECONDS)
        for task in background:
            task.cancel()
        notes.write()
        passwords.close()
        await revocation.close()
        await fetcher.close()
