"""Who came and was not on the register: stations and id tags."""

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
from forecourt.domain.authorization.model import UnknownToken
from forecourt.domain.provisioning.model import UnknownStation


class UnknownStationView(msgspec.Struct, frozen=True, rename="camel"):
    """A station that tried to connect and is not registered; it was answered with 404."""

    id: str
    first_seen_at: datetime
    last_seen_at: datetime
    attempts: int
    address: str
    subprotocols: str
    """What it offered to speak."""


class UnknownIdTagView(msgspec.Struct, frozen=True, rename="camel"):
    """An id tag that a station asked about and nobody registered; it was answered with Invalid."""

    id_tag: str
    station_id: str
    first_seen_at: datetime
    last_seen_at: datetime
    attempts: int


def show_unknown_station(station: UnknownStation) -> UnknownStationView:
    return UnknownStationView(
        id=station.identity,
        first_seen_at=station.first_seen_at,
        last_seen_at=station.last_seen_at,
        attempts=station.attempts,
        address=station.address,
        subprotocols=station.subprotocols,
    )


def show_unknown_tag(token: UnknownToken) -> UnknownIdTagView:
    return UnknownIdTagView(
        id_tag=token.id_token,
        station_id=token.station,
        first_seen_at=token.first_seen_at,
        last_seen_at=token.last_seen_at,
        attempts=token.attempts,
    )


class Unknown(Controller):
    tags = ("Unknown",)
    opt = access(view=Permission.VIEW, change=Permission.MANAGE)

    @get("/unknown-stations", summary="List unknown stations", operation_id="listUnknownStations")
    async def stations(self, workspace: Works, page: Paging) -> Listing[UnknownStationView]:
        """The thousand that were seen last. Registering one takes it off this list."""
        found = await workspace.read(lambda services: services.provisioning.list_strangers(page))
        return listing(found, show_unknown_station)

    @delete("/unknown-stations/{station_id:str}", summary="Forget an unknown station", operation_id="forgetStation")
    async def forget_station(
        self,
        station_id: Annotated[str, PathParameter(description="The identity that it used.")],
        workspace: Works,
    ) -> None:
        """It comes back to this list when it tries again."""
        identity = from_path(station_id)
        await workspace.write(lambda services: services.provisioning.forget_stranger(identity))

    @get("/unknown-id-tags", summary="List unknown id tags", operation_id="listUnknownIdTags")
    async def tags_seen(self, workspace: Works, page: Paging) -> Listing[UnknownIdTagView]:
        """The thousand that were seen last. Registering one takes it off this list."""
        found = await workspace.read(lambda services: services.authorization.list_strangers(page))
        return listing(found, show_unknown_tag)

    @delete("/unknown-id-tags/{id_tag:str}", summary="Forget an unknown id tag", operation_id="forgetIdTag")
    async def forget_tag(
        self, id_tag: Annotated[str, PathParameter(description="The id tag, in either case.")], workspace: Works
    ) -> None:
        """It comes back to this list when it is presented again."""
        seen = from_path(id_tag)
        await workspace.write(lambda services: services.authorization.forget_stranger(seen))
