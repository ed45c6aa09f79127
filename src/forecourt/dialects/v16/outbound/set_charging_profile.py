"""Gives a station a charging profile (OCPP 1.6 §5.16)."""

from __future__ import annotations

from forecourt.dialect import Command, carries, hears, warns
from forecourt.dialects.v16.messages.set_charging_profile import (
    SET_CHARGING_PROFILE,
    SetChargingProfileRequest,
    SetChargingProfileResponse,
)
from forecourt.dialects.v16.outbound.profiles import to_charging_profile, to_profile
from forecourt.dialects.v16.translate import to_connector_id, to_place
from forecourt.domain.errands.intents import InstallProfile
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.domain.smart_charging.model import InstallAnswer


@carries(InstallProfile)
def install_profile(intent: InstallProfile, _station: Station) -> Command:
    words = SetChargingProfileRequest(
        connector_id=to_connector_id(intent.place), cs_charging_profiles=to_charging_profile(intent.profile)
    )
    return Command(SET_CHARGING_PROFILE, words)


@hears(SET_CHARGING_PROFILE)
def installed(
    asked: SetChargingProfileRequest,
    told: SetChargingProfileResponse,
    station: Station,
    services: Services,
    errand: ErrandNumber,
) -> None:
    place = to_place(asked.connector_id)
    profile = to_profile(asked.cs_charging_profiles)
    services.smart_charging.installed(station, place, profile, InstallAnswer(told.status), errand)


@warns(SET_CHARGING_PROFILE)
def doubts(asked: SetChargingProfileRequest, station: Station, services: Services) -> list[str]:
    if asked.connector_id < 0:
        return ["connectorId: Connectors are numbered from 1, and 0 is the whole station."]
    place = to_place(asked.connector_id)
    return list(services.smart_charging.doubts(station, place, to_profile(asked.cs_charging_profiles)))
