"""GetLog (security whitepaper N01): ask for a log file."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import CiString255, Integer
from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Action, Message, Sender
from forecourt.ocpp.redaction import URL

LogType = Literal["DiagnosticsLog", "SecurityLog"]
LogStatus = Literal["Accepted", "Rejected", "AcceptedCanceled"]


class LogParameters(Message, frozen=True, kw_only=True):
    """Where a log goes and which time it covers."""

    remote_location: Annotated[str, Meta(max_length=512, description="URI of the folder to upload to.", extra=URL)]
    oldest_timestamp: Annotated[datetime | UnsetType, Meta(description="Leave out what is older than this.")] = UNSET
    latest_timestamp: Annotated[datetime | UnsetType, Meta(description="Leave out what is newer than this.")] = UNSET

    def __post_init__(self) -> None:
        read_in_utc(self, "oldest_timestamp", "latest_timestamp")


class GetLogRequest(Message, frozen=True, kw_only=True):
    log: Annotated[LogParameters, Meta(description="Where to upload to, and which time to cover.")]
    log_type: Annotated[LogType, Meta(description="Which log.")]
    request_id: Annotated[Integer, Meta(description="Number of this upload, repeated in its status notifications.")]
    retries: Annotated[
        Integer | UnsetType,
        Meta(description="How often to try again when the upload fails; absent to let the station decide."),
    ] = UNSET
    retry_interval: Annotated[
        Integer | UnsetType, Meta(description="Seconds between tries; absent to let the station decide.")
    ] = UNSET


class GetLogResponse(Message, frozen=True, kw_only=True):
    status: Annotated[
        LogStatus, Meta(description="Whether the upload will start; AcceptedCanceled when it replaces another.")
    ]
    filename: Annotated[
        CiString255 | UnsetType,
        Meta(description="Name of the file that will be uploaded; absent when there is nothing."),
    ] = UNSET


GET_LOG = Action(
    name="GetLog",
    sender=Sender.CSMS,
    profile="Security",
    request=GetLogRequest,
    response=GetLogResponse,
    summary="Asks a station to upload its security log or its diagnostics.",
    done=frozenset({"Accepted", "AcceptedCanceled"}),
)
