"""Rows that are collected during a group of units of work and written together just before its commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, Table, Text

_POSTGRESQL_TYPES: Final = {
    BigInteger: "bigint",
    Boolean: "boolean",
    Double: "double precision",
    Integer: "integer",
    Text: "text",
}

Merge = Callable[[tuple[Any, ...], tuple[Any, ...]], tuple[Any, ...]]  # rows have the columns of their own table


class Bulk:
    """How rows are added to one table.

    With a ``key``, a row replaces the one that has the same key; ``assignments`` says otherwise for single
    columns (SQL that may name ``excluded``), and ``newest_by`` keeps the stored row where its value in that
    column is higher. ``merge`` does the same for two rows of one group.
    """

    def __init__(
        self,
        table: Table,
        columns: Sequence[str],
        *,
        key: Sequence[str] = (),
        assignments: Mapping[str, str] | None = None,
        newest_by: str | None = None,
        merge: Merge | None = None,
    ) -> None:
        self.name = table.name
        self.key_indexes = tuple(columns.index(name) for name in key)
        self._newest_index = None if newest_by is None else columns.index(newest_by)
        self._merge = merge
        names = ", ".join(columns)
        ending = _on_conflict(table.name, columns, key, assignments or {}, newest_by)
        self.sqlite_sql = f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(columns))}){ending}"
        arrays = ", ".join(f"%s::{_postgresql_type(table.c[name])}[]" for name in columns)
        self.postgresql_sql = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays}){ending}"

    def merged(self, old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
        """The one row that stands for two of the same key."""
        if self._merge is not None:
            return self._merge(old, new)
        if self._newest_index is not None and new[self._newest_index] < old[self._newest_index]:
            return old
        return new


def _on_conflict(
    table: str, columns: Sequence[str], key: Sequence[str], assignments: Mapping[str, str], newest_by: str | None
) -> str:
    if not key:
        return ""
    changes = ", ".join(f"{name} = {assignments.get(name, 'excluded.' + name)}" for name in columns if name not in key)
    condition = f" WHERE excluded.{newest_by} >= {table}.{newest_by}" if newest_by else ""
    return f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}{condition}"


def _postgresql_type(column: Column[Any]) -> str:
    return _POSTGRESQL_TYPES[type(column.type)]
