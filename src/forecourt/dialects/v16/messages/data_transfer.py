"""DataTransfer (OCPP 1.6 §4.3, §5.6): what the standard has no words for."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import CiString50, CiString255
from forecourt.ocpp.action import Action, Message, Sender

DataTransferStatus = Literal["Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"]


class DataTransferRequest(Message, frozen=True, kw_only=True):
    vendor_id: Annotated[CiString255, Meta(description="The vendor whose meaning applies, as a reversed domain name.")]
    message_id: Annotated[CiString50 | UnsetType, Meta(description="The vendor's name of the message.")] = UNSET
    data: Annotated[
        str | UnsetType,
        Meta(description="The content; always text, so JSON has to be written inside a string. Any length."),
    ] = UNSET


class DataTransferResponse(Message, frozen=True, kw_only=True):
    status: Annotated[DataTransferStatus, Meta(description="Whether the content was understood and taken.")]
    data: Annotated[str | UnsetType, Meta(description="The answer as text. Any length.")] = UNSET


DATA_TRANSFER = Action(
    name="DataTransfer",
    sender=Sender.EITHER,
    profile="Core",
    request=DataTransferRequest,
    response=DataTransferResponse,
    summary="Carries text whose meaning a vendor defines.",
)
