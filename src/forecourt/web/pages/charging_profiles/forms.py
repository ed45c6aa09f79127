"""What is typed about a charging profile, and how it becomes one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from forecourt.domain.smart_charging.model import (
    LibraryProfile,
    Period,
    Profile,
    ProfileDraft,
    ProfileKind,
    Purpose,
    RateUnit,
    Recurrency,
    Schedule,
)
from forecourt.domain.smart_charging.rules import MAX_NUMBER, MAX_PERIODS, MAX_RATE, ProfileRefused
from forecourt.domain.smart_charging.service import MAX_DESCRIPTION, MAX_NAME
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.language import translated

ROWS: Final = 6
"""Empty rows for steps of a new profile."""

MORE_ROWS: Final = 6

_TIME: Final = re.compile(r"(\d{1,6})(?::([0-5]\d))?(?::([0-5]\d))?", re.ASCII)
_STEP: Final = re.compile(r"chargingSchedule\.chargingSchedulePeriod\[(\d+)\]\.(\w+)", re.ASCII)


def rows_of(form: Fields) -> int:
    """How many rows the form has."""
    shown = form.shown("rows")
    wanted = int(shown) if shown.isascii() and shown.isdecimal() and len(shown) < 5 else ROWS
    return min(max(wanted, 1), MAX_PERIODS)


def form_of(kept: LibraryProfile) -> Fields:
    profile = kept.profile
    schedule = profile.schedule
    steps = {}
    for row, period in enumerate(schedule.periods):
        steps[f"startPeriod-{row}"] = _as_time(period.start_seconds)
        steps[f"limit-{row}"] = _as_number(period.limit)
        steps[f"numberPhases-{row}"] = "" if period.phases is None else str(period.phases)
    return Fields.of(
        name=kept.name,
        description=kept.description,
        stackLevel=profile.stack_level,
        chargingProfilePurpose=profile.purpose,
        chargingProfileKind=profile.kind,
        recurrencyKind=profile.recurrency,
        validFrom=profile.valid_from,
        validTo=profile.valid_to,
        chargingRateUnit=schedule.unit,
        startSchedule=schedule.starts_at,
        duration="" if schedule.duration_seconds is None else _as_time(schedule.duration_seconds),
        minChargingRate="" if schedule.min_rate is None else _as_number(schedule.min_rate),
        rows=len(schedule.periods) + 1,
        **steps,
    )


def new_form() -> Fields:
    """What is usual: 16 A at all times, for every transaction."""
    return Fields.of(
        stackLevel=0,
        chargingProfilePurpose=Purpose.TRANSACTION_DEFAULT,
        chargingProfileKind=ProfileKind.ABSOLUTE,
        chargingRateUnit=RateUnit.AMPERE,
        rows=ROWS,
        **{"startPeriod-0": "0:00", "limit-0": "16"},
    )


def read_draft(form: Fields) -> ProfileDraft:
    """The profile that was typed. What is wrong stands in the form, and then the draft is of no use."""
    profile = Profile(
        profile_id=0,
        stack_level=form.number("stackLevel", high=MAX_NUMBER, is_required=True) or 0,
        purpose=form.choice("chargingProfilePurpose", Purpose, is_required=True) or Purpose.TRANSACTION_DEFAULT,
        kind=form.choice("chargingProfileKind", ProfileKind, is_required=True) or ProfileKind.ABSOLUTE,
        recurrency=form.choice("recurrencyKind", Recurrency),
        valid_from=form.moment("validFrom"),
        valid_to=form.moment("validTo"),
        schedule=Schedule(
            unit=form.choice("chargingRateUnit", RateUnit, is_required=True) or RateUnit.AMPERE,
            periods=_periods(form),
            duration_seconds=_seconds(form, "duration"),
            starts_at=form.moment("startSchedule"),
            min_rate=form.decimal("minChargingRate", low=0, high=MAX_RATE),
        ),
    )
    name = form.text("name", most=MAX_NAME, is_required=True)
    description = form.text("description", most=MAX_DESCRIPTION).replace("\r\n", "\n")
    return ProfileDraft(name=name, description=description, profile=profile)


def take(form: Fields, refused: ProfileRefused) -> None:
    """All that breaks the rules, each beside its field."""
    rows = typed_rows(form)
    for fault in refused.faults:
        step = _STEP.fullmatch(fault.field)
        if step is None:
            form.refuse(fault.field.removeprefix("chargingSchedule."), translated(fault.reason))
        else:
            index = int(step[1])
            form.refuse(f"{step[2]}-{rows[index] if index < len(rows) else index}", translated(fault.reason))


def typed_rows(form: Fields) -> Sequence[int]:
    """The rows in which something was typed."""
    return [
        row
        for row in range(rows_of(form))
        if form.shown(f"startPeriod-{row}").strip() or form.shown(f"limit-{row}").strip()
    ]


def _periods(form: Fields) -> tuple[Period, ...]:
    found = []
    for row in typed_rows(form):
        start = _seconds(form, f"startPeriod-{row}", is_required=True)
        limit = form.decimal(f"limit-{row}", low=0, high=MAX_RATE, is_required=True)
        phases = form.number(f"numberPhases-{row}", low=1, high=3)
        found.append(Period(start or 0, limit or 0.0, phases))
    if not found:
        form.refuse("chargingSchedulePeriod", _("A schedule needs one step at least."))
    return tuple(found)


def _seconds(form: Fields, name: str, *, is_required: bool = False) -> int | None:
    """A length of time as hours and minutes, and seconds where they matter."""
    text = form.text(name, most=20, is_required=is_required)
    if not text:
        return None
    found = _TIME.fullmatch(text)
    if found is None:
        form.refuse(name, _("Hours and minutes, such as 7:30, or with seconds 0:00:30."))
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _as_time(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if rest else f"{hours}:{minutes:02}"


def _as_number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
