"""Which id tags stations should admit by themselves, and which they are known to."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, get, put
from litestar.params import JSONBody

from forecourt.api.access import access
from forecourt.api.local_list_views import LocalListView, show_list
from forecourt.api.paging import Paging
from forecourt.api.problems import Fault, bad_request
from forecourt.api.stations import StationId
from forecourt.api.words import Line, Works
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.local_list.model import MOST_TAGS
from forecourt.domain.paging import PageRequest
from forecourt.domain.services import Services


class LocalListSetting(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What a list should hold: the id tags that are named, or all that are registered."""

    id_tags: Annotated[list[Line], msgspec.Meta(max_length=MOST_TAGS)] | None = None
    all: bool = False


class LocalLists(Controller):
    path = "/stations/{station_id:str}/local-list"
    tags = ("Local lists",)
    opt = access(view=Permission.VIEW, change=Permission.MANAGE)

    @get(summary="Show the local list of a station", operation_id="getLocalList")
    async def show(self, station_id: StationId, workspace: Works, page: Paging) -> LocalListView:
        """With a page of id tags, by name: as they should be by the register as of now, and as the station
        acknowledged them. Ask for UpdateLocalList to send what differs."""
        identity = from_path(station_id)
        return await workspace.read(lambda services: _view(services, identity, page))

    @put(summary="Say what the local list of a station should hold", operation_id="putLocalList")
    async def put(self, station_id: StationId, data: JSONBody[LocalListSetting], workspace: Works) -> LocalListView:
        """Nothing is sent: ask for UpdateLocalList. The answer holds the first page of id tags."""
        identity = from_path(station_id)
        if data.all == (data.id_tags is not None):
            fault = Fault("idTags", "Name the id tags, or say `all`: true; an empty list empties the station's.")
            raise bad_request("The body must say either which id tags or that all are meant.", fault)

        def work(services: Services) -> LocalListView:
            station = services.provisioning.get_station(identity)
            if data.id_tags is None:
                services.local_lists.follow_all(station)
            else:
                services.local_lists.choose(station, data.id_tags)
            return _view(services, identity, PageRequest())

        return await workspace.write(work)


def _view(services: Services, identity: str, page: PageRequest) -> LocalListView:
    station = services.provisioning.get_station(identity)
    return show_list(services.local_lists.sheet(station), services.local_lists.items(station, page))
