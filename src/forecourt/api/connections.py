"""Which stations are connected."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, delete, get
from litestar.params import PathParameter

from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.words import Works, from_path
from forecourt.domain.presence.model import LinkRecord


class ConnectionView(msgspec.Struct, frozen=True, rename="camel"):
    """An open connection of a station, and the node that holds it."""

    station_id: str
    address: str
    subprotocol: str
    connected_at: datetime
    node: str


def show_connection(link: LinkRecord) -> ConnectionView:
    return ConnectionView(
        station_id=link.station,
        address=link.address,
        subprotocol=link.subprotocol,
        connected_at=link.connected_at,
        node=link.node,
    )


class Connections(Controller):
    path = "/connections"
    tags = ("Connections",)

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
