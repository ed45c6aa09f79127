"""StopTransaction (OCPP 1.6 §4.10): charging has ended."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import IdTagInfo, IdToken, Integer
from forecourt.dialects.v16.messages.metering import MeterValue
from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Action, Message, Sender

Reason = Literal[
    "EmergencyStop",
    "EVDisconnected",
    "HardReset",
    "Local",
    "Other",
    "PowerLoss",
    "Reboot",
    "Remote",
    "SoftReset",
    "UnlockCommand",
    "DeAuthorized",
]


class StopTransactionRequest(Message, frozen=True, kw_only=True):
    id_tag: Annotated[
        IdToken | UnsetType, Meta(description="The tag that stopped the transaction; absent when no tag was shown.")
    ] = UNSET
    meter_stop: Annotated[Integer, Meta(description="Energy register at the end, in Wh.")]
    timestamp: Annotated[datetime, Meta(description="When the transaction ended.")]
    transaction_id: Annotated[Integer, Meta(description="The number that the answer to StartTransaction gave.")]
    reason: Annotated[Reason | UnsetType, Meta(description="Why it ended; absent for Local.")] = UNSET
    transaction_data: Annotated[
        list[MeterValue] | UnsetType, Meta(description="Readings for billing, one entry for each moment.")
    ] = UNSET

    def __post_init__(self) -> None:
        read_in_utc(self, "timestamp")


class StopTransactionResponse(Message, frozen=True, kw_only=True):
    id_tag_info: Annotated[
        IdTagInfo | UnsetType, Meta(description="What is known of the tag that stopped the transaction.")
    ] = UNSET


STOP_TRANSACTION = Action(
    name="StopTransaction",
    sender=Sender.STATION,
    profile="Core",
    request=StopTransactionRequest,
    response=StopTransactionResponse,
    summary="Reports that a transaction has ended, maybe long ago.",
)
