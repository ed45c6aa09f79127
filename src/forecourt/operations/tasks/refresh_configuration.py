"""RefreshConfiguration: read what a station is set to."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.operations.operation import Operation, Parameters


class RefreshConfigurationParameters(Parameters, frozen=True, kw_only=True):
    """Which keys to read."""

    keys: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=50)], ...],
        Meta(max_length=500, description="Names of the keys, in either case; none for all."),
    ] = ()


def _run(services: Services, station: Station, params: RefreshConfigurationParameters, order: Order) -> Errand:
    return services.configuration.refresh(station, params.keys, order)


REFRESH_CONFIGURATION = Operation(
    name="RefreshConfiguration",
    summary="Reads the configuration of a station, in as many messages as the station wants.",
    group="Core",
    params=RefreshConfigurationParameters,
    run=_run,
)
