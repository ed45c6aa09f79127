"""The composition root: settings in, running system out. The only room that knows all the others."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import functools
import os
import resource
import secrets
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Final

import structlog
import uvicorn
import uvloop

from forecourt import config as settings
from forecourt import logs
from forecourt.api.app import create_app
from forecourt.clock import SystemClock
from forecourt.config import Address, Config
from forecourt.dialects.v16 import dialect as v16
from forecourt.domain.authorization.model import IdToken
from forecourt.domain.errors import DomainError
from forecourt.domain.provisioning.model import StationDraft
from forecourt.domain.provisioning.service import BootPolicy
from forecourt.domain.services import Services, Workspace
from forecourt.gateway.calm import keep_calm
from forecourt.gateway.links import Links
from forecourt.gateway.listener import Listener
from forecourt.passwords import Argon2Hasher
from forecourt.storage.bell import Bell, LocalBell, PostgresqlBell
from forecourt.storage.database import Database, services_on
from forecourt.storage.workspace import DatabaseWorkspace
from forecourt.supervisor import Role, Supervisor
from forecourt_simulator.demo import demo_stations, run_site

DEMO_TAG: Final = "DEMO"

FILES_WANTED: Final = 65_536
"""File descriptors: one per station and a few more."""

_log = structlog.get_logger(__name__)


def version() -> str:
    try:
        return installed_version("forecourt")
    except PackageNotFoundError:  # run from a source tree
        return "unreleased"


class StartError(Exception):
    """The system cannot start. ``str()`` says why and what to do."""


# What every process needs


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
            policy=BootPolicy(gateway.heartbeat_seconds, gateway.retry_seconds),
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


# The roles


async def run_gateway(config: Config) -> None:
    """The stations' process, until it is asked to stop; then every open exchange is finished and committed."""
    _raise_file_limit()
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
        await _asked_to_stop()
        _log.info("stopping", links=len(links))
        listener.stop_accepting()
        await links.drain()
        await listener.close()
        for task in background:
            task.cancel()


async def run_console(config: Config) -> None:
    """The process of people and programs: REST."""
    async with open_database(config) as (workspace, _bell), asyncio.TaskGroup() as tasks:

        async def parts_not_ready() -> list[str]:
            return [
                *([] if await _is_reading(workspace) else ["database"]),
                *([] if await _is_listening(config.stations) else ["gateway"]),
            ]

        application = create_app(
            workspace=workspace, hasher=Argon2Hasher(), is_ready=parts_not_ready, version=version()
        )
        server = _Server(
            uvicorn.Config(
                application,
                host=config.console.host,
                port=config.console.port,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=5,
            )
        )
        tasks.create_task(server.serve())
        await _asked_to_stop()
        server.should_exit = True


class _Server(uvicorn.Server):
    """The library's server, with signals left to the role that it is part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run_demonstration(config: Config) -> None:
    """A simulated site that charges, until it is asked to stop."""
    async with asyncio.TaskGroup() as tasks:
        address = Address(config.stations.reachable_host, config.stations.port)
        site = tasks.create_task(run_site(f"ws://{address}/ocpp", tag=DEMO_TAG))
        await _asked_to_stop()
        site.cancel()


ROLES: Final = {"gateway": run_gateway, "console": run_console, "site": run_demonstration}


def run_role(name: str) -> None:
    """Be one role of this node. Raises ConfigError or StartError."""
    if name not in ROLES:
        raise StartError(f"There is no role {name!r}; the roles are {', '.join(ROLES)}.")
    config = settings.load()
    logs.set_up(config.log, name)
    uvloop.run(ROLES[name](config))


# The whole node


def serve(announce: Callable[[str], None]) -> None:
    """Run this node until it is asked to stop. ``announce`` shows a line to whoever started it.

    Raises ConfigError or StartError.
    """
    config = settings.load()
    logs.set_up(config.log, "supervisor")
    asyncio.run(_serve(config, announce, _node_roles(config)))


def demo(announce: Callable[[str], None]) -> None:
    """Run this node with a simulated site of a few stations, registered first."""
    config = settings.load()
    logs.set_up(config.log, "supervisor")
    asyncio.run(_prepare_demonstration(config))
    asyncio.run(_serve(config, announce, [Role("site", 5), *_node_roles(config)]))


def _node_roles(config: Config) -> list[Role]:
    return [Role("gateway", config.gateway.drain_seconds + 10), Role("console", 10)]


async def _prepare_demonstration(config: Config) -> None:
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


async def _serve(config: Config, announce: Callable[[str], None], roles: list[Role]) -> None:
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _only_one(config):
        for name, address in (("stations", config.stations), ("console", config.console)):
            if await _is_listening(address):
                raise StartError(f"{address} is in use by another program; set FORECOURT_{name.upper()} to another.")
        password = await _prepare(config)
        supervisor = Supervisor(roles)
        async with asyncio.TaskGroup() as tasks:
            showing = tasks.create_task(_show_addresses(config, password, announce))
            await supervisor.run()
            showing.cancel()


async def _prepare(config: Config) -> str | None:
    """Bring the database up to date and see that there is an administrator. Returns a password that was made."""
    given = None if config.admin_password is None else config.admin_password.reveal()
    hasher = Argon2Hasher()
    async with open_database(config) as (workspace, _bell):
        known = await workspace.read(lambda services: services.access.password_hash("admin"))
        if given is not None and (known is None or not hasher.is_match(known, given)):
            await workspace.write(lambda services: services.access.set_admin_password(given))
        elif known is None:
            made = secrets.token_urlsafe(12)
            await workspace.write(lambda services: services.access.set_admin_password(made))
            return made
    return None


async def _show_addresses(config: Config, password: str | None, announce: Callable[[str], None]) -> None:
    for address in (config.stations, config.console):
        while True:
            if await _is_listening(address):
                break
            await asyncio.sleep(0.1)
    announce(f"Forecourt {version()} is running; press Ctrl-C to stop it.")
    announce(f"  stations   ws://{config.stations}/ocpp/IDENTITY")
    announce(f"  REST       http://{config.console}/api/v1/docs")
    announce(f"  database   {Database(config.database_url).shown}")
    if password is not None:
        announce(f"  password   {password}   (of the user admin, made just now and not shown again)")


@contextlib.contextmanager
def _only_one(config: Config) -> Iterator[None]:
    """Hold the data folder, so that a second start cannot disturb the first. Raises StartError."""
    path = config.data / "running.lock"
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sentence = f"Forecourt runs on {config.data.resolve()} already; stop it or choose another FORECOURT_DATA."
            raise StartError(sentence) from None
        yield


# Small things about the process and the machine


async def _asked_to_stop() -> None:
    """Return on SIGTERM, on SIGINT, or when the supervisor is gone."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):  # the supervisor holds the other end and never writes

        def check() -> None:
            if not os.read(sys.stdin.fileno(), 1024):
                loop.remove_reader(sys.stdin.fileno())
                asked.set()

        loop.add_reader(sys.stdin.fileno(), check)
    await asked.wait()


async def _is_listening(address: Address) -> bool:
    try:
        _reader, writer = await asyncio.wait_for(asyncio.open_connection(address.reachable_host, address.port), 1.0)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _is_reading(workspace: Workspace) -> bool:
    def look(services: Services) -> bool:
        return services.access.has_admin()

    try:
        return await asyncio.wait_for(workspace.read(look), 2.0)
    except (DomainError, TimeoutError):
        return False


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < FILES_WANTED:
        _log.warning("few_file_descriptors", limit=wanted, advice="raise `ulimit -n`; each station needs one")
