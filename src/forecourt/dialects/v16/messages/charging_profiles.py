"""Charging profiles and their schedules: how much a station may give, and when (OCPP 1.6 §7.8, §7.13, §7.14)."""

import math
from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16.messages.datatypes import Integer
from forecourt.dialects.v16.messages.moments import read_in_utc
from forecourt.ocpp.action import Message

ChargingProfileKind = Literal["Absolute", "Recurring", "Relative"]
ChargingProfilePurpose = Literal["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"]
ChargingRateUnit = Literal["A", "W"]
RecurrencyKind = Literal["Daily", "Weekly"]


class ChargingSchedulePeriod(Message, frozen=True, kw_only=True):
    """One step of a schedule; it lasts until the next begins (OCPP 1.6 §7.14)."""

    start_period: Annotated[
        Integer, Meta(description="Seconds from the start of the schedule; 0 for the first period.")
    ]
    limit: Annotated[float, Meta(description="Highest rate in A per phase or W in total, in steps of 0.1.")]
    number_phases: Annotated[Integer | UnsetType, Meta(description="How many phases may be used; absent for 3.")] = (
        UNSET
    )

    def __post_init__(self) -> None:
        _check_tenths(self.limit, "limit")


class ChargingSchedule(Message, frozen=True, kw_only=True):
    """Limits over time (OCPP 1.6 §7.13)."""

    charging_rate_unit: Annotated[ChargingRateUnit, Meta(description="Unit of every limit: A per phase or W in total.")]
    charging_schedule_period: Annotated[
        list[ChargingSchedulePeriod], Meta(description="The steps, by rising startPeriod; normally at least one.")
    ]
    duration: Annotated[
        Integer | UnsetType, Meta(description="Length in seconds; absent when the last period has no end.")
    ] = UNSET
    start_schedule: Annotated[
        datetime | UnsetType, Meta(description="When the schedule starts; absent when it starts with charging.")
    ] = UNSET
    min_charging_rate: Annotated[
        float | UnsetType, Meta(description="Rate below which charging is wasteful, in A or W, in steps of 0.1.")
    ] = UNSET

    def __post_init__(self) -> None:
        read_in_utc(self, "start_schedule")
        if self.min_charging_rate is not UNSET:
            _check_tenths(self.min_charging_rate, "minChargingRate")


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
