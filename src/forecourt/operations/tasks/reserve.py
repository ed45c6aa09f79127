"""Reserve: keep a connector, or any of a station, for a tag."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.provisioning.model import Station
from forecourt.domain.reservation.warnings import WHOLE_STATION_SETTING, warnings_about_whole_station
from forecourt.domain.services import Services
from forecourt.operations.operation import Operation, Parameters
from forecourt.operations.values import or_none

_IdTag = Annotated[str, Meta(min_length=1, max_length=20)]


class ReserveParameters(Parameters, frozen=True, kw_only=True):
    connector_id: Annotated[
        int, Meta(ge=0, le=2**31 - 1, description="The connector; 0 for any connector of the station.")
    ]
    id_tag: Annotated[_IdTag, Meta(description="The tag to keep it for.")]
    parent_id_tag: Annotated[
        _IdTag | UnsetType, Meta(description="The group to keep it for; absent for that of the tag.")
    ] = UNSET
    expiry_date: Annotated[
        datetime, Meta(tz=True, description="When the reservation ends by itself, with the offset from UTC.")
    ]

    def __post_init__(self) -> None:
        try:
            self.expiry_date.astimezone(UTC)
        except OverflowError:
            raise ValueError("The expiryDate lies outside the years 1 to 9999 in UTC.") from None


def reserve(services: Services, station: Station, params: ReserveParameters, order: Order) -> Errand:
    place = EvseId(params.connector_id) if params.connector_id else WHOLE_STATION
    warnings: tuple[str, ...] = ()
    if place is WHOLE_STATION:
        warnings = warnings_about_whole_station(services.configuration.value(station, WHOLE_STATION_SETTING))
    return services.reservations.reserve(
        station,
        place=place,
        id_token=params.id_tag,
        parent=or_none(params.parent_id_tag),
        expires_at=params.expiry_date.astimezone(UTC),
        order=order,
        warnings=warnings,
    )


RESERVE: Final = Operation(
    name="Reserve",
    summary="Reserves a connector for a tag, under a number that the system gives.",
    group="Reservation",
    params=ReserveParameters,
    run=reserve,
)
