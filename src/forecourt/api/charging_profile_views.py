"""Charging profiles as the REST interface takes and shows them: in the words of OCPP 1.6 (§7.8, §7.13, §7.14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from forecourt.api.words import Line, Moment, Note, utc
from forecourt.asgi.paths import connector_id
from forecourt.domain.smart_charging.model import (
    Assignment,
    AssignmentState,
    LibraryProfile,
    Origin,
    Period,
    Profile,
    ProfileDraft,
    ProfileKind,
    Purpose,
    RateUnit,
    Recurrency,
    Schedule,
    ToldSchedule,
)


class ChargingSchedulePeriod(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """One step of a schedule: ``startPeriod`` in seconds, ``limit`` in A per phase or W in total, in steps of 0.1."""

    start_period: int
    limit: float
    number_phases: int | None = None


class ChargingSchedule(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """Limits over time; ``duration`` in seconds."""

    charging_rate_unit: RateUnit
    charging_schedule_period: list[ChargingSchedulePeriod]
    duration: int | None = None
    start_schedule: Moment | None = None
    min_charging_rate: float | None = None

    def to_schedule(self) -> Schedule:
        return Schedule(
            unit=self.charging_rate_unit,
            periods=tuple(
                Period(one.start_period, one.limit, one.number_phases) for one in self.charging_schedule_period
            ),
            duration_seconds=self.duration,
            starts_at=utc(self.start_schedule, "chargingSchedule.startSchedule"),
            min_rate=self.min_charging_rate,
        )


class NewChargingProfile(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """A profile for the library. Its number is given by the system, and its transaction when it is assigned."""

    name: Line
    description: Note | None = None
    stack_level: int
    charging_profile_purpose: Purpose
    charging_profile_kind: ProfileKind
    recurrency_kind: Recurrency | None = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None
    charging_schedule: ChargingSchedule

    def draft(self) -> ProfileDraft:
        """Raises Refusal 400 for a time that has no place in the calendar."""
        profile = Profile(
            profile_id=0,
            stack_level=self.stack_level,
            purpose=self.charging_profile_purpose,
            kind=self.charging_profile_kind,
            recurrency=self.recurrency_kind,
            valid_from=utc(self.valid_from, "validFrom"),
            valid_to=utc(self.valid_to, "validTo"),
            schedule=self.charging_schedule.to_schedule(),
        )
        return ProfileDraft(name=self.name, description=self.description or "", profile=profile)


class SchedulePeriodView(msgspec.Struct, frozen=True, rename="camel"):
    """One step of a schedule."""

    start_period: int
    limit: float
    number_phases: int | None


class ScheduleView(msgspec.Struct, frozen=True, rename="camel"):
    """Limits over time, in A per phase or W in total."""

    charging_rate_unit: RateUnit
    charging_schedule_period: Sequence[SchedulePeriodView]
    duration: int | None
    start_schedule: datetime | None
    min_charging_rate: float | None


class AssignmentView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A profile that was given to a station, as it was sent, and what is believed to have become of it. It is
    ``outdated`` when the library has another version of it, or has it no more."""

    assignment: int
    station_id: str
    connector_id: int
    origin: Origin
    state: AssignmentState
    outdated: bool
    errand: int | None
    reason: str | None
    requested_at: datetime
    changed_at: datetime
    charging_profile_id: int
    transaction_id: int | None
    stack_level: int
    charging_profile_purpose: Purpose
    charging_profile_kind: ProfileKind
    recurrency_kind: Recurrency | None
    valid_from: datetime | None
    valid_to: datetime | None
    charging_schedule: ScheduleView


class ChargingProfileView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A profile of the library. Its number is the same on every station."""

    charging_profile_id: int
    name: str
    description: str
    stack_level: int
    charging_profile_purpose: Purpose
    charging_profile_kind: ProfileKind
    recurrency_kind: Recurrency | None
    valid_from: datetime | None
    valid_to: datetime | None
    charging_schedule: ScheduleView
    created_at: datetime
    changed_at: datetime


class PlacedChargingProfileView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A profile of the library, and where it is believed to be or is on its way to."""

    charging_profile: ChargingProfileView
    assignments: Sequence[AssignmentView]


class CompositeScheduleView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The limits that result from all profiles, as the station computed them. ``duration`` is what was asked for."""

    connector_id: int
    schedule_start: datetime
    duration: int
    charging_schedule: ScheduleView
    told_at: datetime


def show_profile(kept: LibraryProfile) -> ChargingProfileView:
    profile = kept.profile
    return ChargingProfileView(
        charging_profile_id=kept.number,
        name=kept.name,
        description=kept.description,
        stack_level=profile.stack_level,
        charging_profile_purpose=profile.purpose,
        charging_profile_kind=profile.kind,
        recurrency_kind=profile.recurrency,
        valid_from=profile.valid_from,
        valid_to=profile.valid_to,
        charging_schedule=_show_schedule(profile.schedule),
        created_at=kept.created_at,
        changed_at=kept.changed_at,
    )


def show_assignment(assignment: Assignment) -> AssignmentView:
    profile = assignment.profile
    return AssignmentView(
        assignment=assignment.number,
        station_id=assignment.station,
        connector_id=connector_id(assignment.place),
        origin=assignment.origin,
        state=assignment.state,
        outdated=assignment.is_outdated,
        errand=assignment.errand,
        reason=assignment.reason,
        requested_at=assignment.requested_at,
        changed_at=assignment.changed_at,
        charging_profile_id=profile.profile_id,
        transaction_id=profile.transaction_id,
        stack_level=profile.stack_level,
        charging_profile_purpose=profile.purpose,
        charging_profile_kind=profile.kind,
        recurrency_kind=profile.recurrency,
        valid_from=profile.valid_from,
        valid_to=profile.valid_to,
        charging_schedule=_show_schedule(profile.schedule),
    )


def show_told(told: ToldSchedule) -> CompositeScheduleView:
    return CompositeScheduleView(
        connector_id=connector_id(told.place),
        schedule_start=told.starts_at,
        duration=told.asked_seconds,
        charging_schedule=_show_schedule(told.schedule),
        told_at=told.told_at,
    )


def _show_schedule(schedule: Schedule) -> ScheduleView:
    return ScheduleView(
        charging_rate_unit=schedule.unit,
        charging_schedule_period=[
            SchedulePeriodView(one.start_seconds, one.limit, one.phases) for one in schedule.periods
        ],
        duration=schedule.duration_seconds,
        start_schedule=schedule.starts_at,
        min_charging_rate=schedule.min_rate,
    )
