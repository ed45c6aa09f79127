"""What stations are set to, what they should be set to, and which keys there are."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, put
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.response import Stream

from forecourt.api.access import BY_OPERATION, Asking, access
from forecourt.api.configuration_views import (
    SETTING_COLUMNS,
    ConfigurationKeyView,
    ConfigurationView,
    DriftView,
    SettingView,
    setting_rows,
    show_drift,
    show_key,
    show_setting,
)
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.stations import StationId
from forecourt.api.words import Works
from forecourt.asgi.csv import csv_download
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.configuration.catalogue import KEYS
from forecourt.domain.configuration.model import SettingSheet
from forecourt.domain.configuration.permission import needed_to_change
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.services import Services

KeyName = Annotated[str, PathParameter(description="The name of the key, in either case.")]


class DesiredValue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The value that a key should have, as text; at most 500 characters."""

    value: Annotated[str, msgspec.Meta(pattern="^[^\\x00]*$")]


class Configurations(Controller):
    tags = ("Configuration",)
    opt = access(view=Permission.VIEW, change=BY_OPERATION)

    @get(
        "/stations/{station_id:str}/configuration",
        summary="Show the configuration of a station",
        operation_id="getConfiguration",
    )
    async def show(
        self,
        station_id: StationId,
        workspace: Works,
        drift: Annotated[
            bool | None, QueryParameter(description="Only keys that have not their desired value, or that have.")
        ] = None,
    ) -> ConfigurationView:
        """Every key that the station told or that has a desired value, by name. Ask for RefreshConfiguration to read
        it anew, and for ApplyConfiguration to send what differs."""
        identity = from_path(station_id)

        def work(services: Services) -> ConfigurationView:
            station = services.provisioning.get_station(identity)
            sheets = services.configuration.sheets(station)
            return ConfigurationView(
                items=[show_setting(sheet) for sheet in sheets if drift is None or sheet.is_drifting is drift],
                next=None,
                read_at=services.configuration.snapshot(station).completed_at,
            )

        return await workspace.read(work)

    @get(
        "/stations/{station_id:str}/configuration.csv",
        summary="Download the configuration of a station as CSV",
        operation_id="downloadConfiguration",
    )
    async def download(self, station_id: StationId, workspace: Works) -> Stream:
        """By name. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
        identity = from_path(station_id)

        def get_page(services: Services, _page: PageRequest) -> Page[SettingSheet]:
            return Page(services.configuration.sheets(services.provisioning.get_station(identity)), None)

        return await csv_download(
            workspace,
            get_page,
            columns=SETTING_COLUMNS,
            rows=lambda sheet: setting_rows(identity, sheet),
            filename="configuration.csv",
        )

    @get(
        "/stations/{station_id:str}/configuration/{key:str}",
        summary="Show one key of a station",
        operation_id="getSetting",
    )
    async def show_one(self, station_id: StationId, key: KeyName, workspace: Works) -> SettingView:
        identity, name = from_path(station_id), from_path(key)

        def work(services: Services) -> SettingSheet:
            return services.configuration.get(services.provisioning.get_station(identity), name)

        return show_setting(await workspace.read(work))

    @put(
        "/stations/{station_id:str}/configuration/{key:str}",
        summary="Say which value a key should have",
        operation_id="putDesiredValue",
    )
    async def put(
        self, station_id: StationId, key: KeyName, data: JSONBody[DesiredValue], workspace: Works, caller: Asking
    ) -> SettingView:
        """Nothing is sent: ask for ApplyConfiguration. What looks wrong about the value is told in `warnings`, and it
        is kept all the same. Values of secret keys are refused, because they are kept nowhere."""
        identity, name = from_path(station_id), from_path(key)
        caller.check(needed_to_change(name))

        def work(services: Services) -> SettingSheet:
            station = services.provisioning.get_station(identity)
            return services.configuration.desire(station, name, data.value, caller.name)

        return show_setting(await workspace.write(work))

    @delete(
        "/stations/{station_id:str}/configuration/{key:str}",
        summary="Forget which value a key should have",
        operation_id="removeDesiredValue",
    )
    async def remove(self, station_id: StationId, key: KeyName, workspace: Works, caller: Asking) -> None:
        """The station keeps what it has."""
        identity, name = from_path(station_id), from_path(key)
        caller.check(needed_to_change(name))

        def work(services: Services) -> None:
            services.configuration.forget_desired(services.provisioning.get_station(identity), name)

        await workspace.write(work)

    @get("/configuration-keys", summary="List the configuration keys of OCPP", operation_id="listConfigurationKeys")
    async def keys(self) -> Listing[ConfigurationKeyView]:
        """All in one page: those of OCPP 1.6, of its security whitepaper, and of some notes to the standard."""
        return listing(Page(KEYS, None), show_key)

    @get("/configuration-drift", summary="List stations that differ from desired values", operation_id="listDrift")
    async def drifts(self, workspace: Works, page: Paging) -> Listing[DriftView]:
        """By identity."""
        return listing(await workspace.read(lambda services: services.configuration.drifts(page)), show_drift)
