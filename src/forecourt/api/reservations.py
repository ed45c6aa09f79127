"""Reservations, those that were asked for raw included."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter, QueryParameter, SkipValidation
from litestar.response import Stream

from forecourt.api.access import access
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.words import MAX_LONG, MAX_NUMBER, StationQuery, Works, utc
from forecourt.asgi.csv import csv_download
from forecourt.asgi.paths import connector_id as number_of
from forecourt.asgi.paths import place_of
from forecourt.asgi.rows.reservations import RESERVATION_COLUMNS, reservation_rows
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import not_found
from forecourt.domain.reservation.model import Reservation, ReservationFilter, ReservationState

Chosen = NamedDependency[SkipValidation[ReservationFilter]]


class ReservationView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A reservation. Connector 0 is any connector of the station; ``status`` is what the station answered last;
    ``transactionId`` is the transaction that used it. One that was asked for with ReserveNow has no ``errand``."""

    reservation_id: int
    station_id: str
    connector_id: int
    id_tag: str
    parent_id_tag: str | None
    expiry_date: datetime
    state: ReservationState
    status: str | None
    reason: str | None
    transaction_id: int | None
    errand: int | None
    asked_by: str | None
    requested_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None


def show_reservation(reservation: Reservation) -> ReservationView:
    return ReservationView(
        reservation_id=reservation.reservation_id,
        station_id=reservation.station,
        connector_id=number_of(reservation.place),
        id_tag=reservation.id_token,
        parent_id_tag=reservation.parent,
        expiry_date=reservation.expires_at,
        state=reservation.state,
        status=reservation.status,
        reason=reservation.reason,
        transaction_id=reservation.transaction_id,
        errand=reservation.errand,
        asked_by=reservation.asked_by,
        requested_at=reservation.requested_at,
        answered_at=reservation.answered_at,
        ended_at=reservation.ended_at,
    )


async def chosen_reservations(
    *,
    station_id: StationQuery = None,
    connector_id: Annotated[
        int | None, QueryParameter(name="connectorId", ge=0, le=MAX_NUMBER, description="Only this connector.")
    ] = None,
    id_tag: Annotated[
        str | None, QueryParameter(name="idTag", max_length=255, pattern="^[^\\x00]*$", description="In either case.")
    ] = None,
    states: Annotated[
        list[ReservationState] | None,
        QueryParameter(name="state", description="Only those in this state; may be given repeatedly."),
    ] = None,
    active: Annotated[bool | None, QueryParameter(description="Only those that have not ended, or have.")] = None,
    since: Annotated[
        datetime | None, QueryParameter(name="from", description="Asked for at this time or later.")
    ] = None,
    until: Annotated[datetime | None, QueryParameter(name="to", description="Asked for before this time.")] = None,
) -> ReservationFilter:
    """Which reservations a request asks for."""
    return ReservationFilter(
        station=station_id,
        place=None if connector_id is None else place_of(connector_id),
        id_token=id_tag,
        states=frozenset(states) if states else None,
        is_open=active,
        since=utc(since, "from"),
        until=utc(until, "to"),
    )


class Reservations(Controller):
    tags = ("Reservations",)
    opt = access(view=Permission.VIEW)
    dependencies = {"chosen": Provide(chosen_reservations)}  # noqa: RUF012  # declared so by the framework

    @get("/reservations", summary="List reservations", operation_id="listReservations")
    async def list_all(self, workspace: Works, page: Paging, chosen: Chosen) -> Listing[ReservationView]:
        """Newest first."""
        found = await workspace.read(lambda services: services.reservations.list(chosen, page))
        return listing(found, show_reservation)

    @get("/reservations.csv", summary="Download reservations as CSV", operation_id="downloadReservations")
    async def download(self, workspace: Works, chosen: Chosen) -> Stream:
        """All that match, newest first. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
        return await csv_download(
            workspace,
            lambda services, page: services.reservations.list(chosen, page),
            columns=RESERVATION_COLUMNS,
            rows=reservation_rows,
            filename="reservations.csv",
        )

    @get("/reservations/{reservation_id:int}", summary="Show a reservation", operation_id="getReservation")
    async def show(
        self,
        reservation_id: Annotated[int, PathParameter(description="The number of the reservation on the station.")],
        workspace: Works,
        station_id: StationQuery = None,
    ) -> ReservationView:
        """The newest with this number. Numbers that the system gives are those of one reservation; whoever sends
        ReserveNow chooses freely, so that several stations may have the same: then `stationId` says which is meant."""
        if not -MAX_LONG <= reservation_id <= MAX_LONG:
            raise not_found(f"There is no reservation {reservation_id}.")
        found = await workspace.read(lambda services: services.reservations.get(reservation_id, station_id))
        return show_reservation(found)
