"""The REST interface as one ASGI application."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from litestar import Litestar, MediaType, Request, Response, Router, get
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.types import ControllerRouterHandler, Dependencies

from forecourt.api import docs
from forecourt.api.alarms import Alarms
from forecourt.api.audit import AuditTrail
from forecourt.api.authentication import Doorkeeper, Incoming, asked_by, who_asks
from forecourt.api.authorities import Authorities
from forecourt.api.batches import Batches
from forecourt.api.bodies import MAX_BODY_BYTES, BodyRequest, JsonBody
from forecourt.api.certificates import Certificates
from forecourt.api.charging_profiles import ChargingProfiles, StationChargingProfiles
from forecourt.api.configuration import Configurations
from forecourt.api.connections import Connections
from forecourt.api.data_transfer import DataTransfers
from forecourt.api.drivers import Drivers
from forecourt.api.errands import Errands, wanted_errands
from forecourt.api.events import Following, Streams
from forecourt.api.files import Files
from forecourt.api.firmware import FirmwareImages
from forecourt.api.firmware_keys import FirmwareKeys
from forecourt.api.health import Health
from forecourt.api.held_certificates import HeldCertificates
from forecourt.api.id_tags import IdTags
from forecourt.api.jobs import Jobs
from forecourt.api.local_lists import LocalLists
from forecourt.api.managed_server_certificates import ManagedServerCertificates
from forecourt.api.messages import Messages
from forecourt.api.notifications import Notifications, OutboxEvents
from forecourt.api.ocsp_desk import OcspDesk
from forecourt.api.openapi import describe
from forecourt.api.operation_paths import Document
from forecourt.api.operations import Operations, wanted_order
from forecourt.api.own_ca import OwnAuthority
from forecourt.api.paging import page_request
from forecourt.api.people import People
from forecourt.api.pki import Published
from forecourt.api.problems import EXCEPTION_HANDLERS
from forecourt.api.queries import refuse_unknown_parameters
from forecourt.api.recording import AnyRequest, Recorded, record_of, workspace_of
from forecourt.api.remote_requests import RemoteRequests
from forecourt.api.reservations import Reservations
from forecourt.api.revocations import Revocations
from forecourt.api.rollovers import Rollovers
from forecourt.api.roots import Roots
from forecourt.api.schedules import Schedules
from forecourt.api.security_events import SecurityEvents
from forecourt.api.security_log import SecurityLogs
from forecourt.api.security_policy import SecurityPolicies
from forecourt.api.server_certificates import ServerCertificates
from forecourt.api.signing import IssuedCertificates, Signings, acme_challenge
from forecourt.api.station_security import StationSecurity
from forecourt.api.stations import Stations
from forecourt.api.tokens import Tokens
from forecourt.api.transactions import Transactions, wanted_transactions
from forecourt.api.trust import TrustedCertificates
from forecourt.api.unknown import Unknown
from forecourt.asgi.headers import add_security_headers
from forecourt.asgi.news import News
from forecourt.asgi.routing import RawPathApplication
from forecourt.clock import Clock, SystemClock
from forecourt.domain.access.model import PasswordHasher
from forecourt.domain.files.shelf import Shelf
from forecourt.domain.services import Workspace
from forecourt.operations.catalogue import Catalogue

RESOURCES: Final[list[ControllerRouterHandler]] = [
    Stations,
    StationSecurity,
    Configurations,
    LocalLists,
    IdTags,
    Drivers,
    Transactions,
    RemoteRequests,
    Reservations,
    ChargingProfiles,
    StationChargingProfiles,
    Schedules,
    Jobs,
    Files,
    FirmwareImages,
    FirmwareKeys,
    Messages,
    SecurityEvents,
    SecurityLogs,
    Alarms,
    OutboxEvents,
    Notifications,
    TrustedCertificates,
    Revocations,
    ServerCertificates,
    ManagedServerCertificates,
    Authorities,
    OwnAuthority,
    Signings,
    IssuedCertificates,
    SecurityPolicies,
    HeldCertificates,
    Certificates,
    Roots,
    Rollovers,
    Unknown,
    Connections,
    DataTransfers,
    Operations,
    Errands,
    Batches,
    Tokens,
    People,
    AuditTrail,
]


_FOR_BATCHES: Final = ("batch", "removals")


class RestApplication(RawPathApplication):
    """Knows ids that are the name of an address for batches."""

    def routable(self, path: str, method: str) -> str:
        """The path, with such an id written so that only POST finds the batch."""
        start, _, last = path.rpartition("/")
        if last in _FOR_BATCHES and method != "POST":
            return f"{start}/%{ord(last[0]):x}{last[1:]}"
        return path


def create_app(
    *,
    workspace: Workspace,
    catalogue: Catalogue,
    news: News,
    hasher: PasswordHasher,
    shelf: Shelf,
    is_ready: Callable[[], Awaitable[list[str]]],
    version: str,
    max_firmware_bytes: int = 1024 * 1024 * 1024,
    clock: Clock | None = None,
) -> Litestar:
    """The application. ``is_ready`` names the parts that are not ready; ``shelf`` holds the contents of files.

    It must be served without a ``Server`` header, and with the true address of clients behind a proxy: guesses at
    the password are counted per address.
    """
    clock = clock or SystemClock()
    doorkeeper = Doorkeeper(workspace, hasher, clock)
    streams = Streams(workspace, news, clock)
    ocsp_desk = OcspDesk(workspace, clock)

    async def guard(connection: Incoming, handler: BaseRouteHandler) -> None:
        """A function, because the framework copies guards deeply: of a bound method it would copy the object."""
        await doorkeeper.check(connection, handler)

    async def events(request: Request[Any, Any, Any]) -> Following:  # Any: as the framework hands it out
        return Following(streams, lambda: doorkeeper.check(request, request.route_handler))

    async def recorded_workspace(request: AnyRequest, record: Recorded) -> Workspace:
        return workspace_of(request, record, workspace)

    door = Router("/api/v1", route_handlers=RESOURCES, guards=[guard])
    dependencies: Dependencies = {
        "workspace": Provide(recorded_workspace),
        "record": Provide(record_of),
        "caller": Provide(who_asks),
        "catalogue": Provide(lambda: catalogue, sync_to_thread=False),
        "shelf": Provide(lambda: shelf, sync_to_thread=False),
        "hasher": Provide(lambda: hasher, sync_to_thread=False),
        "max_firmware_bytes": Provide(lambda: max_firmware_bytes, sync_to_thread=False),
        "news": Provide(lambda: news, sync_to_thread=False),
        "doorkeeper": Provide(lambda: doorkeeper, sync_to_thread=False),
        "parts_not_ready": Provide(lambda: is_ready, sync_to_thread=False),
        "page": Provide(page_request),
        "wanted": Provide(wanted_transactions),
        "now": Provide(lambda: clock.now, sync_to_thread=False),
        "ocsp_desk": Provide(lambda: ocsp_desk, sync_to_thread=False),
        "asked_by": Provide(asked_by),
        "order": Provide(wanted_order),
        "sought": Provide(wanted_errands),
        "events": Provide(events),
    }

    @functools.cache
    def description() -> Document:
        """Made when somebody asks, because it takes longer than everything else at the start."""
        return describe([Router("/api/v1", route_handlers=RESOURCES), Health], dependencies, catalogue, version)

    return RestApplication(
        [door, Health, Published, acme_challenge, *_description_handlers(description)],
        dependencies=dependencies,
        dto=JsonBody,
        return_dto=None,
        request_class=BodyRequest,
        exception_handlers=EXCEPTION_HANDLERS,
        before_request=refuse_unknown_parameters,
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
