"""Values that several tasks are told, and how those that may be left out are read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

from msgspec import UNSET, Meta, UnsetType

Value = TypeVar("Value")

Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Moment = Annotated[datetime, Meta(tz=True)]
RootUse = Literal["CentralSystemRootCertificate", "ManufacturerRootCertificate"]
"""What a station has roots for, as in InstallCertificate (M05)."""


def or_none(value: Value | UnsetType) -> Value | None:
    return None if value is UNSET else value


def in_utc(moment: datetime | UnsetType) -> datetime | None:
    return None if moment is UNSET else moment.astimezone(UTC)


def check_moments(*moments: datetime | UnsetType) -> None:
    """For ``__post_init__``: raises ValueError for a moment that has no place in the calendar in UTC."""
    try:
        for moment in moments:
            in_utc(moment)
    except OverflowError:
        raise ValueError("A time lies outside the years 1 to 9999 in UTC.") from None
