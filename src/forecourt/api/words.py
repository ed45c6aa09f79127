"""Words that several resources share: texts, times and numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from forecourt.api.problems import Fault, bad_request
from forecourt.domain.errors import not_found
from forecourt.domain.services import Workspace

MAX_NUMBER: Final = 2**31 - 1
"""The largest number that every database keeps in an integer column."""

MAX_LONG: Final = 2**63 - 1
"""The same of a column for long integers."""

Works = NamedDependency[SkipValidation[Workspace]]

Now = NamedDependency[SkipValidation[Callable[[], datetime]]]
"""Tells the time."""

Line = Annotated[str, msgspec.Meta(max_length=255, pattern="^[^\\x00]*$")]
"""A name or id. No database keeps the character NUL."""

Note = Annotated[str, msgspec.Meta(max_length=1000, pattern="^[^\\x00]*$")]

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its offset from UTC (RFC 3339)."""

Search = Annotated[
    str | None,
    QueryParameter(max_length=255, pattern="^[^\\x00]*$", description="Only what contains this text, in either case."),
]

StationQuery = Annotated[
    str | None,
    QueryParameter(name="stationId", max_length=255, pattern="^[^\\x00]*$", description="Only this station."),
]


def number_from_path(number: int) -> int:
    """A transaction id as the database can compare it; raises DomainError NOT_FOUND for others."""
    if not 0 < number <= MAX_NUMBER:
        raise not_found(f"There is no transaction {number}.")
    return number


def utc(moment: datetime | None, field: str) -> datetime | None:
    """The same moment in UTC; raises Refusal 400 when it has no offset or no place in the calendar."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        reason = "The time needs an offset: end it with 'Z' or '+01:00' (in an address '+' is written '%2B')."
        raise bad_request("A time cannot be used.", Fault(field, reason))
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise bad_request("A time cannot be used.", Fault(field, "It lies outside the years 1 to 9999.")) from error
