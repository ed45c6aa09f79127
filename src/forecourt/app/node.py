"""A whole node: its roles, each a process of its own, and what is seen to before they start."""

from __future__ import annotations

import asyncio
import functools
import importlib
import secrets
from collections.abc import Callable, Iterator
from typing import Final

import structlog
import uvloop

from forecourt import loading, logs
from forecourt.app import folder
from forecourt.app.database import open_database
from forecourt.app.process import StartError, is_listening, only_one, version
from forecourt.app.secret_key import seal_anew
from forecourt.config import Config, Tls
from forecourt.domain.access.service import ADMIN
from forecourt.domain.audit.model import Deed, Via
from forecourt.domain.services import Services
from forecourt.passwords import Argon2Hasher
from forecourt.settings import Address
from forecourt.storage.database import Database
from forecourt.supervisor import Role, Supervisor

ROLES: Final = {name: f"forecourt.app.{name}" for name in ("gateway", "console", "files", "site")}
"""Role → the module that is it. A process loads its own only: neither starts with the other's libraries."""

FILES_SECONDS: Final = 15.0
"""How long the start waits for the doors for files before it says that it runs."""

_log = structlog.get_logger(__name__)


def run_role(name: str) -> None:
    """Be one role of this node. Raises ConfigError or StartError."""
    if name not in ROLES:
        raise StartError(f"There is no role {name!r}; the roles are {', '.join(ROLES)}.")
    config = loading.load()
    logs.set_up(config.log, name)
    uvloop.run(importlib.import_module(ROLES[name]).run(config))


def serve(announce: Callable[[str], None]) -> None:
    """Run this node until it is asked to stop. ``announce`` shows a line to whoever started it.

    Raises ConfigError or StartError.
    """
    config = _load()
    asyncio.run(_serve(config, announce, _node_roles(config)))


def demo(announce: Callable[[str], None]) -> None:
    """Run this node with a simulated site of a few stations, registered first."""
    config = _load()
    asyncio.run(importlib.import_module(ROLES["site"]).prepare(config))
    asyncio.run(_serve(config, announce, [Role("site", 5), *_node_roles(config)]))


def _load() -> Config:
    config = loading.load()
    logs.set_up(config.log, "supervisor")
    for variable in loading.unknown_variables():
        _log.warning("no_such_setting", variable=variable, advice="see docs/configuration.md; it changes nothing")
    return config


def _node_roles(config: Config) -> list[Role]:
    roles = [Role("gateway", config.gateway.drain_seconds + 15), Role("console", 10)]
    return [*roles, Role("files", 15)] if config.files.is_open else roles


async def _serve(config: Config, announce: Callable[[str], None], roles: list[Role]) -> None:
    folder.prepare(config.data)
    with only_one(config.data):
        for setting, address in _addresses(config):
            if await is_listening(address):
                raise StartError(f"{address} is in use by another program; set {setting} to another.")
        has_certificate = await _prepare(config, announce)
        supervisor = Supervisor(roles)
        async with asyncio.TaskGroup() as tasks:
            showing = tasks.create_task(_show_addresses(config, announce, has_certificate=has_certificate))
            await supervisor.run()
            showing.cancel()


def _addresses(config: Config) -> Iterator[tuple[str, Address]]:
    """Every address of this node, with the name of its setting."""
    settings_of = {"ws": "FORECOURT_STATIONS", "wss": "FORECOURT_STATIONS_TLS"}
    for listener in config.all_listeners:
        yield settings_of.get(listener.name, f"the address of the listener {listener.name}"), listener.address
    yield "FORECOURT_CONSOLE", config.console
    for name, address in config.files.addresses:
        yield f"FORECOURT_FILES_{name.upper()}", address


async def _prepare(config: Config, announce: Callable[[str], None]) -> bool:
    """Bring the database up to date and see that there is an administrator, whose password is told when it was
    made here. Returns whether there is a server certificate."""
    given = None if config.admin_password is None else config.admin_password.reveal()
    hasher = Argon2Hasher()
    async with open_database(config) as (workspace, _bell):
        known = await workspace.read(lambda services: services.access.password_hash(ADMIN))
        has_admin = await workspace.read(lambda services: services.access.has_admin())
        if given is not None and (known is None or not hasher.is_match(known, given)):
            await workspace.write(functools.partial(_set_admin_password, given))
        elif given is None and not has_admin:
            made = secrets.token_urlsafe(12)
            await workspace.write(functools.partial(_set_admin_password, made))
            announce(f"The password of the user admin is {made}   (made just now and not shown again)")
        served = await workspace.read(lambda services: services.trust.server_certificates())
    await asyncio.to_thread(seal_anew, config)
    return any(one.is_enabled for one in served)


def _set_admin_password(password: str, services: Services) -> None:
    services.access.set_admin_password(password)
    services.audit.note(Deed(who="settings", via=Via.START, action="setPassword", subject=ADMIN))


async def _show_addresses(config: Config, announce: Callable[[str], None], *, has_certificate: bool) -> None:
    # One with TLS listens once there is a server certificate, for which nobody need wait here.
    plain = [listener.address for listener in config.all_listeners if listener.tls is Tls.NONE]
    for address in (*plain, config.console):
        while True:
            if await is_listening(address):
                break
            await asyncio.sleep(0.1)
    silent = await _silent_doors(config)
    announce(f"Forecourt {version()} is running; press Ctrl-C to stop it.")
    for listener in config.all_listeners:
        is_waiting = listener.tls is not Tls.NONE and not has_certificate
        hint = "   (once there is a server certificate)" if is_waiting else ""
        announce(f"  stations   {listener.scheme}://{listener.address}/ocpp/IDENTITY{hint}")
    for name, address in config.files.addresses:
        scheme = {"http": "http", "tls": "https", "ftp": "ftps" if config.files.ftp_tls_only else "ftp"}[name]
        is_waiting = scheme in ("https", "ftps") and not has_certificate
        hint = "   (once there is a server certificate)" if is_waiting else ""
        hint = "   (nobody listens there yet; see the log)" if address in silent else hint
        announce(f"  files      {scheme}://{address}/{hint}")
    announce(f"  console    http://{config.console}/")
    announce(f"  REST       http://{config.console}/api/v1/docs")
    announce(f"  database   {Database(config.database_url).shown}")


async def _silent_doors(config: Config) -> list[Address]:
    """Where files should be moved and nobody listens, after some time: stations charge without them."""
    missing = [address for name, address in config.files.addresses if name != "tls"]
    deadline = asyncio.get_running_loop().time() + FILES_SECONDS
    while missing and asyncio.get_running_loop().time() < deadline:
        missing = [address for address in missing if not await is_listening(address)]
        await asyncio.sleep(0.1 if missing else 0)
    for address in missing:
        advice = "stations charge without it, and move no files; the lines before this one tell why"
        _log.error("files_do_not_listen", address=str(address), after_seconds=FILES_SECONDS, advice=advice)
    return missing
