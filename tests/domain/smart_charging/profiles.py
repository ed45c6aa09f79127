"""Builders of charging profiles."""

from __future__ import annotations

from datetime import datetime

from forecourt.domain.smart_charging.model import (
    Period,
    Profile,
    ProfileDraft,
    ProfileKind,
    Purpose,
    RateUnit,
    Recurrency,
    Schedule,
)
from tests.support.clock import NOON

MAX, DEFAULT, TX = Purpose.STATION, Purpose.TRANSACTION_DEFAULT, Purpose.TRANSACTION


def a_schedule(
    *periods: tuple[int, float] | tuple[int, float, int | None],
    unit: RateUnit = RateUnit.AMPERE,
    starts_at: datetime | None = None,
    duration: int | None = None,
    min_rate: float | None = None,
) -> Schedule:
    return Schedule(
        unit=unit,
        periods=tuple(Period(*period) for period in periods or ((0, 16.0),)),
        starts_at=starts_at,
        duration_seconds=duration,
        min_rate=min_rate,
    )


def a_profile(
    purpose: Purpose = DEFAULT,
    schedule: Schedule | None = None,
    *,
    level: int = 0,
    number: int = 0,
    recurrency: Recurrency | None = None,
    kind: ProfileKind | None = None,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    transaction_id: int | None = None,
) -> Profile:
    return Profile(
        profile_id=number,
        stack_level=level,
        purpose=purpose,
        kind=kind or (ProfileKind.ABSOLUTE if recurrency is None else ProfileKind.RECURRING),
        recurrency=recurrency,
        valid_from=valid_from,
        valid_to=valid_to,
        schedule=schedule or a_schedule(starts_at=None if recurrency is None else NOON),
        transaction_id=transaction_id,
    )


def a_draft(profile: Profile | None = None, *, name: str = "Night", description: str = "") -> ProfileDraft:
    return ProfileDraft(name=name, description=description, profile=profile or a_profile())
