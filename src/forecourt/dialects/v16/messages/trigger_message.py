"""TriggerMessage (OCPP 1.6 §5.17): have a station say something now."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import Integer, TriggerMessageStatus
from forecourt.ocpp.action import Action, Message, Sender

MessageTrigger = Literal[
    "BootNotification",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "StatusNotification",
]


class TriggerMessageRequest(Message, frozen=True, kw_only=True):
    requested_message: Annotated[MessageTrigger, Meta(description="The message to send.")]
    connector_id: Annotated[
        Integer | UnsetType, Meta(description="The connector it shall be about, from 1; absent for all.")
    ] = UNSET


class TriggerMessageResponse(Message, frozen=True, kw_only=True):
    status: Annotated[TriggerMessageStatus, Meta(description="Whether the message will be sent.")]


TRIGGER_MESSAGE = Action(
    name="TriggerMessage",
    sender=Sender.CSMS,
    profile="RemoteTrigger",
    request=TriggerMessageRequest,
    response=TriggerMessageResponse,
    summary="Asks a station to send one of its messages now.",
)
