"""StatusNotification (OCPP 1.6 §4.9): the state of a connector or of the station."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import CiString50, CiString255, Integer
from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Action, Message, Sender

ChargePointErrorCode = Literal[
    "ConnectorLockFailure",
    "EVCommunicationError",
    "GroundFailure",
    "HighTemperature",
    "InternalError",
    "LocalListConflict",
    "NoError",
    "OtherError",
    "OverCurrentFailure",
    "PowerMeterFailure",
    "PowerSwitchFailure",
    "ReaderFailure",
    "ResetFailure",
    "UnderVoltage",
    "OverVoltage",
    "WeakSignal",
]

ChargePointStatus = Literal[
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEVSE",
    "SuspendedEV",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
]


class StatusNotificationRequest(Message, frozen=True, kw_only=True):
    connector_id: Annotated[Integer, Meta(description="The connector; 0 for the station itself.")]
    error_code: Annotated[ChargePointErrorCode, Meta(description="The error, or NoError.")]
    info: Annotated[CiString50 | UnsetType, Meta(description="More about the error, as text.")] = UNSET
    status: Annotated[ChargePointStatus, Meta(description="The status now.")]
    timestamp: Annotated[
        datetime | UnsetType, Meta(description="When the status changed; absent for the moment of receipt.")
    ] = UNSET
    vendor_id: Annotated[CiString255 | UnsetType, Meta(description="The vendor whose error codes are used.")] = UNSET
    vendor_error_code: Annotated[CiString50 | UnsetType, Meta(description="The vendor's own error code.")] = UNSET

    def __post_init__(self) -> None:
        read_in_utc(self, "timestamp")


class StatusNotificationResponse(Message, frozen=True):
    pass


STATUS_NOTIFICATION = Action(
    name="StatusNotification",
    sender=Sender.STATION,
    profile="Core",
    request=StatusNotificationRequest,
    response=StatusNotificationResponse,
    summary="Reports the status or an error of a connector or of the station.",
)
