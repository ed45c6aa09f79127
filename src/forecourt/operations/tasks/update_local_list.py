"""UpdateLocalList: bring a station's local authorization list to what it should hold."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.operations.operation import Operation, Parameters


class UpdateLocalListParameters(Parameters, frozen=True, kw_only=True):
    """How to send the list."""

    full: Annotated[bool, Meta(description="Send the whole list, also where sending what differs would do.")] = False


def _run(services: Services, station: Station, params: UpdateLocalListParameters, order: Order) -> Errand:
    return services.local_lists.update(station, order, in_full=params.full)


UPDATE_LOCAL_LIST = Operation(
    name="UpdateLocalList",
    summary="Sends a station what its local authorization list lacks, in as many messages as that takes.",
    group="LocalAuthListManagement",
    params=UpdateLocalListParameters,
    run=_run,
)
