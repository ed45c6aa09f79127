"""ReleaseReservation: have a station give a reservation up."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.operations.operation import Operation, Parameters


class ReleaseReservationParameters(Parameters, frozen=True, kw_only=True):
    reservation_id: Annotated[
        int, Meta(ge=-(2**31), le=2**31 - 1, description="The reservation to give up; it must be open.")
    ]


def release_reservation(
    services: Services, station: Station, params: ReleaseReservationParameters, order: Order
) -> Errand:
    return services.reservations.release(station, params.reservation_id, order)


RELEASE_RESERVATION: Final = Operation(
    name="ReleaseReservation",
    summary="Gives up a reservation before its time.",
    group="Reservation",
    params=ReleaseReservationParameters,
    run=release_reservation,
)
