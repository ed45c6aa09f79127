"""The role of the process through which stations move files."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from forecourt.app.database import open_database
from forecourt.app.file_policy import file_policy
from forecourt.app.process import Rings, asked_to_stop
from forecourt.app.shelf import open_shelf
from forecourt.clock import Clock, SystemClock
from forecourt.config import Config, FilesConfig, ListenerConfig, Tls
from forecourt.domain.trust.model import ServerCertificate
from forecourt.files.desk import Desk
from forecourt.files.door import Challenge, Door
from forecourt.gateway import tls
from forecourt.gateway.greeting import Doorstep, Greeter
from forecourt.gateway.listeners import Listeners
from forecourt.gateway.notes import Notes
from forecourt.gateway.trust import TrustDesk, Trusting
from forecourt.settings import Address
from forecourt.storage.workspace import DatabaseWorkspace

if TYPE_CHECKING:
    from forecourt.files.ftp import FtpDoor

_log = structlog.get_logger(__name__)


async def run(config: Config) -> None:
    """The process of files, until it is asked to stop. Transfers that are not at their end are broken off: stations
    begin again, or go on where they were."""
    if file_policy(config).is_out_of_reach:
        _log.warning(
            "files_url_is_not_set",
            advice="stations on other machines are told an address of this one; set files.url to how they reach it",
        )
    clock = SystemClock()
    async with open_database(config) as (workspace, bell), asyncio.TaskGroup() as tasks:
        notes = Notes(workspace)
        trust = TrustDesk(workspace)
        shelf = open_shelf(config)
        desk = Desk(workspace, shelf, notes, transfers_at_once=config.files.transfers_at_once)
        door = Door(desk, config.files, challenge=_challenges(workspace))

        def new_client(step: Doorstep) -> asyncio.Protocol:
            return door.new_client(peer=step.peer, is_tls=step.listener.tls is not Tls.NONE, stay=step.stay)

        greeter = Greeter(gateway=config.gateway, proxies=config.proxies, notes=notes, new_client=new_client)
        listeners = Listeners(config.files.listeners, greeter=greeter, notes=notes, clock=clock)
        ftp = None if config.files.ftp is None else _ftp_door(desk, config.files, config.files.ftp)
        bell.listen(Rings({"trust": trust.rung}).heard)

        async def follow(trusting: Trusting) -> None:
            await listeners.follow(_for_files(trusting))
            if ftp is not None:
                ftp.present(_presented(trusting, clock))

        await trust.load()
        try:
            await listeners.start(_for_files(trust.current))
            if ftp is not None:
                ftp.present(_presented(trust.current, clock))
                ftp.start()
            trust.on_change(follow)
            background = [
                tasks.create_task(trust.run()),
                tasks.create_task(listeners.run(lambda: _for_files(trust.current))),
                tasks.create_task(notes.run()),
            ]
            await asked_to_stop()
            _log.info("stopping")
            for task in background:
                task.cancel()
        finally:  # also when one of them fails: half a process would look like a whole one
            listeners.stop_accepting()
            await greeter.close()
            await door.close()
            if ftp is not None:
                await ftp.stop()
            notes.write()


def _ftp_door(desk: Desk, config: FilesConfig, address: Address) -> FtpDoor:
    from forecourt.files.ftp import FtpDoor  # noqa: PLC0415  # most systems do without, and need not load it

    return FtpDoor(desk, config, address)


def _for_files(trusting: Trusting) -> Trusting:
    """Nobody is asked for a certificate here: it is the ticket that lets in."""
    return replace(trusting, client_certificates=())


def _presented(trusting: Trusting, clock: Clock) -> ServerCertificate | None:
    """What FTP presents. The library takes one certificate, and every station can do RSA."""
    found = tls.plan(trusting, ListenerConfig("files-ftp", tls=Tls.MODERN), clock.now())
    if found is None:
        return None
    return min(found.presented, key=lambda one: tls.family_of(one) != "RSA")


def _challenges(workspace: DatabaseWorkspace) -> Challenge:
    async def answer(token: str) -> str | None:
        return await workspace.read(lambda services: services.signing.challenge(token))

    return answer
