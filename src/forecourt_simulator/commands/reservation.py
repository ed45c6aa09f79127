"""Answers about reservations: ReserveNow, CancelReservation (OCPP 1.6 §5.13, §5.1).

A reservation of any connector keeps none of them in particular: it only needs one to be free when it is made.
"""

from __future__ import annotations

from msgspec import UNSET

from forecourt.dialects.v16.messages.cancel_reservation import CancelReservationRequest, CancelReservationResponse
from forecourt.dialects.v16.messages.reserve_now import ReservationStatus, ReserveNowRequest, ReserveNowResponse
from forecourt_simulator.commands.dispatch import answer
from forecourt_simulator.connector import Occurrence
from forecourt_simulator.moment import Moment
from forecourt_simulator.reservations import ANY_CONNECTOR, Reservation
from forecourt_simulator.station import Station


@answer.register
def _reserve(request: ReserveNowRequest, station: Station, now: Moment) -> ReserveNowResponse:
    if request.expiry_date <= now.wall:
        return ReserveNowResponse(status="Rejected")
    status = _status(request, station)
    if status == "Accepted":
        _keep(request, station, now)
    return ReserveNowResponse(status=status)


@answer.register
def _cancel(request: CancelReservationRequest, station: Station, now: Moment) -> CancelReservationResponse:
    reservation = station.reservations.drop(request.reservation_id)
    if reservation is None:
        return CancelReservationResponse(status="Rejected")
    station.free(reservation, now)
    return CancelReservationResponse(status="Accepted")


def _status(request: ReserveNowRequest, station: Station) -> ReservationStatus:
    own = station.reservations.find(request.reservation_id)
    if request.connector_id == ANY_CONNECTOR:
        if not station.configuration.flag("ReserveConnectorZeroSupported"):
            return "Rejected"
        others = sum(1 for one in station.reservations if one.connector_id == ANY_CONNECTOR and one is not own)
        free = sum(1 for one in station.connectors.values() if one.status == "Available" or _holds(own, one.id))
        return "Accepted" if free > others else "Occupied"
    connector = station.connectors.get(request.connector_id)
    if connector is None:
        return "Rejected"
    if connector.status == "Available" or (connector.status == "Reserved" and _holds(own, connector.id)):
        return "Accepted"
    return connector.status if connector.status in ("Faulted", "Unavailable") else "Occupied"


def _holds(reservation: Reservation | None, connector_id: int) -> bool:
    return reservation is not None and reservation.connector_id == connector_id


def _keep(request: ReserveNowRequest, station: Station, now: Moment) -> None:
    old = station.reservations.drop(request.reservation_id)
    if old is not None and old.connector_id != request.connector_id:
        station.free(old, now)
    station.reservations.put(
        Reservation(
            request.reservation_id,
            request.connector_id,
            request.id_tag,
            None if request.parent_id_tag is UNSET else request.parent_id_tag,
            request.expiry_date,
        )
    )
    connector = station.connectors.get(request.connector_id)
    if connector is not None and connector.may(Occurrence.RESERVED):
        station.pass_on(connector, Occurrence.RESERVED, now)
