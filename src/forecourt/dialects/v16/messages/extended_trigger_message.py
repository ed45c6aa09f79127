"""ExtendedTriggerMessage (security whitepaper A02, §5): have a station say something now."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import Integer, TriggerMessageStatus
from forecourt.ocpp.action import Action, Message, Sender

ExtendedMessageTrigger = Literal[
    "BootNotification",
    "LogStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "SignChargePointCertificate",
    "StatusNotification",
]


class ExtendedTriggerMessageRequest(Message, frozen=True, kw_only=True):
    requested_message: Annotated[
        ExtendedMessageTrigger,
        Meta(description="The message to send; for FirmwareStatusNotification the signed one is sent."),
    ]
    connector_id: Annotated[
        Integer | UnsetType, Meta(description="The connector it shall be about, from 1; absent for all.")
    ] = UNSET


class ExtendedTriggerMessageResponse(Message, frozen=True, kw_only=True):
    status: Annotated[TriggerMessageStatus, Meta(description="Whether the message will be sent.")]


EXTENDED_TRIGGER_MESSAGE = Action(
    name="ExtendedTriggerMessage",
    sender=Sender.CSMS,
    profile="Security",
    request=ExtendedTriggerMessageRequest,
    response=ExtendedTriggerMessageResponse,
    summary="Asks a station to send one of its messages now, with those of the security extension.",
)
