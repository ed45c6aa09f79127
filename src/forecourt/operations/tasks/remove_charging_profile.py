"""RemoveChargingProfile: take an assigned charging profile off a station (OCPP 1.6 §5.5)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.operations.operation import Operation, Parameters


class RemoveChargingProfileParameters(Parameters, frozen=True, kw_only=True):
    """Which of the profiles that the station has."""

    assignment: Annotated[
        int, Meta(ge=1, le=2**31 - 1, description="Number of the assignment, as the station's profiles list it.")
    ]


def _remove(services: Services, station: Station, parameters: RemoveChargingProfileParameters, order: Order) -> Errand:
    return services.smart_charging.remove(station, parameters.assignment, order)


REMOVE_CHARGING_PROFILE = Operation(
    name="RemoveChargingProfile",
    summary="Takes a charging profile off a station.",
    group="SmartCharging",
    params=RemoveChargingProfileParameters,
    run=_remove,
)
