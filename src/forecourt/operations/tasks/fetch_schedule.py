"""FetchSchedule: ask a station which limits result from its charging profiles, and keep the answer (OCPP 1.6 §5.7)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.domain.smart_charging.model import RateUnit
from forecourt.operations.operation import Operation, Parameters


class FetchScheduleParameters(Parameters, frozen=True, kw_only=True):
    """Of what, and how far ahead."""

    connector_id: Annotated[
        int, Meta(ge=0, le=2**31 - 1, description="The connector; 0 for what the station may take from the grid.")
    ]
    duration: Annotated[int, Meta(ge=1, le=2**31 - 1, description="How far ahead, in seconds; a day has 86400.")]
    charging_rate_unit: Annotated[
        Literal["A", "W"] | UnsetType, Meta(description="Unit to answer in; absent to let the station choose.")
    ] = UNSET


def _fetch(services: Services, station: Station, parameters: FetchScheduleParameters, order: Order) -> Errand:
    unit = parameters.charging_rate_unit
    return services.smart_charging.ask_schedule(
        station,
        place=EvseId(parameters.connector_id) if parameters.connector_id else WHOLE_STATION,
        seconds=parameters.duration,
        unit=None if unit is UNSET else RateUnit(unit),
        order=order,
    )


FETCH_SCHEDULE = Operation(
    name="FetchSchedule",
    summary="Asks a station for the limits that result from all its charging profiles, and keeps the answer.",
    group="SmartCharging",
    params=FetchScheduleParameters,
    run=_fetch,
)
