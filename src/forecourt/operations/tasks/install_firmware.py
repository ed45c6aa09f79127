"""InstallFirmware: have a station install firmware, signed or unsigned, in the way that it can."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from forecourt.domain.errands.model import Errand, Order
from forecourt.domain.firmware.model import MAX_SIGNATURE, MAX_SIGNING_CERTIFICATE, ImageNumber
from forecourt.domain.firmware.service import INSTALL_FIRMWARE, WantedFirmware
from forecourt.domain.jobs.locations import MAX_LOCATION_CHARACTERS
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.ocpp.redaction import URL
from forecourt.operations.operation import Operation, Parameters
from forecourt.operations.values import Count, Moment, check_moments, in_utc, or_none

Url = Annotated[str, Meta(min_length=1, max_length=MAX_LOCATION_CHARACTERS)]
Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Pem = Annotated[str, Meta(max_length=MAX_SIGNING_CERTIFICATE)]
Signature = Annotated[str, Meta(max_length=MAX_SIGNATURE)]


class InstallFirmwareParameters(Parameters, frozen=True, kw_only=True):
    location: Annotated[
        Url | UnsetType,
        Meta(
            extra=URL,
            description="URI of the firmware file, where it is not an image that is kept here. A password in it is"
            " forgotten once it was sent.",
        ),
    ] = UNSET
    image: Annotated[
        Number | UnsetType,
        Meta(
            description="The number of a firmware image that is kept here. The station gets an address of its own to"
            " fetch it from, and the image's signature unless another one is given."
        ),
    ] = UNSET
    despite_failed_check: Annotated[
        bool,
        Meta(description="Whether to send an image whose signature or signing certificate was found wrong."),
    ] = False
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
        location=or_none(params.location),
        image=None if params.image is UNSET else ImageNumber(params.image),
        despite_failed_check=params.despite_failed_check,
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
