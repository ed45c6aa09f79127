"""A connection to PostgreSQL; one that was lost is opened anew at the next unit of work."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import psycopg
from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy.dialects.postgresql import psycopg as dialect
from sqlalchemy.sql import Select

from forecourt.storage.bulk import Bulk
from forecourt.storage.compiling import Compiling
from forecourt.storage.connection import Parameters, Row
from forecourt.storage.errors import Collided, RowRefused, Unavailable

CONNECT_SECONDS: Final = 5
STATEMENT_MILLISECONDS: Final = 15_000
"""A statement that takes longer is ended, so that a station is told before it gives up waiting."""

_compiled: Final = Compiling(dialect.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy does not annotate it

_Result = TypeVar("_Result")


class PostgresqlConnection:
    """One connection; see the Protocol for what its methods promise."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._raw: psycopg.Connection[Row] | None = None

    def _connected(self) -> psycopg.Connection[Row]:
        if self._raw is None or self._raw.closed or self._raw.broken:
            self._raw = psycopg.connect(
                self._url,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                prepare_threshold=2,
                keepalives_idle=10,
                tcp_user_timeout=20_000,
                options=f"-c statement_timeout={STATEMENT_MILLISECONDS} -c synchronous_commit=on -c timezone=UTC",
            )
        return self._raw

    def begin(self) -> None:
        self._begin("BEGIN")

    def begin_reading(self) -> None:
        self._begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def _begin(self, begin: str) -> None:
        def act() -> None:
            try:
                self._connected().execute(begin)
            except psycopg.OperationalError:
                if self._raw is None or not self._raw.closed:
                    raise
                self._connected().execute(begin)  # the server had ended the session while it was idle

        self._do(act)

    def commit(self) -> None:
        cursor = self.run("COMMIT")
        if cursor.statusmessage != "COMMIT":  # PostgreSQL answers ROLLBACK when the transaction had failed
            raise Unavailable(f"the transaction was not committed: {cursor.statusmessage}")

    def rollback(self) -> None:
        if self._raw is None:
            return
        try:
            self._raw.execute("ROLLBACK")
        except psycopg.Error:
            self._raw.close()

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        return self.run(sql, parameters).rowcount

    def one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        return self.run(sql, parameters).fetchone()

    def all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        return self.run(sql, parameters).fetchall()

    def write_rows(self, bulk: Bulk, rows: Sequence[Row]) -> None:
        columns = [list(column) for column in zip(*rows, strict=True)]
        self._do(lambda: self._live().execute(bulk.postgresql_sql, columns))

    def select(self, statement: Select[Any]) -> list[Row]:
        compiled = _compiled(statement)
        return self._do(lambda: self._live().execute(compiled.statement, compiled.parameters).fetchall())

    def close(self) -> None:
        if self._raw is not None:
            self._raw.close()

    def run(self, sql: str, parameters: Parameters = ()) -> psycopg.Cursor[Row]:
        return self._do(lambda: self._live().execute(_with_percent(sql), parameters or None))

    def _live(self) -> psycopg.Connection[Row]:
        """The connection of the transaction that was begun. It is never opened anew in the middle of one."""
        if self._raw is None:
            raise Unavailable("there is no connection to the database")
        return self._raw

    def _do(self, act: Callable[[], _Result]) -> _Result:
        try:
            return act()
        except (DeadlockDetected, SerializationFailure) as error:
            raise Collided(str(error)) from error
        except (psycopg.IntegrityError, psycopg.DataError, psycopg.ProgrammingError, UnicodeError) as error:
            raise RowRefused(str(error)) from error
        except psycopg.Error as error:
            raise Unavailable(str(error)) from error


@functools.cache
def _with_percent(sql: str) -> str:
    return sql.replace("?", "%s")
