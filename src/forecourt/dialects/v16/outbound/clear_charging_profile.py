"""Takes charging profiles off a station (OCPP 1.6 §5.5)."""

from __future__ import annotations

from msgspec import UNSET

from forecourt.dialect import Command, carries, hears
from forecourt.dialects.v16.messages.clear_charging_profile import (
    CLEAR_CHARGING_PROFILE,
    ClearChargingProfileRequest,
    ClearChargingProfileResponse,
)
from forecourt.dialects.v16.translate import or_none, or_unset, to_connector_id, to_place
from forecourt.domain.errands.intents import ClearProfiles
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.domain.smart_charging.model import Purpose, Which


@carries(ClearProfiles)
def clear_profiles(intent: ClearProfiles, _station: Station) -> Command:
    words = ClearChargingProfileRequest(
        id=or_unset(intent.profile_id),
        connector_id=UNSET if intent.place is None else to_connector_id(intent.place),
        charging_profile_purpose=UNSET if intent.purpose is None else Purpose(intent.purpose).value,
        stack_level=or_unset(intent.stack_level),
    )
    return Command(CLEAR_CHARGING_PROFILE, words)


@hears(CLEAR_CHARGING_PROFILE)
def cleared(
    asked: ClearChargingProfileRequest,
    told: ClearChargingProfileResponse,
    station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    purpose = or_none(asked.charging_profile_purpose)
    is_by_number = asked.id is not UNSET  # the other fields are then ignored, and may be nonsense
    which = Which(
        profile_id=or_none(asked.id),
        place=None if is_by_number or asked.connector_id is UNSET else to_place(asked.connector_id),
        purpose=None if purpose is None else Purpose(purpose),
        stack_level=or_none(asked.stack_level),
    )
    services.smart_charging.cleared(station, which, errand, were_there=told.status == "Accepted")
