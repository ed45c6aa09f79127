"""One unit of work inside a group that is committed together.

Writes that later work of the group must see are made at once, behind a savepoint that is set only when there is
such a write. Appended rows are collected and written in bulk. A unit that fails takes back only its own.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.sql import Select

from forecourt.storage.bulk import Bulk
from forecourt.storage.connection import Connection, Parameters, Row
from forecourt.storage.errors import RowRefused


class Unit:
    """The stores of one storage thread share one of these; the committer opens and closes it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[Bulk, list[Row]] = {}
        self._keyed: dict[Bulk, dict[Row, Row]] = {}
        self._new: list[tuple[Bulk, Row]] = []
        self._is_saved = False
        self._new_rings: list[str] = []
        self.rings: list[str] = []
        """What to tell others about after the commit: a word and what it is about, such as ``station CP-7``."""

    # For stores

    def one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        return self._connection.one(sql, parameters)

    def all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        return self._connection.all(sql, parameters)

    def select(self, statement: Select[Any]) -> list[Row]:
        return self._connection.select(statement)

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Write at once. Returns the number of rows that were changed."""
        self._save()
        return self._connection.execute(sql, parameters)

    def insert(self, sql: str, parameters: Parameters) -> Row | None:
        """Write at once, with RETURNING; None when nothing was written."""
        self._save()
        return self._connection.one(sql, parameters)

    def upsert(self, sql: str, parameters: Parameters) -> Row:
        """Write at once, with RETURNING, a row that is written in any case."""
        row = self.insert(sql, parameters)
        if row is None:
            raise RowRefused("an upsert wrote no row")
        return row

    def append(self, bulk: Bulk, row: Row) -> None:
        """Write before the commit, together with others. No unit of this group can read it back."""
        self._new.append((bulk, row))

    def ring(self, topic: str) -> None:
        """Tell others after the commit."""
        self._new_rings.append(topic)

    # For the committer

    def keep(self) -> None:
        """The unit is done: what it wrote belongs to the group."""
        if self._is_saved:
            self._connection.execute("RELEASE SAVEPOINT unit")
            self._is_saved = False
        for bulk, row in self._new:
            if bulk.key_indexes:
                self._collect_keyed(bulk, row)
            else:
                self._rows.setdefault(bulk, []).append(row)
        self._new.clear()
        if self._new_rings:
            self.rings += self._new_rings
            self._new_rings.clear()

    def drop(self) -> None:
        """The unit failed: take back what it wrote."""
        self._new.clear()
        self._new_rings.clear()
        if self._is_saved:
            self._is_saved = False
            self._connection.execute("ROLLBACK TO SAVEPOINT unit")
            self._connection.execute("RELEASE SAVEPOINT unit")

    def flush_all(self) -> None:
        """Write all that the group has collected.

        Rows that others may write too are locked in one order everywhere, so that two groups cannot wait for one
        another.
        """
        for bulk, rows in self._rows.items():
            self._connection.write_rows(bulk, rows)
        for bulk in sorted(self._keyed, key=lambda one: one.name):
            keyed = self._keyed[bulk]
            self._connection.write_rows(bulk, [keyed[key] for key in sorted(keyed)])

    def forget(self) -> None:
        """The group ended, one way or the other."""
        self._rows.clear()
        self._keyed.clear()
        self._new.clear()
        self._is_saved = False
        self._new_rings.clear()
        self.rings = []

    # Inside

    def _save(self) -> None:
        if not self._is_saved:
            self._connection.execute("SAVEPOINT unit")
            self._is_saved = True

    def _collect_keyed(self, bulk: Bulk, row: Row) -> None:
        rows = self._keyed.setdefault(bulk, {})
        key = tuple(row[index] for index in bulk.key_indexes)
        old = rows.get(key)
        rows[key] = row if old is None else bulk.merged(old, row)
