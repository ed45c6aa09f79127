"""SetChargingProfile (OCPP 1.6 §5.16): limit what a station gives."""

from typing import Annotated, Literal

from msgspec import Meta

from forecourt.dialects.v16.messages.charging_profiles import ChargingProfile
from forecourt.dialects.v16.messages.datatypes import Integer
from forecourt.ocpp.action import Action, Message, Sender

ChargingProfileStatus = Literal["Accepted", "Rejected", "NotSupported"]


class SetChargingProfileRequest(Message, frozen=True, kw_only=True):
    connector_id: Annotated[
        Integer, Meta(description="The connector; 0 for the station, or for each connector with TxDefaultProfile.")
    ]
    cs_charging_profiles: Annotated[ChargingProfile, Meta(description="The profile; one, in spite of the name.")]


class SetChargingProfileResponse(Message, frozen=True, kw_only=True):
    status: Annotated[ChargingProfileStatus, Meta(description="Whether the profile was taken.")]


SET_CHARGING_PROFILE = Action(
    name="SetChargingProfile",
    sender=Sender.CSMS,
    profile="SmartCharging",
    request=SetChargingProfileRequest,
    response=SetChargingProfileResponse,
    summary="Gives a station a charging profile, or replaces one.",
)
