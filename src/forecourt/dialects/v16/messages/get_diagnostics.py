"""GetDiagnostics (OCPP 1.6 §5.9): ask for a file of diagnostics."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import CiString255, Integer
from forecourt.dialects.v16.messages.locations import check_location
from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Action, Message, Sender
from forecourt.ocpp.redaction import URL


class GetDiagnosticsRequest(Message, frozen=True, kw_only=True):
    location: Annotated[
        str, Meta(extra_json_schema={"format": "uri"}, description="URI of the folder to upload to.", extra=URL)
    ]
    retries: Annotated[
        Integer | UnsetType,
        Meta(description="How often to try again when the upload fails; absent to let the station decide."),
    ] = UNSET
    retry_interval: Annotated[
        Integer | UnsetType, Meta(description="Seconds between tries; absent to let the station decide.")
    ] = UNSET
    start_time: Annotated[datetime | UnsetType, Meta(description="Leave out what is older than this.")] = UNSET
    stop_time: Annotated[datetime | UnsetType, Meta(description="Leave out what is newer than this.")] = UNSET

    def __post_init__(self) -> None:
        read_in_utc(self, "start_time", "stop_time")
        check_location(self.location)


class GetDiagnosticsResponse(Message, frozen=True, kw_only=True):
    file_name: Annotated[
        CiString255 | UnsetType,
        Meta(description="Name of the file that will be uploaded; absent when there is nothing."),
    ] = UNSET


GET_DIAGNOSTICS = Action(
    name="GetDiagnostics",
    sender=Sender.CSMS,
    profile="FirmwareManagement",
    request=GetDiagnosticsRequest,
    response=GetDiagnosticsResponse,
    summary="Asks a station to upload a file with diagnostics.",
)
