"""Which stations are connected."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, delete, get
from litestar.params import PathParameter

from forecourt.api.access import access
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.words import Works
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.presence.model import LinkRecord


class ConnectionView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An open connection of a station, and the node that holds it.

    ``address`` is the station's, behind the proxy in ``viaProxy``. ``securityProfile`` is the one with which it was let
    in; ``tlsVersion`` and ``cipher`` are absent where TLS ends at a proxy. ``fingerprint`` (SHA-256, hexadecimal) and
    ``certificateEndsAt`` tell of the certificate that it showed, and ``onboarding`` that this is its maker's: it is
    Pending until it has one of the operator's.
    """

    station_id: str
    address: str
    subprotocol: str
    connected_at: datetime
    node: str
    security_profile: int
    listener: str
    tls: bool
    tls_version: str | None
    cipher: str | None
    via_proxy: str | None
    fingerprint: str | None
    certificate_ends_at: datetime | None
    onboarding: bool


def show_connection(link: LinkRecord) -> ConnectionView:
    security = link.security
    return ConnectionView(
        station_id=link.station,
        address=link.address,
        subprotocol=link.subprotocol,
        connected_at=link.connected_at,
        node=link.node,
        security_profile=int(security.profile),
        listener=security.listener,
        tls=security.is_tls,
        tls_version=security.tls_version,
        cipher=security.cipher,
        via_proxy=security.via_proxy,
        fingerprint=security.fingerprint,
        certificate_ends_at=security.certificate_ends_at,
        onboarding=security.is_onboarding,
    )


class Connections(Controller):
    path = "/connections"
    tags = ("Connections",)
    opt = access(view=Permission.VIEW, change=Permission.OPERATE)

    @get(summary="List connections", operation_id="listConnections")
    async def list_all(self, workspace: Works, page: Paging) -> Listing[ConnectionView]:
        """Ordered by station."""
        return listing(await workspace.read(lambda services: services.presence.list(page)), show_connection)

    @delete("/{station_id:str}", status_code=202, summary="Close a connection", operation_id="closeConnection")
    async def close(
        self, station_id: Annotated[str, PathParameter(description="The station's identity.")], workspace: Works
    ) -> None:
        """The node that holds it closes it a moment later. The station may connect again."""
        identity = from_path(station_id)
        await workspace.write(lambda services: services.presence.ask_to_close(identity))
