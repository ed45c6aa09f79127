"""One connection to a database, reduced to what the units of work need. Two kinds exist: SQLite and PostgreSQL.

SQL is written once, with ``?`` for parameters and in the common ground of both (``ON CONFLICT``, ``RETURNING``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

from sqlalchemy.sql import Select

from forecourt.storage.bulk import Bulk

Row: TypeAlias = tuple[Any, ...]  # what a driver returns; each store knows its own columns
Parameters: TypeAlias = Sequence[object]


class Connection(Protocol):
    """Raises Unavailable or RowRefused, whatever the driver raises. Used by one thread at a time."""

    def begin(self) -> None:
        """Begin to write, when it is this connection's turn."""
        ...

    def begin_reading(self) -> None:
        """Begin to read one consistent state."""
        ...

    def commit(self) -> None:
        """When this returns, everything since :meth:`begin` is on disk."""
        ...

    def rollback(self) -> None:
        """Never raises; a connection that is beyond repair is opened anew at the next :meth:`begin`."""
        ...

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """The number of rows that were changed."""
        ...

    def one(self, sql: str, parameters: Parameters = ()) -> Row | None: ...

    def all(self, sql: str, parameters: Parameters = ()) -> list[Row]: ...

    def write_rows(self, bulk: Bulk, rows: Sequence[Row]) -> None: ...

    def select(self, statement: Select[Any]) -> list[Row]:
        """For reading pages, whose filters are composed; the message path uses :meth:`one` and :meth:`all`."""
        ...

    def close(self) -> None: ...
