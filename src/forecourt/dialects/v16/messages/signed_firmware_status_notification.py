"""SignedFirmwareStatusNotification (security whitepaper L01): how a signed firmware update goes."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import Integer
from forecourt.ocpp.action import Action, Message, Sender

SignedFirmwareStatus = Literal[
    "Downloaded",
    "DownloadFailed",
    "Downloading",
    "DownloadScheduled",
    "DownloadPaused",
    "Idle",
    "InstallationFailed",
    "Installing",
    "Installed",
    "InstallRebooting",
    "InstallScheduled",
    "InstallVerificationFailed",
    "InvalidSignature",
    "SignatureVerified",
    "CertificateVerified",
    "InvalidCertificate",
    "RevokedCertificate",
]
"""The last three were dropped with edition 2 of the whitepaper; stations of edition 1 still say them."""


class SignedFirmwareStatusNotificationRequest(Message, frozen=True, kw_only=True):
    status: Annotated[
        SignedFirmwareStatus, Meta(description="State of the update; Idle only when asked while nothing runs.")
    ]
    request_id: Annotated[
        Integer | UnsetType, Meta(description="Number of the update, from SignedUpdateFirmware; absent when Idle.")
    ] = UNSET


class SignedFirmwareStatusNotificationResponse(Message, frozen=True):
    pass


SIGNED_FIRMWARE_STATUS_NOTIFICATION = Action(
    name="SignedFirmwareStatusNotification",
    sender=Sender.STATION,
    profile="Security",
    request=SignedFirmwareStatusNotificationRequest,
    response=SignedFirmwareStatusNotificationResponse,
    summary="Reports how a signed firmware update goes.",
)
