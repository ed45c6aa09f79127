"""The role of a simulated site, for demonstrations."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from typing import Final

from forecourt.app.database import open_database
from forecourt.app.process import asked_to_stop
from forecourt.config import Address, Config
from forecourt.domain.authorization.model import IdToken
from forecourt.domain.errors import DomainError
from forecourt.domain.provisioning.model import StationDraft
from forecourt.domain.services import Services
from forecourt_simulator.demo import demo_stations, run_site

DEMO_TAG: Final = "DEMO"


async def run(config: Config) -> None:
    """A simulated site that charges, until it is asked to stop."""
    async with asyncio.TaskGroup() as tasks:
        address = Address(config.stations.reachable_host, config.stations.port)
        site = tasks.create_task(run_site(f"ws://{address}/ocpp", tag=DEMO_TAG))
        await asked_to_stop()
        site.cancel()


async def prepare(config: Config) -> None:
    async with open_database(config) as (workspace, _bell):
        tag = IdToken(id_token=DEMO_TAG, max_active_transactions=None, note="used by the simulated site")
        with contextlib.suppress(DomainError):  # known from an earlier demonstration
            await workspace.write(lambda services: services.authorization.add(tag))
        for identity in demo_stations():
            draft = StationDraft(identity=identity, description="simulated")
            with contextlib.suppress(DomainError):
                await workspace.write(functools.partial(_register, draft))


def _register(draft: StationDraft, services: Services) -> None:
    services.provisioning.add(draft)
