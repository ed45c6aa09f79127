"""The role of a simulated site, for demonstrations."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from typing import Final

from forecourt.app.database import open_database
from forecourt.app.process import StartError, asked_to_stop
from forecourt.config import Config, Tls
from forecourt.domain.authorization.model import IdToken
from forecourt.domain.errors import DomainError
from forecourt.domain.provisioning.model import StationDraft
from forecourt.domain.services import Services
from forecourt.settings import Address
from forecourt_simulator.demo import demo_stations, run_site

DEMO_TAG: Final = "DEMO"


async def run(config: Config) -> None:
    """A simulated site that charges, until it is asked to stop."""
    stations = _address(config)
    async with asyncio.TaskGroup() as tasks:
        site = tasks.create_task(run_site(f"ws://{stations}/ocpp", tag=DEMO_TAG))
        await asked_to_stop()
        site.cancel()


async def prepare(config: Config) -> None:
    """Register what the site will use. Raises StartError when it could not connect."""
    _address(config)
    async with open_database(config) as (workspace, _bell):
        tag = IdToken(id_token=DEMO_TAG, max_active_transactions=None, note="used by the simulated site")
        with contextlib.suppress(DomainError):  # known from an earlier demonstration
            await workspace.write(lambda services: services.authorization.add(tag))
        for identity in demo_stations():
            draft = StationDraft(identity=identity, description="simulated")
            with contextlib.suppress(DomainError):
                await workspace.write(functools.partial(_register, draft))


def _address(config: Config) -> Address:
    for listener in config.all_listeners:
        if listener.tls is Tls.NONE and not listener.proxy_protocol:
            return Address(listener.address.reachable_host, listener.address.port)
    raise StartError("The simulated site connects without TLS; set FORECOURT_STATIONS to an address, not to off.")


def _register(draft: StationDraft, services: Services) -> None:
    services.provisioning.add(draft)
