"""CancelReservation: give a reservation up (OCPP 1.6 §5.1)."""

from __future__ import annotations

from collections.abc import Sequence

from forecourt.dialect import Command, carries, hears, warns
from forecourt.dialects.v16.messages.cancel_reservation import (
    CANCEL_RESERVATION,
    CancelReservationRequest,
    CancelReservationResponse,
)
from forecourt.domain.errands.intents import CancelReservation
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services


@carries(CancelReservation)
def cancel_reservation(intent: CancelReservation, _station: Station) -> Command:
    return Command(CANCEL_RESERVATION, CancelReservationRequest(reservation_id=intent.reservation_id))


@hears(CANCEL_RESERVATION)
def cancel_answered(
    request: CancelReservationRequest,
    response: CancelReservationResponse,
    station: Station,
    services: Services,
    _errand: ErrandNumber,
) -> None:
    is_accepted = response.status == "Accepted"
    services.reservations.release_answered(
        station, request.reservation_id, status=response.status, is_accepted=is_accepted
    )


@warns(CANCEL_RESERVATION)
def doubts_of_cancelling(request: CancelReservationRequest, station: Station, services: Services) -> Sequence[str]:
    if services.reservations.find_open(station, request.reservation_id) is None:
        return (f"The station has no open reservation {request.reservation_id} that is known here.",)
    return ()
