"""The register of stations, and the state of their connectors."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import UNSET, UnsetType

from forecourt.api.access import access
from forecourt.api.authentication import AskedBy
from forecourt.api.batch import Batch, BatchAdded, BatchChanged, BatchRemoved, do_all
from forecourt.api.bodies import MAX_BATCH_BYTES
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.station_views import ConnectorView, StationView, show_connector, show_station
from forecourt.api.words import MAX_NUMBER, Line, Note, Search, Works
from forecourt.asgi.paths import from_path, place_of
from forecourt.domain.access.permissions import Permission
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.availability.model import EvseStatus
from forecourt.domain.paging import Page
from forecourt.domain.provisioning.model import Registration, StationDraft, StationFilter, StationSheet
from forecourt.domain.services import Services

StationId = Annotated[
    str, PathParameter(description="The station's identity: the last part of the URL it connects to.")
]


Labels = Annotated[
    list[Line], msgspec.Meta(description="Words of your own, to find it by: at most 20 of 1 to 50 characters each.")
]


class NewStation(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A station to register. A heartbeat interval is in seconds; null means that of the system."""

    id: Line
    description: Note | None = None
    group: Annotated[
        Line | None, msgspec.Meta(description="Stations that belong together; it may choose who signs for them.")
    ] = None
    registration: Registration = Registration.ACCEPTED
    heartbeat_interval: int | None = None
    labels: Labels | None = None
    security_profile: Annotated[
        SecurityProfile | None,
        msgspec.Meta(description="null for that of the policy, or that the station had before it was removed."),
    ] = None

    def draft(self) -> StationDraft:
        return StationDraft(
            identity=self.id,
            description=self.description or "",
            group=self.group or "",
            registration=self.registration,
            heartbeat_seconds=self.heartbeat_interval,
            labels=tuple(self.labels or ()),
            security_profile=self.security_profile,
        )


