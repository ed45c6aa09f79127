"""SecurityEventNotification (security whitepaper A04): something that matters for security."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import CiString50, CiString255
from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Action, Message, Sender


class SecurityEventNotificationRequest(Message, frozen=True, kw_only=True):
    type: Annotated[
        CiString50, Meta(description="Name of the event; the whitepaper's list may be extended by vendors.")
    ]
    timestamp: Annotated[datetime, Meta(description="When it happened.")]
    tech_info: Annotated[CiString255 | UnsetType, Meta(description="More about the event, as text.")] = UNSET

    def __post_init__(self) -> None:
        read_in_utc(self, "timestamp")


class SecurityEventNotificationResponse(Message, frozen=True):
    pass


SECURITY_EVENT_NOTIFICATION = Action(
    name="SecurityEventNotification",
    sender=Sender.STATION,
    profile="Security",
    request=SecurityEventNotificationRequest,
    response=SecurityEventNotificationResponse,
    summary="Reports an event that matters for security.",
)
