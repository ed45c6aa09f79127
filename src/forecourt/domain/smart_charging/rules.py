"""What makes a charging profile wrong, all of it at once (OCPP 1.6 §3.13, §5.16, §7.8, §7.13, §7.14)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forecourt.domain.errors import DomainError, Kind, Sentence, paragraph
from forecourt.domain.evse import WHOLE_STATION, Place
from forecourt.domain.smart_charging.model import (
    Period,
    Profile,
    ProfileKind,
    Purpose,
    RateUnit,
    Recurrency,
    Schedule,
)

MAX_PERIODS: Final = 1000
"""How many steps a schedule of the library may have; no station is known that takes as many."""

MAX_NUMBER: Final = 2**31 - 1
"""The largest integer that stations are sure to read."""

MAX_RATE: Final = 1e9

LAST_YEAR: Final = 2999
"""So that every duration that begins by then ends within the calendar."""

RECURRENCE_SECONDS: Final[Mapping[Recurrency, int]] = {Recurrency.DAILY: 86_400, Recurrency.WEEKLY: 7 * 86_400}

_SCHEDULE: Final = "chargingSchedule"
_UNIT_NAMES: Final = {RateUnit.AMPERE: "Current", RateUnit.WATT: "Power"}


@dataclass(frozen=True, slots=True)
class ProfileFault:
    """One thing that is wrong; ``field`` is the path in the words of OCPP."""

    field: str
    reason: Sentence


class ProfileRefused(DomainError):
    """A profile that breaks the rules of the standard; ``faults`` holds everything that is wrong with it."""

    def __init__(self, faults: list[ProfileFault]) -> None:
        super().__init__(Kind.INVALID, paragraph(fault.reason for fault in faults), field=faults[0].field)
        self.faults = faults


def faults_of(profile: Profile) -> Iterator[ProfileFault]:
    """Everything that is wrong with a profile, wherever it is to be installed."""
    if not 0 <= profile.stack_level <= MAX_NUMBER:
        yield ProfileFault("stackLevel", Sentence("The stackLevel must be 0 to {} (OCPP 1.6 §7.8).", MAX_NUMBER))
    is_recurring = profile.kind is ProfileKind.RECURRING
    if is_recurring and profile.recurrency is None:
        reason = Sentence("A Recurring profile needs a recurrencyKind: Daily or Weekly.")
        yield ProfileFault("recurrencyKind", reason)
    if not is_recurring and profile.recurrency is not None:
        reason = Sentence("A profile that is {} has no recurrencyKind.", profile.kind.value)
        yield ProfileFault("recurrencyKind", reason)
    if profile.valid_from is not None and profile.valid_to is not None and profile.valid_from >= profile.valid_to:
        yield ProfileFault("validTo", Sentence("The validTo must be later than the validFrom."))
    if profile.transaction_id is not None and profile.purpose is not Purpose.TRANSACTION:
        yield ProfileFault("transactionId", Sentence("Only a TxProfile has a transactionId."))
    yield from _faults_of_times(profile)
    yield from _faults_of_start(profile)
    yield from _faults_of_schedule(profile.schedule)
    yield from _faults_of_recurrence(profile)


def _faults_of_times(profile: Profile) -> Iterator[ProfileFault]:
    times = {
        "validFrom": profile.valid_from,
        "validTo": profile.valid_to,
        f"{_SCHEDULE}.startSchedule": profile.schedule.starts_at,
    }
    for field, at in times.items():
        if at is not None and at.year > LAST_YEAR:
            yield ProfileFault(field, Sentence("Times end with the year {}; leave out what has no end.", LAST_YEAR))


def _faults_of_start(profile: Profile) -> Iterator[ProfileFault]:
    starts_at = profile.schedule.starts_at
    field = f"{_SCHEDULE}.startSchedule"
    if profile.kind is ProfileKind.RELATIVE and starts_at is not None:
        reason = Sentence("A Relative profile has no startSchedule: it starts when charging starts.")
        yield ProfileFault(field, reason)
    if profile.kind is ProfileKind.RECURRING and starts_at is None:
        reason = Sentence("A Recurring profile needs a startSchedule: it starts again at that time of day.")
        yield ProfileFault(field, reason)


def _faults_of_recurrence(profile: Profile) -> Iterator[ProfileFault]:
    if profile.kind is not ProfileKind.RECURRING or profile.recurrency is None:
        return
    longest = RECURRENCE_SECONDS[profile.recurrency]
    duration = profile.schedule.duration_seconds
    recurs = profile.recurrency.value
    if duration is not None and duration > longest:
        reason = Sentence("A profile that recurs {} fits into {} s; the duration is {} s.", recurs, longest, duration)
        yield ProfileFault(f"{_SCHEDULE}.duration", reason)
    for number, period in enumerate(profile.schedule.periods):
        if period.start_seconds >= longest:
            reason = Sentence(
                "A profile that recurs {} fits into {} s; this step would start after that.", recurs, longest
            )
            yield ProfileFault(_period(number, "startPeriod"), reason)


def _faults_of_schedule(schedule: Schedule) -> Iterator[ProfileFault]:
    last = schedule.periods[-1].start_seconds if schedule.periods else 0
    duration = schedule.duration_seconds
    if duration is not None and not max(last, 0) < duration <= MAX_NUMBER:
        reason = Sentence(
            "The duration must be longer than the last startPeriod ({} s) and at most {} s.", last, MAX_NUMBER
        )
        yield ProfileFault(f"{_SCHEDULE}.duration", reason)
    if schedule.min_rate is not None:
        yield from _faults_of_rate(schedule.min_rate, f"{_SCHEDULE}.minChargingRate")
    if not 1 <= len(schedule.periods) <= MAX_PERIODS:
        reason = Sentence("A schedule has 1 to {} steps; this one has {}.", MAX_PERIODS, len(schedule.periods))
        yield ProfileFault(f"{_SCHEDULE}.chargingSchedulePeriod", reason)
    before: Period | None = None
    for number, period in enumerate(schedule.periods):
        yield from _faults_of_period(number, period, before)
        before = period


def _faults_of_period(number: int, period: Period, before: Period | None) -> Iterator[ProfileFault]:
    field = _period(number, "startPeriod")
    if before is None and period.start_seconds != 0:
        yield ProfileFault(field, Sentence("The first step starts at 0 (OCPP 1.6 §7.14)."))
    if before is not None and period.start_seconds <= before.start_seconds:
        reason = Sentence("Each step starts after the one before it, which starts at {}.", before.start_seconds)
        yield ProfileFault(field, reason)
    if period.start_seconds > MAX_NUMBER:
        yield ProfileFault(field, Sentence("A step starts at {} s at the latest.", MAX_NUMBER))
    yield from _faults_of_rate(period.limit, _period(number, "limit"))
    if period.phases is not None and not 1 <= period.phases <= 3:
        yield ProfileFault(_period(number, "numberPhases"), Sentence("There are 1, 2 or 3 phases."))


def _faults_of_rate(rate: float, field: str) -> Iterator[ProfileFault]:
    if not math.isfinite(rate) or not 0 <= rate <= MAX_RATE:
        yield ProfileFault(field, Sentence("A rate is 0 to {:.0f}.", MAX_RATE))
    elif round(rate, 1) != rate:
        reason = Sentence("Rates go in steps of 0.1; {} has more decimals (OCPP 1.6 §7.14).", rate)
        yield ProfileFault(field, reason)


def _period(number: int, field: str) -> str:
    return f"{_SCHEDULE}.chargingSchedulePeriod[{number}].{field}"


def check(profile: Profile) -> Profile:
    """The profile, if it keeps all rules; raises ProfileRefused."""
    faults = list(faults_of(profile))
    if faults:
        raise ProfileRefused(faults)
    return profile


def faults_of_place(profile: Profile, place: Place) -> Iterator[ProfileFault]:
    """What is wrong with installing a profile at a place (OCPP 1.6 §3.13.1)."""
    if profile.purpose is Purpose.STATION and place is not WHOLE_STATION:
        reason = Sentence("A ChargePointMaxProfile limits the whole station: give it to connector 0.")
        yield ProfileFault("connectorId", reason)
    if profile.purpose is Purpose.TRANSACTION and place is WHOLE_STATION:
        reason = Sentence(
            "A TxProfile limits one transaction: give it to the connector where that runs, not to connector 0."
        )
        yield ProfileFault("connectorId", reason)


def faults_of_remote_start(profile: Profile) -> Iterator[ProfileFault]:
    """What is wrong with starting a transaction with a profile (OCPP 1.6 §5.11)."""
    if profile.purpose is not Purpose.TRANSACTION:
        reason = Sentence("A transaction is started with a TxProfile; this is a {}.", profile.purpose.value)
        yield ProfileFault("chargingProfilePurpose", reason)
    if profile.transaction_id is not None:
        reason = Sentence("The transaction has no number before it is started: leave the transactionId out.")
        yield ProfileFault("transactionId", reason)
    yield from (fault for fault in faults_of(profile) if fault.field != "transactionId")


def limits_exceeded(profile: Profile, settings: Mapping[str, str], others: int) -> Iterator[str]:
    """What of a profile is more than a station says that it can do (OCPP 1.6 §9.4), in sentences.

    ``settings`` are those that are known of the station, ``others`` is how many other profiles it has.
    """
    highest = _whole(settings, "ChargeProfileMaxStackLevel")
    if highest is not None and profile.stack_level > highest:
        yield f"The station knows stack levels up to {highest}; this profile has {profile.stack_level}."
    most = _whole(settings, "ChargingScheduleMaxPeriods")
    if most is not None and len(profile.schedule.periods) > most:
        yield f"The station takes schedules of up to {most} steps; this one has {len(profile.schedule.periods)}."
    room = _whole(settings, "MaxChargingProfilesInstalled")
    if room is not None and others >= room:
        yield f"The station keeps up to {room} profiles, and {others} others are believed installed."
    units = {unit.strip() for unit in settings.get("ChargingScheduleAllowedChargingRateUnit", "").split(",")} - {""}
    if units and _UNIT_NAMES[profile.schedule.unit] not in units:
        taken = " or ".join(sorted(units))
        yield f"The station takes limits as {taken}; this profile has {profile.schedule.unit.value}."


def _whole(settings: Mapping[str, str], key: str) -> int | None:
    written = settings.get(key, "").strip()
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 10 else None


def is_over(profile: Profile, now: datetime) -> bool:
    return profile.valid_to is not None and profile.valid_to <= now
