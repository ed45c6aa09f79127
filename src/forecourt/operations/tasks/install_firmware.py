"""InstallFirmware: have a station install firmware, signed or unsigned, in the way that it can."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.firmware.service import INSTALL_FIRMWARE, WantedFirmware
from forecourt.domain.jobs.locations import MAX_LOCATION_CHARACTERS
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.ocpp.redaction import URL
from forecourt.operations.operation import Operation, Parameters

Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Moment = Annotated[datetime, Meta(tz=True)]
Pem = Annotated[str, Meta(max_length=5500)]
Signature = Annotated[str, Meta(max_length=800)]


class InstallFirmwareParameters(Parameters, frozen=True, kw_only=True):
    location: Annotated[
        str,
        Meta(
            extra=URL,
            min_length=1,
            max_length=MAX_LOCATION_CHARACTERS,
            description="URI of the firmware file. A password in it is forgotten once it was sent.",
        ),
    ]
    retrieve_at: Annotated[
        Moment | UnsetType, Meta(description="The earliest time to download; absent for at once.")
    ] = UNSET
    install_at: Annotated[
        Moment | UnsetType,
        Meta(description="The earliest time to install, with a signature only; absent for at once."),
    ] = UNSET
    signing_certificate: Annotated[
        Pem | UnsetType,
        Meta(description="The certificate that the firmware was signed with, as PEM."),
    ] = UNSET
    signature: Annotated[
        Signature | UnsetType, Meta(description="Signature over the file, in base64; absent for none.")
    ] = UNSET
    allow_unsigned: Annotated[
        bool, Meta(description="Whether a station that cannot check a signature may install the firmware without.")
    ] = False
    retries: Annotated[
        Count | UnsetType, Meta(description="How often to try again; absent to let the station decide.")
    ] = UNSET
    retry_interval: Annotated[
        Count | UnsetType, Meta(description="Seconds between tries; absent to let the station decide.")
    ] = UNSET

    def __post_init__(self) -> None:
        try:
            _in_utc(self.retrieve_at), _in_utc(self.install_at)
        except OverflowError:
            raise ValueError("A time lies outside the years 1 to 9999 in UTC.") from None


def install_firmware(services: Services, station: Station, params: InstallFirmwareParameters, order: Order) -> Errand:
    wanted = WantedFirmware(
        location=params.location,
        retrieve_at=_in_utc(params.retrieve_at),
        install_at=_in_utc(params.install_at),
        signing_certificate=None if params.signing_certificate is UNSET else params.signing_certificate,
        signature=None if params.signature is UNSET else params.signature,
        may_be_unsigned=params.allow_unsigned,
        retries=None if params.retries is UNSET else params.retries,
        retry_seconds=None if params.retry_interval is UNSET else params.retry_interval,
    )
    return services.firmware.install(station, wanted, order)


def _in_utc(moment: datetime | UnsetType) -> datetime | None:
    return None if moment is UNSET else moment.astimezone(UTC)


INSTALL: Final = Operation(
    name=INSTALL_FIRMWARE,
    summary="Has a station install firmware, and follows the installation.",
    group="FirmwareManagement",
    params=InstallFirmwareParameters,
    run=install_firmware,
    is_dangerous=True,
)
