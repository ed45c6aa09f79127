"""CollectLog: have a station upload its diagnostics or its security log, in the way that it can."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from forecourt.domain.diagnostics.service import COLLECT_LOG, LogType, WantedLog
from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.jobs.locations import MAX_LOCATION_CHARACTERS
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.ocpp.redaction import URL
from forecourt.operations.operation import Operation, Parameters
from forecourt.operations.values import Count, Moment, check_moments, in_utc, or_none


class CollectLogParameters(Parameters, frozen=True, kw_only=True):
    location: Annotated[
        Annotated[str, Meta(extra=URL, min_length=1, max_length=MAX_LOCATION_CHARACTERS)] | UnsetType,
        Meta(
            description=(
                "URI of the folder to upload to; absent to have the file received here. A password in it is forgotten"
                " once it was sent."
            ),
        ),
    ] = UNSET
    log: Annotated[LogType, Meta(description="Which log.")]
    retries: Annotated[
        Count | UnsetType, Meta(description="How often to try again; absent to let the station decide.")
    ] = UNSET
    retry_interval: Annotated[
        Count | UnsetType, Meta(description="Seconds between tries; absent to let the station decide.")
    ] = UNSET
    since: Annotated[Moment | UnsetType, Meta(description="Leave out what is older than this.")] = msgspec.field(
        default=UNSET, name="from"
    )
    until: Annotated[Moment | UnsetType, Meta(description="Leave out what is newer than this.")] = msgspec.field(
        default=UNSET, name="to"
    )

    def __post_init__(self) -> None:
        check_moments(self.since, self.until)


def collect_log(services: Services, station: Station, params: CollectLogParameters, order: Order) -> Errand:
    wanted = WantedLog(
        location=or_none(params.location),
        log=params.log,
        retries=or_none(params.retries),
        retry_seconds=or_none(params.retry_interval),
        since=in_utc(params.since),
        until=in_utc(params.until),
    )
    return services.diagnostics.collect(station, wanted, order)


COLLECT: Final = Operation(
    name=COLLECT_LOG,
    summary="Has a station upload its diagnostics or its security log, and follows the upload.",
    group="FirmwareManagement",
    params=CollectLogParameters,
    run=collect_log,
)
