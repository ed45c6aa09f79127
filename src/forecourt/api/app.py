"""The REST interface as one ASGI application."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Final, cast

import msgspec
from litestar import Litestar, MediaType, Response, Router, get
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.types import (
    ControllerRouterHandler,
    Dependencies,
    HTTPScope,
    LifeSpanReceive,
    LifeSpanScope,
    LifeSpanSend,
    Receive,
    Scope,
    Send,
)

from forecourt.api import docs
from forecourt.api.authentication import Doorkeeper, Incoming
from forecourt.api.bodies import MAX_BODY_BYTES, JsonBody
from forecourt.api.connections import Connections
from forecourt.api.data_transfer import DataTransfers
from forecourt.api.headers import add_security_headers
from forecourt.api.health import Health
from forecourt.api.id_tags import IdTags
from forecourt.api.openapi import Document, describe
from forecourt.api.paging import page_request
from forecourt.api.problems import EXCEPTION_HANDLERS
from forecourt.api.stations import Stations
from forecourt.api.tokens import Tokens
from forecourt.api.transactions import Transactions, wanted_transactions
from forecourt.api.unknown import Unknown
from forecourt.clock import Clock, SystemClock
from forecourt.domain.access.model import PasswordHasher
from forecourt.domain.services import Workspace

RESOURCES: Final[list[ControllerRouterHandler]] = [
    Stations,
    IdTags,
    Transactions,
    Unknown,
    Connections,
    DataTransfers,
    Tokens,
]


_FOR_BATCHES: Final = ("batch", "removals")


class RestApplication(Litestar):
    """Routes on the path as it was sent, because decoding it first would make an id's ``%2F`` a separator.

    Handlers decode their ids with `forecourt.api.words.from_path`.
    """

    async def __call__(
        self, scope: Scope | LifeSpanScope, receive: Receive | LifeSpanReceive, send: Send | LifeSpanSend
    ) -> None:
        if scope["type"] == ScopeType.HTTP:
            request = cast("HTTPScope", scope)  # its type says so, in a way that type checkers do not follow
            path = request["raw_path"].partition(b"?")[0].decode("latin-1")
            request["path"] = _routable(path, request["method"])
        await super().__call__(scope, receive, send)


def create_app(
    *,
    workspace: Workspace,
    hasher: PasswordHasher,
    is_ready: Callable[[], Awaitable[list[str]]],
    version: str,
    clock: Clock | None = None,
) -> Litestar:
    """The application. ``is_ready`` names the parts that are not ready.

    It must be served without a ``Server`` header, and with the true address of clients behind a proxy: guesses at
    the password are counted per address.
    """
    doorkeeper = Doorkeeper(workspace, hasher, clock or SystemClock())

    async def guard(connection: Incoming, handler: BaseRouteHandler) -> None:
        """A function, because the framework copies guards deeply: of a bound method it would copy the object."""
        await doorkeeper.check(connection, handler)

    door = Router("/api/v1", route_handlers=RESOURCES, guards=[guard])
    dependencies: Dependencies = {
        "workspace": Provide(lambda: workspace, sync_to_thread=False),
        "doorkeeper": Provide(lambda: doorkeeper, sync_to_thread=False),
        "parts_not_ready": Provide(lambda: is_ready, sync_to_thread=False),
        "page": Provide(page_request),
        "wanted": Provide(wanted_transactions),
    }

    @functools.cache
    def description() -> Document:
        """Made when somebody asks, because it takes longer than everything else at the start."""
        return describe([Router("/api/v1", route_handlers=RESOURCES), Health], dependencies, version)

    return RestApplication(
        [door, Health, *_description_handlers(description)],
        dependencies=dependencies,
        dto=JsonBody,
        return_dto=None,
        exception_handlers=EXCEPTION_HANDLERS,
        before_send=[add_security_headers],
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )


def _description_handlers(description: Callable[[], Document]) -> list[HTTPRouteHandler]:
    """Open to all: they say what can be asked, and nothing of what is stored."""

    @get("/api/v1/openapi.json", include_in_schema=False)
    async def openapi_json() -> Response[bytes]:
        return Response(msgspec.json.encode(description()), media_type=MediaType.JSON)

    @get("/api/v1/docs", include_in_schema=False)
    async def docs_page() -> Response[str]:
        return Response(
            docs.page(description()), media_type=MediaType.HTML, headers={"Content-Security-Policy": docs.POLICY}
        )

    return [openapi_json, docs_page]


def _routable(path: str, method: str) -> str:
    """The path, with an id that is the name of an address for batches written so that only POST finds that."""
    start, _, last = path.rpartition("/")
    if last in _FOR_BATCHES and method != "POST":
        return f"{start}/%{ord(last[0]):x}{last[1:]}"
    return path
