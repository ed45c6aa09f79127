"""StopCharging: have a station end one of its transactions."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.operations.operation import Operation, Parameters


class StopChargingParameters(Parameters, frozen=True, kw_only=True):
    transaction_id: Annotated[
        int, Meta(ge=1, le=2**31 - 1, description="The transaction to stop; it must run at this station.")
    ]


def stop_charging(services: Services, station: Station, params: StopChargingParameters, order: Order) -> Errand:
    transaction = services.transactions.find(params.transaction_id)
    return services.remote_control.stop(station, transaction, order)


STOP_CHARGING: Final = Operation(
    name="StopCharging",
    summary="Stops a transaction that runs, and follows what comes of it.",
    group="Core",
    params=StopChargingParameters,
    run=stop_charging,
    is_dangerous=True,
)
