"""InstallFirmware: have a station install firmware, signed or unsigned, in the way that it can."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.firmware.service import INSTALL_FIRMWARE, WantedFirmware
from forecourt.domain.jobs.locations import MAX_LOCATION_CHARACTERS
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.ocpp.redaction import URL
from forecourt.operations.operation import Operation, Parameters
from forecourt.operations.values import Count, Moment, check_moments, in_utc, or_none

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
        check_moments(self.retrieve_at, self.install_at)


def install_firmware(services: Services, station: Station, params: InstallFirmwareParameters, order: Order) -> Errand:
    wanted = WantedFirmware(
        location=params.location,
        retrieve_at=in_utc(params.retrieve_at),
        install_at=in_utc(params.install_at),
        signing_certificate=or_none(params.signing_certificate),
        signature=or_none(params.signature),
        may_be_unsigned=params.allow_unsigned,
        retries=or_none(params.retries),
        retry_seconds=or_none(params.retry_interval),
    )
    return services.firmware.install(station, wanted, order)


INSTALL: Final = Operation(
    name=INSTALL_FIRMWARE,
    summary="Has a station install firmware, and follows the installation.",
    group="FirmwareManagement",
    params=InstallFirmwareParameters,
    run=install_firmware,
    is_dangerous=True,
)
