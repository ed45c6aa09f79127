"""Which root certificates are at which stations."""

from __future__ import annotations

from litestar import Controller, get
from litestar.response import Stream

from forecourt.api.access import access
from forecourt.api.certificate_words import Fingerprint
from forecourt.api.paging import Listing, Paging, listing, part_of
from forecourt.api.root_views import (
    COUNT_COLUMNS,
    ROOT_COLUMNS,
    RootCountView,
    StationRootsView,
    StationRootView,
    count_rows,
    root_rows,
    show_count,
    show_root,
    show_roots,
)
from forecourt.api.stations import StationId
from forecourt.api.words import Works
from forecourt.asgi.csv import csv_download
from forecourt.asgi.paths import from_path
from forecourt.domain.access.permissions import Permission
from forecourt.domain.paging import Page


class Roots(Controller):
    tags = ("Roots",)
    opt = access(view=Permission.VIEW)

    @get("/stations/{station_id:str}/roots", summary="Show the roots of a station", operation_id="getStationRoots")
    async def of_station(self, station_id: StationId, workspace: Works) -> StationRootsView:
        """As the station reported them when it was last asked with ReadRootCertificates, with what it took and lost
        since. Those that are known here are shown by name."""
        identity = from_path(station_id)
        return show_roots(
            await workspace.read(
                lambda services: services.roots.of_station(services.provisioning.get_station(identity))
            )
        )

    @get("/roots", summary="List roots at stations", operation_id="listRoots")
    async def list_all(self, workspace: Works, page: Paging) -> Listing[RootCountView]:
        """What most stations have first; those that are not known here last."""
        return listing(part_of(await workspace.read(lambda services: services.roots.counts()), page), show_count)

    @get("/roots.csv", summary="Download roots at stations as CSV", operation_id="downloadRoots")
    async def download(self, workspace: Works) -> Stream:
        return await csv_download(
            workspace,
            lambda services, _page: Page(services.roots.counts(), None),
            columns=COUNT_COLUMNS,
            rows=count_rows,
            filename="roots.csv",
        )

    @get("/roots/{fingerprint:str}/stations", summary="List stations with a root", operation_id="listStationsWithRoot")
    async def stations(self, fingerprint: Fingerprint, workspace: Works, page: Paging) -> Listing[StationRootView]:
        """What was learned last comes first."""
        wanted = from_path(fingerprint)
        found = await workspace.read(lambda services: services.roots.stations_with(wanted, page))
        return listing(found, show_root)

    @get(
        "/roots/{fingerprint:str}/stations.csv",
        summary="Download stations with a root as CSV",
        operation_id="downloadStationsWithRoot",
    )
    async def download_stations(self, fingerprint: Fingerprint, workspace: Works) -> Stream:
        wanted = from_path(fingerprint)
        return await csv_download(
            workspace,
            lambda services, page: services.roots.stations_with(wanted, page),
            columns=ROOT_COLUMNS,
            rows=root_rows,
            filename="stations-with-root.csv",
        )
