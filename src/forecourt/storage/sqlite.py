"""A connection to SQLite: WAL, every commit synchronised to disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy.dialects import sqlite as dialect
from sqlalchemy.sql import Select

from forecourt.storage.bulk import Bulk
from forecourt.storage.compiling import Compiling
from forecourt.storage.connection import Parameters, Row
from forecourt.storage.errors import RowRefused, StorageError, Unavailable
from forecourt.storage.turn import Turn

BUSY_SECONDS: Final = 5.0
"""How long to wait for a program that knows nothing of our turns, such as a shell or a backup."""

_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -65536",
    "PRAGMA temp_store = MEMORY",
    # A page that is written again and again reaches the database once per checkpoint: fewer are cheaper.
    "PRAGMA wal_autocheckpoint = 8000",
)

_compiled: Final = Compiling(dialect.dialect(paramstyle="qmark"))

_Result = TypeVar("_Result")


class SqliteConnection:
    """One connection; see the Protocol for what its methods promise."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = Turn(path)
        self._raw: sqlite3.Connection | None = self._open()

    def _open(self) -> sqlite3.Connection:
        try:
            raw = sqlite3.connect(
                self._path,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,  # a unit of work stays on one thread; closing may happen on another
                cached_statements=256,
            )
            for pragma in _PRAGMAS:
                raw.execute(pragma)
        except sqlite3.Error as error:
            raise Unavailable(f"the SQLite database {self._path} cannot be opened: {error}") from error
        return raw

    def begin(self) -> None:
        self._turn.take()
        try:
            self._do(self._connected, "BEGIN IMMEDIATE")
        except StorageError:
            self._turn.give()
            raise

    def begin_reading(self) -> None:
        self._do(self._connected, "BEGIN")

    def commit(self) -> None:
        self._do(self._live().execute, "COMMIT")
        self._turn.give()

    def rollback(self) -> None:
        try:
            if self._raw is not None and self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
        except sqlite3.Error:
            self._raw = None
        finally:
            self._turn.give()

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        return self._do(self._live().execute, sql, parameters).rowcount

    def one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        rows = self._do(self._fetch, sql, parameters)
        return rows[0] if rows else None

    def all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        return self._do(self._fetch, sql, parameters)

    def write_rows(self, bulk: Bulk, rows: Sequence[Row]) -> None:
        self._do(self._live().executemany, bulk.sqlite_sql, rows)

    def select(self, statement: Select[Any]) -> list[Row]:
        compiled = _compiled(statement)
        return self.all(compiled.statement, compiled.positional_parameters)

    def close(self) -> None:
        if self._raw is not None:
            self._raw.close()
        self._turn.close()

    def _fetch(self, sql: str, parameters: Parameters) -> list[Row]:
        return self._live().execute(sql, parameters).fetchall()

    def _connected(self, begin: str) -> None:
        """Begin, on a new connection where the old one was beyond repair."""
        if self._raw is None:
            self._raw = self._open()
        self._raw.execute(begin)

    def _live(self) -> sqlite3.Connection:
        if self._raw is None:
            raise Unavailable(f"there is no connection to {self._path}")
        return self._raw

    def _do(self, act: Callable[..., _Result], *arguments: Any) -> _Result:  # passes on what the driver takes
        try:
            return act(*arguments)
        except (
            sqlite3.IntegrityError,
            sqlite3.DataError,
            sqlite3.ProgrammingError,
            OverflowError,
            UnicodeError,
        ) as error:
            raise RowRefused(str(error)) from error
        except sqlite3.Error as error:
            raise Unavailable(str(error)) from error
