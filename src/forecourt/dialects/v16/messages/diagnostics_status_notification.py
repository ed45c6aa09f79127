"""DiagnosticsStatusNotification (OCPP 1.6 §4.4): how an upload of diagnostics goes."""

from typing import Annotated, Literal

from msgspec import Meta

from forecourt.ocpp.action import Action, Message, Sender

DiagnosticsStatus = Literal["Idle", "Uploaded", "UploadFailed", "Uploading"]


class DiagnosticsStatusNotificationRequest(Message, frozen=True, kw_only=True):
    status: Annotated[
        DiagnosticsStatus, Meta(description="State of the upload; Idle only when asked while nothing runs.")
    ]


class DiagnosticsStatusNotificationResponse(Message, frozen=True):
    pass


DIAGNOSTICS_STATUS_NOTIFICATION = Action(
    name="DiagnosticsStatusNotification",
    sender=Sender.STATION,
    profile="FirmwareManagement",
    request=DiagnosticsStatusNotificationRequest,
    response=DiagnosticsStatusNotificationResponse,
    summary="Reports how an upload of diagnostics goes.",
)
