"""The role of the process for people and programs: REST and pages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn
from litestar import Litestar
from litestar.types import ASGIApp, Receive, Scope, Send

from forecourt.api.app import create_app
from forecourt.app.clerk import Office
from forecourt.app.database import open_database
from forecourt.app.notifier import make_notifier
from forecourt.app.process import Rings, asked_to_stop, is_listening, version
from forecourt.app.shelf import open_shelf, shelf_age
from forecourt.app.shown_settings import shown_settings
from forecourt.app.surroundings import is_behind_tls, look_around, open_provider
from forecourt.asgi.news import News, Topic
from forecourt.clock import SystemClock
from forecourt.config import Config, Tls
from forecourt.courier import sweeper
from forecourt.dialects.v16 import dialect as v16
from forecourt.domain.errors import DomainError
from forecourt.domain.services import Services, Workspace
from forecourt.files import sweeping as shelf_sweeping
from forecourt.loading import origins, settings_file
from forecourt.notifier.notifier import Notifier
from forecourt.operations.catalogue import make_catalogue
from forecourt.passwords import Argon2Hasher
from forecourt.settings import Address
from forecourt.web.app import create_pages
from forecourt.web.rendering import Renderer
from forecourt.web.visit import House

REST_PATHS: Final = ("/api/", "/health", "/pki/", "/.well-known/")


async def run(config: Config) -> None:
    """The process of people and programs: REST and pages."""
    async with open_database(config) as (workspace, bell), asyncio.TaskGroup() as tasks:

        async def parts_not_ready() -> list[str]:
            return [
                *([] if await _is_reading(workspace) else ["database"]),
                *([] if await _is_gateway_ready(config, workspace) else ["gateway"]),
                *([] if await _are_files_ready(config, workspace) else ["files"]),
            ]

        shelf = open_shelf(config)
        news = News()
        office = Office(config, workspace, SystemClock())
        notifier = await asyncio.to_thread(make_notifier, config, workspace)
        bell.listen(Rings(_rings(news, office, notifier)).heard)
        catalogue, hasher = make_catalogue([v16.make()]), Argon2Hasher()
        rest = create_app(
            workspace=workspace,
            catalogue=catalogue,
            news=news,
            hasher=hasher,
            shelf=shelf,
            max_firmware_bytes=config.files.max_firmware_bytes,
            is_ready=parts_not_ready,
            version=version(),
        )
        pages = create_pages(
            House(
                workspace=workspace,
                catalogue=catalogue,
                news=news,
                shelf=shelf,
                hasher=hasher,
                clock=SystemClock(),
                renderer=Renderer(),
                version=version(),
                is_ready=parts_not_ready,
                max_firmware_bytes=config.files.max_firmware_bytes,
                is_secure=is_behind_tls(config),
                console_url=config.console_url,
                openid=open_provider(config, SystemClock()),
                settings=shown_settings(config, origins()),
                surroundings=await asyncio.to_thread(
                    look_around, config, file=settings_file(), started_at=SystemClock().now()
                ),
            )
        )
        server = _Server(
            uvicorn.Config(
                side_by_side(rest, pages),
                host=config.console.host,
                port=config.console.port,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(config.proxies.addresses),
                forwarded_allow_ips=[str(network) for network in config.proxies.addresses],
                timeout_graceful_shutdown=5,
            )
        )
        tasks.create_task(server.serve())
        sweeping = tasks.create_task(sweeper.sweep_for_ever(workspace))
        tidying = tasks.create_task(shelf_sweeping.sweep_for_ever(workspace, shelf, age=shelf_age(config)))
        signing = tasks.create_task(office.run())
        telling = tasks.create_task(notifier.run())
        await asked_to_stop()
        sweeping.cancel()
        tidying.cancel()
        signing.cancel()
        telling.cancel()
        news.close()
        server.should_exit = True


def _rings(news: News, office: Office, notifier: Notifier) -> dict[str, Callable[[str | None], None]]:
    """Who is told of which word of the bell."""

    def signing(about: str | None) -> None:
        office.rung(about)
        news.ring(Topic.SIGNING)

    def event(about: str | None) -> None:
        """Whatever became of stations and their transactions, an event tells it."""
        notifier.rung(about)
        news.ring(Topic.OUTBOX, Topic.STATIONS, Topic.TRANSACTIONS)

    return {
        "result": news.heard,
        "errand": news.written,
        "security": news.security_noted,
        "signing": signing,
        "outbox": event,
        "station": lambda _about: news.ring(Topic.STATIONS, Topic.CONNECTORS),
        "trust": lambda _about: news.ring(Topic.TRUST),
    }


def side_by_side(rest: Litestar, pages: Litestar) -> ASGIApp:
    """One application of both: REST and what is published have addresses of their own, all others are pages."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", REST_PATHS[0]))  # the lifespan has none
        is_rest = path.startswith(REST_PATHS)
        await (rest if is_rest else pages)(scope, receive, send)

    return application


class _Server(uvicorn.Server):
    """The library's server, with signals left to the role that it is part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _is_gateway_ready(config: Config, workspace: Workspace) -> bool:
    """Whether stations can connect, or could if there were a server certificate: it comes by REST, so REST must be
    ready without it."""
    first = config.all_listeners[0]
    return await _is_open(first.address, workspace, is_tls=first.tls is not Tls.NONE)


async def _are_files_ready(config: Config, workspace: Workspace) -> bool:
    """Whether stations can move files, or could if there were a server certificate, or were never to."""
    if not config.files.is_open:
        return True
    name, address = config.files.addresses[0]
    return await _is_open(address, workspace, is_tls=name == "tls")


async def _is_open(address: Address, workspace: Workspace, *, is_tls: bool) -> bool:
    if await is_listening(address):
        return True
    return is_tls and not await _has_server_certificate(workspace)


async def _has_server_certificate(workspace: Workspace) -> bool:
    try:
        served = await workspace.read(lambda services: services.trust.server_certificates())
    except DomainError:
        return False
    return any(one.is_enabled for one in served)


async def _is_reading(workspace: Workspace) -> bool:
    def look(services: Services) -> bool:
        return services.access.has_admin()

    try:
        async with asyncio.timeout(2.0):
            return await workspace.read(look)
    except (DomainError, TimeoutError):
        return False
