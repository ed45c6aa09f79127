"""ClearChargingProfile (OCPP 1.6 §5.5): remove charging profiles."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.charging_profiles import ChargingProfilePurpose
from forecourt.dialects.v16.messages.datatypes import Integer
from forecourt.ocpp.action import Action, Message, Sender

ClearChargingProfileStatus = Literal["Accepted", "Unknown"]


class ClearChargingProfileRequest(Message, frozen=True, kw_only=True):
    id: Annotated[
        Integer | UnsetType, Meta(description="The one profile to remove; other fields are then ignored.")
    ] = UNSET
    connector_id: Annotated[
        Integer | UnsetType, Meta(description="Profiles of this connector; 0 for those of the whole station.")
    ] = UNSET
    charging_profile_purpose: Annotated[
        ChargingProfilePurpose | UnsetType, Meta(description="Profiles of this purpose.")
    ] = UNSET
    stack_level: Annotated[Integer | UnsetType, Meta(description="Profiles of this rank.")] = UNSET


class ClearChargingProfileResponse(Message, frozen=True, kw_only=True):
    status: Annotated[ClearChargingProfileStatus, Meta(description="Unknown when no profile matched.")]


CLEAR_CHARGING_PROFILE = Action(
    name="ClearChargingProfile",
    sender=Sender.CSMS,
    profile="SmartCharging",
    request=ClearChargingProfileRequest,
    response=ClearChargingProfileResponse,
    summary="Removes the charging profiles that match every given field.",
    is_dangerous=True,
)
