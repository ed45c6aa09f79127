"""ApplyConfiguration: give a station the values that it should have."""

from __future__ import annotations

from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.operations.operation import Operation, Parameters


class ApplyConfigurationParameters(Parameters, frozen=True, kw_only=True):
    """There is nothing to choose."""


def _run(services: Services, station: Station, _params: ApplyConfigurationParameters, order: Order) -> Errand:
    return services.configuration.apply(station, order)


APPLY_CONFIGURATION = Operation(
    name="ApplyConfiguration",
    summary="Sends a station every desired value that it does not have; one errand for each key.",
    group="Core",
    params=ApplyConfigurationParameters,
    run=_run,
)
