"""What all tables share: the metadata, columns by meaning, and how values of the domain are written in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, Table, Text
from sqlalchemy.sql import Select
from sqlalchemy.sql.elements import ColumnElement

from forecourt.domain.evse import WHOLE_STATION, EvseId, Place
from forecourt.domain.paging import PageRequest

metadata: Final = MetaData()

Key: Final = BigInteger().with_variant(Integer, "sqlite")
"""A generated key; SQLite generates them for a column of exactly the type INTEGER."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def moment(name: str, *, is_required: bool = True) -> Column[int]:
    """A time: microseconds since 1970 in UTC."""
    return Column(name, BigInteger, nullable=not is_required)


def text(name: str, *, is_required: bool = True) -> Column[str]:
    return Column(name, Text, nullable=not is_required)


def station_key(**options: Any) -> Column[int]:  # the options of Column
    return Column("station_key", BigInteger, ForeignKey("station.key"), nullable=False, **options)


def to_micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def maybe_to_micros(at: datetime | None) -> int | None:
    return None if at is None else to_micros(at)


def maybe_from_micros(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def to_number(place: Place) -> int:
    """How a place is written in a column: 0 is the whole station."""
    return 0 if place is WHOLE_STATION else place


def to_place(number: int) -> Place:
    return WHOLE_STATION if number == 0 else EvseId(number)


def columns_of(table: Table, names: str) -> list[Column[Any]]:
    """The columns of a table, named in one text."""
    return [table.c[name] for name in names.split()]


def paged(statement: Select[Any], page: PageRequest) -> Select[Any]:
    """One row more than the page holds, to learn whether another page follows."""
    return statement.limit(page.limit + 1)


def contains(column: ColumnElement[str] | Column[str], search: str) -> ColumnElement[bool]:
    """A search as people mean it: anywhere in the text, without case, and no character is special."""
    return column.icontains(search, autoescape=True)
