"""Drivers in the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy import Column, Index, Table, select

from forecourt.domain.authorization.model import fold
from forecourt.domain.drivers.model import Driver, DriverDraft, DriverName, DriverNumber, name_of, sort_name
from forecourt.domain.paging import Page, PageRequest
from forecourt.storage.connection import Row
from forecourt.storage.pages import page_of
from forecourt.storage.schema import (
    Key,
    columns_of,
    contains,
    from_micros,
    metadata,
    moment,
    paged,
    text,
    to_micros,
)
from forecourt.storage.unit_of_work import Unit

driver: Final = Table(
    "driver",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    text("first_name"),
    text("last_name"),
    text("email"),
    text("phone"),
    text("address"),
    text("language"),
    text("note"),
    text("folded_email"),
    text("sort_name"),
    moment("added_at"),
    sqlite_autoincrement=True,  # the number of one who was forgotten is not given to another
)
Index("driver_by_name", driver.c.sort_name, driver.c.number)
Index("driver_by_email", driver.c.folded_email)

_SHOWN: Final = "number first_name last_name email phone address language note added_at"
_TEXTS: Final = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "address",
    "language",
    "note",
    "folded_email",
    "sort_name",
)
Value = TypeVar("Value")

_MANY: Final = 500
"""Values in one statement."""


class DriverRecords:
    """The DriverStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, draft: DriverDraft, at: datetime) -> DriverNumber:
        row = self._unit.upsert(
            f"INSERT INTO driver ({', '.join(_TEXTS)}, added_at) VALUES ({'?, ' * len(_TEXTS)}?) RETURNING number",
            (*_written(draft), to_micros(at)),
        )
        return DriverNumber(row[0])

    def replace(self, number: DriverNumber, draft: DriverDraft) -> bool:
        changes = ", ".join(f"{name} = ?" for name in _TEXTS)
        return self._unit.execute(f"UPDATE driver SET {changes} WHERE number = ?", (*_written(draft), number)) > 0

    def find(self, number: DriverNumber) -> Driver | None:
        row = self._unit.one(f"SELECT {', '.join(_SHOWN.split())} FROM driver WHERE number = ?", (number,))
        return None if row is None else _to_driver(row)

    def forget(self, number: DriverNumber) -> bool:
        self._unit.execute("UPDATE id_token SET driver = NULL, note = '' WHERE driver = ?", (number,))
        return self._unit.execute("DELETE FROM driver WHERE number = ?", (number,)) > 0

    def list(self, search: str | None, page: PageRequest) -> Page[Driver]:
        columns = driver.c
        statement = select(*columns_of(driver, _SHOWN), columns.sort_name).order_by(columns.sort_name, columns.number)
        if page.after is not None:
            number, _, name = page.after.partition(" ")
            last = int(number) if number.isdecimal() and len(number) < 19 else 0
            is_later = (columns.sort_name > name) | ((columns.sort_name == name) & (columns.number > last))
            statement = statement.where(is_later)
        if search:
            full_name = columns.first_name + " " + columns.last_name
            matches = contains(full_name, search) | contains(columns.email, search) | contains(columns.phone, search)
            statement = statement.where(matches | contains(columns.note, search))
        rows = self._unit.select(paged(statement, page))
        return page_of(rows, page, lambda row: _to_driver(row[:-1]), lambda row: f"{row[0]} {row[-1]}")

    def names(self, numbers: Collection[DriverNumber]) -> Mapping[DriverNumber, DriverName]:
        columns = columns_of(driver, "number first_name last_name email")
        rows = [
            row
            for some in _parts([*numbers])
            for row in self._unit.select(select(*columns).where(driver.c.number.in_(some)))
        ]
        return {row[0]: _to_name(row) for row in rows}

    def names_of_tags(self, id_tokens: Collection[str]) -> Mapping[str, DriverName]:
        tag = metadata.tables["id_token"]
        columns = [tag.c.folded, *columns_of(driver, "number first_name last_name email")]
        joined = select(*columns).join(driver, driver.c.number == tag.c.driver)
        rows = [
            row
            for some in _parts(sorted({fold(one) for one in id_tokens}))
            for row in self._unit.select(joined.where(tag.c.folded.in_(some)))
        ]
        return {row[0]: _to_name(row[1:]) for row in rows}

    def with_email(self, emails: Collection[str]) -> Sequence[tuple[str, DriverNumber]]:
        wanted = sorted({email.lower() for email in emails})
        columns = columns_of(driver, "folded_email number")
        return [
            (row[0], DriverNumber(row[1]))
            for some in _parts(wanted)
            for row in self._unit.select(select(*columns).where(driver.c.folded_email.in_(some)))
        ]


def _parts(values: Sequence[Value]) -> list[Sequence[Value]]:
    return [values[start : start + _MANY] for start in range(0, len(values), _MANY)]


def _written(draft: DriverDraft) -> tuple[str, ...]:
    texts = (draft.first_name, draft.last_name, draft.email, draft.phone, draft.address, draft.language, draft.note)
    return (*texts, draft.email.lower(), sort_name(draft))


def _to_driver(row: Row) -> Driver:
    number, first_name, last_name, email, phone, address, language, note, added_at = row
    return Driver(
        number=number,
        first_name=first_name,
        last_name=last_name,
        email=email,
        phone=phone,
        address=address,
        language=language,
        note=note,
        added_at=from_micros(added_at),
    )


def _to_name(row: Row) -> DriverName:
    number, first_name, last_name, email = row
    return DriverName(number, name_of(number, DriverDraft(first_name=first_name, last_name=last_name, email=email)))
