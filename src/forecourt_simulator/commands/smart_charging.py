"""Answers about charging profiles: SetChargingProfile, ClearChargingProfile, GetCompositeSchedule (OCPP 1.6 §5.16,
§5.5, §5.7). The profiles are kept and computed with; cars take what they want all the same."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from forecourt.dialects.v16.messages.charging_profiles import (
    ChargingProfile,
    ChargingProfilePurpose,
    ChargingRateUnit,
)
from forecourt.dialects.v16.messages.clear_charging_profile import (
    ClearChargingProfileRequest,
    ClearChargingProfileResponse,
)
from forecourt.dialects.v16.messages.get_composite_schedule import (
    GetCompositeScheduleRequest,
    GetCompositeScheduleResponse,
)
from forecourt.dialects.v16.messages.set_charging_profile import SetChargingProfileRequest, SetChargingProfileResponse
from forecourt_simulator.commands.dispatch import answer
from forecourt_simulator.composite import LONGEST_SECONDS, Question, composite, is_in_order
from forecourt_simulator.moment import Moment
from forecourt_simulator.profiles import Installed
from forecourt_simulator.station import Station

_UNIT_NAMES: Final[dict[ChargingRateUnit, str]] = {"A": "Current", "W": "Power"}


@answer.register
def _set(request: SetChargingProfileRequest, station: Station, now: Moment) -> SetChargingProfileResponse:
    profile = request.cs_charging_profiles
    if not _fits(profile, station) or not _has_its_place(request.connector_id, profile, station):
        return SetChargingProfileResponse(status="Rejected")
    at_most = station.configuration.number("MaxChargingProfilesInstalled")
    is_kept = station.profiles.put(Installed(request.connector_id, profile), at_most=at_most)
    return SetChargingProfileResponse(status="Accepted" if is_kept else "Rejected")


@answer.register
def _clear(request: ClearChargingProfileRequest, station: Station, now: Moment) -> ClearChargingProfileResponse:
    return ClearChargingProfileResponse(status="Accepted" if station.profiles.clear(request) else "Unknown")


@answer.register
def _composite(request: GetCompositeScheduleRequest, station: Station, now: Moment) -> GetCompositeScheduleResponse:
    number = request.connector_id
    if number not in {0, *station.connectors} or request.duration < 1:
        return GetCompositeScheduleResponse(status="Rejected")
    connector = station.connectors.get(number)
    transaction = None if connector is None else connector.transaction
    question = Question(
        start=now.wall,
        seconds=min(request.duration, LONGEST_SECONDS),
        unit="A" if request.charging_rate_unit is UNSET else request.charging_rate_unit,
        charging_since=None if transaction is None else transaction.started_at,
        connectors=1 if number else len(station.connectors),
    )
    layers = [_layer(station, "ChargePointMaxProfile", {0})]
    if connector is not None:
        own = _layer(station, "TxProfile", {number}) if transaction is not None else []
        # A TxProfile overrules the default (OCPP 1.6 §3.13.1), and the connector's default that of the station.
        defaults = _layer(station, "TxDefaultProfile", {number}) or _layer(station, "TxDefaultProfile", {0})
        layers.append(own or defaults)
    return GetCompositeScheduleResponse(
        status="Accepted",
        connector_id=number,
        schedule_start=now.wall,
        charging_schedule=composite(question, layers),
    )


def _layer(station: Station, purpose: ChargingProfilePurpose, places: set[int]) -> list[ChargingProfile]:
    return [
        one.profile
        for one in station.profiles
        if one.profile.charging_profile_purpose == purpose and one.connector_id in places
    ]


def _fits(profile: ChargingProfile, station: Station) -> bool:
    """Whether the station can keep such a profile at all (OCPP 1.6 §9.4)."""
    keys = station.configuration
    units = keys.items("ChargingScheduleAllowedChargingRateUnit")
    return (
        0 <= profile.stack_level <= keys.number("ChargeProfileMaxStackLevel")
        and len(profile.charging_schedule.charging_schedule_period) <= keys.number("ChargingScheduleMaxPeriods")
        and _UNIT_NAMES[profile.charging_schedule.charging_rate_unit] in units
        and is_in_order(profile)
        and (profile.charging_profile_kind == "Recurring") is (profile.recurrency_kind is not UNSET)
    )


def _has_its_place(number: int, profile: ChargingProfile, station: Station) -> bool:
    """Whether a profile of this purpose can be for this connector now (OCPP 1.6 §3.13.1, §5.16)."""
    if number not in {0, *station.connectors}:
        return False
    match profile.charging_profile_purpose:
        case "ChargePointMaxProfile":
            return number == 0
        case "TxDefaultProfile":
            return True
        case "TxProfile":
            transaction = None if number == 0 else station.connectors[number].transaction
            wanted = profile.transaction_id
            return transaction is not None and (wanted is UNSET or wanted == transaction.transaction_id)
