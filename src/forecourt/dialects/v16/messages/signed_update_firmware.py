"""SignedUpdateFirmware (security whitepaper L01): have signed firmware installed."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import Integer, Pem
from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Action, Message, Sender
from forecourt.ocpp.redaction import URL

UpdateFirmwareStatus = Literal["Accepted", "Rejected", "AcceptedCanceled", "InvalidCertificate", "RevokedCertificate"]


class Firmware(Message, frozen=True, kw_only=True):
    """A firmware file and the proof of its origin."""

    location: Annotated[str, Meta(max_length=512, description="URI of the firmware file.", extra=URL)]
    retrieve_date_time: Annotated[datetime, Meta(description="The earliest time to download.")]
    install_date_time: Annotated[
        datetime | UnsetType, Meta(description="The earliest time to install; absent for at once.")
    ] = UNSET
    signing_certificate: Annotated[Pem, Meta(description="The certificate that the firmware was signed with, as PEM.")]
    signature: Annotated[str, Meta(max_length=800, description="Signature over the file, in base64.")]

    def __post_init__(self) -> None:
        read_in_utc(self, "retrieve_date_time", "install_date_time")


class SignedUpdateFirmwareRequest(Message, frozen=True, kw_only=True):
    retries: Annotated[
        Integer | UnsetType,
        Meta(description="How often to try again when the download fails; absent to let the station decide."),
    ] = UNSET
    retry_interval: Annotated[
        Integer | UnsetType, Meta(description="Seconds between tries; absent to let the station decide.")
    ] = UNSET
    request_id: Annotated[Integer, Meta(description="Number of this update, repeated in its status notifications.")]
    firmware: Annotated[Firmware, Meta(description="The firmware, when to install it, and how to verify it.")]


class SignedUpdateFirmwareResponse(Message, frozen=True, kw_only=True):
    status: Annotated[
        UpdateFirmwareStatus,
        Meta(description="Whether the update will start; AcceptedCanceled when it replaces another."),
    ]


SIGNED_UPDATE_FIRMWARE = Action(
    name="SignedUpdateFirmware",
    sender=Sender.CSMS,
    profile="Security",
    request=SignedUpdateFirmwareRequest,
    response=SignedUpdateFirmwareResponse,
    summary="Asks a station to download, verify and install signed firmware.",
    done=frozenset({"Accepted", "AcceptedCanceled"}),
    is_dangerous=True,
)
