"""UpdateFirmware (OCPP 1.6 §5.19): have firmware installed."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import Integer
from forecourt.dialects.v16.messages.locations import check_location
from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Action, Message, Sender
from forecourt.ocpp.redaction import URL


class UpdateFirmwareRequest(Message, frozen=True, kw_only=True):
    location: Annotated[
        str, Meta(extra_json_schema={"format": "uri"}, description="URI of the firmware file.", extra=URL)
    ]
    retries: Annotated[
        Integer | UnsetType,
        Meta(description="How often to try again when the download fails; absent to let the station decide."),
    ] = UNSET
    retrieve_date: Annotated[datetime, Meta(description="The earliest time to download.")]
    retry_interval: Annotated[
        Integer | UnsetType, Meta(description="Seconds between tries; absent to let the station decide.")
    ] = UNSET

    def __post_init__(self) -> None:
        read_in_utc(self, "retrieve_date")
        check_location(self.location)


class UpdateFirmwareResponse(Message, frozen=True):
    pass


UPDATE_FIRMWARE = Action(
    name="UpdateFirmware",
    sender=Sender.CSMS,
    profile="FirmwareManagement",
    request=UpdateFirmwareRequest,
    response=UpdateFirmwareResponse,
    summary="Asks a station to download and install firmware.",
    is_dangerous=True,
)