class StationChange(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What to change; an absent field keeps its value, null clears it."""

    description: Note | UnsetType | None = UNSET
    group: Line | UnsetType | None = UNSET
    registration: Registration | UnsetType = UNSET
    heartbeat_interval: int | UnsetType | None = UNSET
    labels: Labels | UnsetType | None = UNSET

    def apply(self, services: Services, identity: str) -> StationSheet:
        sheet = services.provisioning.get(identity)
        station = sheet.station
        return services.provisioning.change(
            identity,
            description=sheet.description if self.description is UNSET else self.description or "",
            group=sheet.group if self.group is UNSET else self.group or "",
            registration=station.registration if self.registration is UNSET else self.registration,
            heartbeat_seconds=station.heartbeat_seconds
            if self.heartbeat_interval is UNSET
            else self.heartbeat_interval,
            labels=None if self.labels is UNSET else self.labels or (),
        )


class StationName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of many stations."""

    id: Line


class NamedStationChange(StationChange, frozen=True, kw_only=True):
    """What to change of one of many stations."""

    id: Line


class Stations(Controller):
    path = "/stations"
    tags = ("Stations",)
    opt = access(view=Permission.VIEW, change=Permission.MANAGE)

    @post(summary="Register a station", operation_id="addStation")
    async def add(self, data: JSONBody[NewStation], workspace: Works, asked_by: AskedBy) -> StationView:
        """From now on the station may connect. A station that was removed comes back with its history, its security
        profile and its passwords; it cannot come back with a lower profile."""
        return show_station(await workspace.write(lambda services: services.provisioning.add(data.draft(), asked_by)))

    @post(
        "/batch",
        status_code=200,
        summary="Register many stations",
        operation_id="addStations",
        request_max_body_size=MAX_BATCH_BYTES,
    )
    async def add_batch(self, data: JSONBody[Batch], workspace: Works, asked_by: AskedBy) -> BatchAdded:
        """Up to 10,000 items in at most 4 MiB. Every item is taken or refused by itself."""
        created, refused = await do_all(
            workspace,
            data,
            kind=NewStation,
            prepare=NewStation.draft,
            do=lambda services, draft: services.provisioning.add(draft, asked_by).station.identity,
            id_field="id",
        )
        return BatchAdded(created, refused)

    @patch(summary="Change many stations", operation_id="changeStations", request_max_body_size=MAX_BATCH_BYTES)
    async def change_batch(self, data: JSONBody[Batch], workspace: Works) -> BatchChanged:
        """Items hold the `id` and what to change. Up to 10,000, each taken or refused by itself."""
        changed, refused = await do_all(
            workspace,
            data,
            kind=NamedStationChange,
            prepare=lambda item: item,
            do=lambda services, item: item.apply(services, item.id).station.identity,
            id_field="id",
        )
        return BatchChanged(changed, refused)

    @post(
        "/removals",
        status_code=200,
        summary="Remove many stations",
        operation_id="removeStations",
        request_max_body_size=MAX_BATCH_BYTES,
    )
    async def remove_batch(self, data: JSONBody[Batch], workspace: Works) -> BatchRemoved:
        """Items hold the `id`. Up to 10,000, each taken or refused by itself."""

        def remove(services: Services, name: StationName) -> str:
            services.provisioning.remove(name.id)
            return name.id

        removed, refused = await do_all(
            workspace, data, kind=StationName, prepare=lambda name: name, do=remove, id_field="id"
        )
        return BatchRemoved(removed, refused)

    @get(summary="List stations", operation_id="listStations")
    async def list_all(
        self,
        *,
        workspace: Works,
        page: Paging,
        search: Search = None,
        registration: Annotated[Registration | None, QueryParameter(description="Only those so decided.")] = None,
        online: Annotated[bool | None, QueryParameter(description="Only those that are connected, or are not.")] = None,
        security_profile: Annotated[
            SecurityProfile | None, QueryParameter(name="securityProfile", description="Only those with this profile.")
        ] = None,
        group: Annotated[
            str | None,
            QueryParameter(max_length=255, pattern="^[^\\x00]*$", description="Only this group; empty for none."),
        ] = None,
        label: Annotated[
            str | None, QueryParameter(max_length=255, pattern="^[^\\x00]*$", description="Only those that have it.")
        ] = None,
        faulted: Annotated[
            bool | None, QueryParameter(description="Only those that report a fault of a connector, or that do not.")
        ] = None,
    ) -> Listing[StationView]:
        """Ordered by id. The search looks at ids, descriptions, vendors, models and serial numbers."""
        wanted = StationFilter(
            search=search or None,
            registration=registration,
            is_online=online,
            security_profile=security_profile,
            group=group,
            label=label,
            is_faulted=faulted,
        )
        found = await workspace.read(lambda services: services.provisioning.list(wanted, page))
        return listing(found, show_station)

    @get("/{station_id:str}", summary="Show a station", operation_id="getStation")
    async def show(self, station_id: StationId, workspace: Works) -> StationView:
        identity = from_path(station_id)
        return show_station(await workspace.read(lambda services: services.provisioning.get(identity)))

    @patch("/{station_id:str}", summary="Change a station", operation_id="changeStation")
    async def change(self, station_id: StationId, data: JSONBody[StationChange], workspace: Works) -> StationView:
        """Takes effect at once, also for a station that is connected."""
        identity = from_path(station_id)
        return show_station(await workspace.write(lambda services: data.apply(services, identity)))

    @delete("/{station_id:str}", summary="Remove a station", operation_id="removeStation")
    async def remove(self, station_id: StationId, workspace: Works) -> None:
        """Its connection is closed and it may not connect again. Its transactions stay."""
        identity = from_path(station_id)
        await workspace.write(lambda services: services.provisioning.remove(identity))

    @get(
        "/{station_id:str}/connectors",
        summary="Show the present state of all connectors",
        operation_id="listConnectors",
    )
    async def connectors(self, station_id: StationId, workspace: Works) -> Listing[ConnectorView]:
        """All in one page; connector 0 is the station as a whole."""
        identity = from_path(station_id)

        def work(services: Services) -> Page[EvseStatus]:
            return Page(services.availability.present(services.provisioning.get_station(identity)), None)

        return listing(await workspace.read(work), show_connector)

    @get("/{station_id:str}/status-history", summary="List status reports", operation_id="listStatusHistory")
    async def status_history(
        self,
        station_id: StationId,
        workspace: Works,
        page: Paging,
        connector_id: Annotated[
            int | None,
            QueryParameter(
                name="connectorId", ge=0, le=MAX_NUMBER, description="Only this one; 0 is the station itself."
            ),
        ] = None,
    ) -> Listing[ConnectorView]:
        """Newest first."""
        identity = from_path(station_id)
        place = None if connector_id is None else place_of(connector_id)

        def work(services: Services) -> Page[EvseStatus]:
            station = services.provisioning.get_station(identity)
            return services.availability.history(station, place, page)

        return listing(await workspace.read(work), show_connector)
