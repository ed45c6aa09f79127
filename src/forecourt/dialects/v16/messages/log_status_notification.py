"""LogStatusNotification (security whitepaper N01): how an upload of a log goes."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import Integer
from forecourt.ocpp.action import Action, Message, Sender

UploadLogStatus = Literal[
    "BadMessage", "Idle", "NotSupportedOperation", "PermissionDenied", "Uploaded", "UploadFailure", "Uploading"
]


class LogStatusNotificationRequest(Message, frozen=True, kw_only=True):
    status: Annotated[
        UploadLogStatus, Meta(description="State of the upload; Idle only when asked while nothing runs.")
    ]
    request_id: Annotated[
        Integer | UnsetType, Meta(description="Number of the upload, from GetLog; absent when Idle.")
    ] = UNSET


class LogStatusNotificationResponse(Message, frozen=True):
    pass


LOG_STATUS_NOTIFICATION = Action(
    name="LogStatusNotification",
    sender=Sender.STATION,
    profile="Security",
    request=LogStatusNotificationRequest,
    response=LogStatusNotificationResponse,
    summary="Reports how an upload of a log goes.",
)
