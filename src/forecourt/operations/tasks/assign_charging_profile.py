"""AssignChargingProfile: give a station a charging profile of the library (OCPP 1.6 §5.16)."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.operations.operation import Operation, Parameters
from forecourt.operations.values import or_none


class AssignChargingProfileParameters(Parameters, frozen=True, kw_only=True):
    """Which profile, and where."""

    charging_profile: Annotated[
        int, Meta(ge=1, le=2**31 - 1, description="Number of the profile in the library; also its number there.")
    ]
    connector_id: Annotated[
        int,
        Meta(
            ge=0,
            le=2**31 - 1,
            description="0 for a ChargePointMaxProfile, or for a TxDefaultProfile of all connectors; else a connector.",
        ),
    ]
    transaction_id: Annotated[
        Annotated[int, Meta(ge=1, le=2**63 - 1)] | UnsetType,
        Meta(description="The transaction that a TxProfile is for; absent for the one that runs on the connector."),
    ] = UNSET


def _assign(services: Services, station: Station, parameters: AssignChargingProfileParameters, order: Order) -> Errand:
    return services.smart_charging.assign(
        station,
        profile_number=parameters.charging_profile,
        place=EvseId(parameters.connector_id) if parameters.connector_id else WHOLE_STATION,
        transaction_id=or_none(parameters.transaction_id),
        order=order,
    )


ASSIGN_CHARGING_PROFILE = Operation(
    name="AssignChargingProfile",
    summary="Gives a station a charging profile of the library.",
    group="SmartCharging",
    params=AssignChargingProfileParameters,
    run=_assign,
)
