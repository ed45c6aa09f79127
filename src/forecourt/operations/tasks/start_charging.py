"""StartCharging: have a station start a transaction, and learn which one it became."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.evse import EvseId
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.operations.operation import Operation, Parameters

_Number = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class StartChargingParameters(Parameters, frozen=True, kw_only=True):
    connector_id: Annotated[
        _Number | UnsetType, Meta(description="The connector to use, from 1; absent to let the station choose.")
    ] = UNSET
    id_tag: Annotated[str, Meta(min_length=1, max_length=20, description="The tag to charge for.")]
    charging_profile: Annotated[
        _Number | UnsetType, Meta(description="A TxProfile of the library, by its number, for the new transaction.")
    ] = UNSET


def start_charging(services: Services, station: Station, params: StartChargingParameters, order: Order) -> Errand:
    profile = None
    if params.charging_profile is not UNSET:
        profile = services.smart_charging.get_profile(params.charging_profile).profile
    return services.remote_control.start(
        station,
        evse=None if params.connector_id is UNSET else EvseId(params.connector_id),
        id_token=params.id_tag,
        profile=profile,
        order=order,
    )


START_CHARGING: Final = Operation(
    name="StartCharging",
    summary="Starts charging for a tag, and follows what comes of it.",
    group="Core",
    params=StartChargingParameters,
    run=start_charging,
)
