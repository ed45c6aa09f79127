"""Charging profiles: terms of the house ↔ words of OCPP 1.6 (§7.8, §7.13, §7.14)."""

from __future__ import annotations

from msgspec import UNSET

from forecourt.dialects.v16.messages.charging_profiles import (
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    ToldSchedule,
)
from forecourt.dialects.v16.translate import or_none, or_unset
from forecourt.domain.smart_charging.model import Period, Profile, ProfileKind, Purpose, RateUnit, Recurrency, Schedule
from forecourt.domain.smart_charging.rules import faults_of_remote_start


def to_charging_profile(profile: Profile) -> ChargingProfile:
    """The words for a profile. Raises ValueError for a rate that is no step of 0.1, which no checked profile has."""
    return ChargingProfile(
        charging_profile_id=profile.profile_id,
        transaction_id=or_unset(profile.transaction_id),
        stack_level=profile.stack_level,
        charging_profile_purpose=profile.purpose.value,
        charging_profile_kind=profile.kind.value,
        recurrency_kind=UNSET if profile.recurrency is None else profile.recurrency.value,
        valid_from=or_unset(profile.valid_from),
        valid_to=or_unset(profile.valid_to),
        charging_schedule=_to_charging_schedule(profile.schedule),
    )


def to_profile(words: ChargingProfile) -> Profile:
    """What words mean, also those that break the rules of the standard."""
    recurrency = or_none(words.recurrency_kind)
    return Profile(
        profile_id=words.charging_profile_id,
        stack_level=words.stack_level,
        purpose=Purpose(words.charging_profile_purpose),
        kind=ProfileKind(words.charging_profile_kind),
        recurrency=None if recurrency is None else Recurrency(recurrency),
        valid_from=or_none(words.valid_from),
        valid_to=or_none(words.valid_to),
        schedule=to_schedule(words.charging_schedule),
        transaction_id=or_none(words.transaction_id),
    )


def to_schedule(words: ChargingSchedule | ToldSchedule) -> Schedule:
    return Schedule(
        unit=RateUnit(words.charging_rate_unit),
        periods=tuple(
            Period(one.start_period, one.limit, or_none(one.number_phases)) for one in words.charging_schedule_period
        ),
        duration_seconds=or_none(words.duration),
        starts_at=or_none(words.start_schedule),
        min_rate=or_none(words.min_charging_rate),
    )


def doubts_of_remote_start(words: ChargingProfile) -> list[str]:
    """What looks wrong about a profile in a RemoteStartTransaction (OCPP 1.6 §5.11), in sentences."""
    return [f"chargingProfile.{fault.field}: {fault.reason}" for fault in faults_of_remote_start(to_profile(words))]


def _to_charging_schedule(schedule: Schedule) -> ChargingSchedule:
    return ChargingSchedule(
        charging_rate_unit=schedule.unit.value,
        charging_schedule_period=[
            ChargingSchedulePeriod(start_period=one.start_seconds, limit=one.limit, number_phases=or_unset(one.phases))
            for one in schedule.periods
        ],
        duration=or_unset(schedule.duration_seconds),
        start_schedule=or_unset(schedule.starts_at),
        min_charging_rate=or_unset(schedule.min_rate),
    )
