"""Charging profiles and their schedules: how much a station may give, and when (OCPP 1.6 §7.8, §7.13, §7.14)."""

import math
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import Integer
from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Message

ChargingProfileKind = Literal["Absolute", "Recurring", "Relative"]
ChargingProfilePurpose = Literal["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"]
ChargingRateUnit = Literal["A", "W"]
RecurrencyKind = Literal["Daily", "Weekly"]

FLOAT_NOISE: Final = 1e-6
"""How far a told rate may be off a step of 0.1, as a share of it; one 32-bit float is off by 6e-8 at most, and what was
computed with some of them by little more."""
MOST_NOISE: Final = 0.02
"""And how far at all: what is farther off has a second decimal, and is no noise. In A or W."""


class _Period(Message, frozen=True, kw_only=True):
    start_period: Annotated[
        Integer, Meta(description="Seconds from the start of the schedule; 0 for the first period.")
    ]
    limit: Annotated[float, Meta(description="Highest rate in A per phase or W in total, in steps of 0.1.")]
    number_phases: Annotated[Integer | UnsetType, Meta(description="How many phases may be used; absent for 3.")] = (
        UNSET
    )


class ChargingSchedulePeriod(_Period, frozen=True, kw_only=True):
    """One step of a schedule; it lasts until the next begins (OCPP 1.6 §7.14)."""

    def __post_init__(self) -> None:
        _check_tenths(self.limit, "limit")


class ToldSchedulePeriod(_Period, frozen=True, kw_only=True):
    """One step of a schedule as a station tells it; see :class:`ToldSchedule`."""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "limit", _nearest_tenth(self.limit, "limit"))


class _Schedule(Message, frozen=True, kw_only=True):
    charging_rate_unit: Annotated[ChargingRateUnit, Meta(description="Unit of every limit: A per phase or W in total.")]
    duration: Annotated[
        Integer | UnsetType, Meta(description="Length in seconds; absent when the last period has no end.")
    ] = UNSET
    start_schedule: Annotated[
        datetime | UnsetType, Meta(description="When the schedule starts; absent when it starts with charging.")
    ] = UNSET
    min_charging_rate: Annotated[
        float | UnsetType, Meta(description="Rate below which charging is wasteful, in A or W, in steps of 0.1.")
    ] = UNSET


class ChargingSchedule(_Schedule, frozen=True, kw_only=True):
    """Limits over time (OCPP 1.6 §7.13)."""

    charging_schedule_period: Annotated[
        list[ChargingSchedulePeriod], Meta(description="The steps, by rising startPeriod; normally at least one.")
    ]

    def __post_init__(self) -> None:
        read_in_utc(self, "start_schedule")
        if self.min_charging_rate is not UNSET:
            _check_tenths(self.min_charging_rate, "minChargingRate")


class ToldSchedule(_Schedule, frozen=True, kw_only=True):
    """Limits over time as a station tells them (OCPP 1.6 §7.13).

    Many stations compute with 32-bit floats and write 6.1 as 6.099999904632568. What differs from a step of 0.1 by no
    more than such a float does is read as that step.
    """

    charging_schedule_period: Annotated[
        list[ToldSchedulePeriod], Meta(description="The steps, by rising startPeriod; normally at least one.")
    ]

    def __post_init__(self) -> None:
        read_in_utc(self, "start_schedule")
        if self.min_charging_rate is not UNSET:
            rate = _nearest_tenth(self.min_charging_rate, "minChargingRate")
            msgspec.structs.force_setattr(self, "min_charging_rate", rate)


class ChargingProfile(Message, frozen=True, kw_only=True):
    """A schedule with its purpose, its rank and its time of validity (OCPP 1.6 §7.8)."""

    charging_profile_id: Annotated[Integer, Meta(description="Number of the profile; the same number replaces it.")]
    transaction_id: Annotated[
        Integer | UnsetType, Meta(description="The transaction a TxProfile is for; absent in a remote start.")
    ] = UNSET
    stack_level: Annotated[Integer, Meta(description="Rank among profiles of one purpose; the highest wins. From 0.")]
    charging_profile_purpose: Annotated[
        ChargingProfilePurpose, Meta(description="What is limited: the station, every transaction, or one transaction.")
    ]
    charging_profile_kind: Annotated[
        ChargingProfileKind, Meta(description="Whether times are fixed, repeat, or count from the start of charging.")
    ]
    recurrency_kind: Annotated[
        RecurrencyKind | UnsetType, Meta(description="How often a Recurring profile starts again.")
    ] = UNSET
    valid_from: Annotated[
        datetime | UnsetType, Meta(description="When the profile begins to hold; absent for at once.")
    ] = UNSET
    valid_to: Annotated[
        datetime | UnsetType, Meta(description="When the profile ends; absent until it is replaced or cleared.")
    ] = UNSET
    charging_schedule: Annotated[ChargingSchedule, Meta(description="The limits over time.")]

    def __post_init__(self) -> None:
        read_in_utc(self, "valid_from", "valid_to")


def _check_tenths(rate: float, field: str) -> None:
    """Raise ValueError unless the rate has at most one decimal (OCPP 1.6 §7.14).

    A remainder would refuse 0.3 and 6.1, which have no exact binary form; rounding compares shortest forms.
    """
    if not math.isfinite(rate) or round(rate, 1) != rate:
        raise ValueError(f"{field} is {rate}, but rates go in steps of 0.1; round it to one decimal")


def _nearest_tenth(rate: float, field: str) -> float:
    """The step of 0.1 that a rate stands for. Raises ValueError when it is off by more than float noise."""
    nearest = round(rate, 1) if math.isfinite(rate) else rate
    is_near = math.isclose(rate, nearest, rel_tol=FLOAT_NOISE) and abs(rate - nearest) <= MOST_NOISE
    _check_tenths(nearest if is_near else rate, field)
    return nearest
