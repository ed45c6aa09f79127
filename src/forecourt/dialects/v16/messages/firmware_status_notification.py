"""FirmwareStatusNotification (OCPP 1.6 §4.5): how a firmware update goes."""

from typing import Annotated, Literal

from msgspec import Meta

from forecourt.ocpp.action import Action, Message, Sender

FirmwareStatus = Literal[
    "Downloaded", "DownloadFailed", "Downloading", "Idle", "InstallationFailed", "Installing", "Installed"
]


class FirmwareStatusNotificationRequest(Message, frozen=True, kw_only=True):
    status: Annotated[FirmwareStatus, Meta(description="State of the update; Idle only when asked while nothing runs.")]


class FirmwareStatusNotificationResponse(Message, frozen=True):
    pass


FIRMWARE_STATUS_NOTIFICATION = Action(
    name="FirmwareStatusNotification",
    sender=Sender.STATION,
    profile="FirmwareManagement",
    request=FirmwareStatusNotificationRequest,
    response=FirmwareStatusNotificationResponse,
    summary="Reports how a firmware update goes.",
)
