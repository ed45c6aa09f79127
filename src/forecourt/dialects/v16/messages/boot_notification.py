"""BootNotification (OCPP 1.6 §4.2): a station says who it is and asks to be admitted."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import CiString20, CiString25, CiString50, Integer
from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Action, Message, Sender

RegistrationStatus = Literal["Accepted", "Pending", "Rejected"]


class BootNotificationRequest(Message, frozen=True, kw_only=True):
    charge_point_vendor: Annotated[CiString20, Meta(description="Maker of the station.")]
    charge_point_model: Annotated[CiString20, Meta(description="Model of the station.")]
    charge_point_serial_number: Annotated[CiString25 | UnsetType, Meta(description="Serial number of the station.")] = (
        UNSET
    )
    charge_box_serial_number: Annotated[
        CiString25 | UnsetType, Meta(description="Serial number of the box inside the station; an older field.")
    ] = UNSET
    firmware_version: Annotated[CiString50 | UnsetType, Meta(description="Version of the firmware that runs.")] = UNSET
    iccid: Annotated[CiString20 | UnsetType, Meta(description="ICCID of the modem's SIM card.")] = UNSET
    imsi: Annotated[CiString20 | UnsetType, Meta(description="IMSI of the modem's SIM card.")] = UNSET
    meter_type: Annotated[CiString25 | UnsetType, Meta(description="Type of the main energy meter.")] = UNSET
    meter_serial_number: Annotated[
        CiString25 | UnsetType, Meta(description="Serial number of the main energy meter.")
    ] = UNSET


class BootNotificationResponse(Message, frozen=True, kw_only=True):
    status: Annotated[RegistrationStatus, Meta(description="Whether the station is admitted.")]
    current_time: Annotated[datetime, Meta(description="The central system's time, for the station's clock.")]
    interval: Annotated[
        Integer, Meta(description="Seconds between heartbeats; if not Accepted, the wait before the next try.")
    ]

    def __post_init__(self) -> None:
        read_in_utc(self, "current_time")


BOOT_NOTIFICATION = Action(
    name="BootNotification",
    sender=Sender.STATION,
    profile="Core",
    request=BootNotificationRequest,
    response=BootNotificationResponse,
    summary="Tells what a station is after it started, and asks to be admitted.",
    is_timely=True,
)
