"""Which database it is, and how it is brought up to date."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import sqlalchemy

from forecourt.storage.bell import Bell, LocalBell
from forecourt.storage.connection import Connection
from forecourt.storage.errors import StorageError
from forecourt.storage.sqlite import SqliteConnection
from forecourt.storage.turn import Turn

MIGRATIONS: Final = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Database:
    """A SQLite file or a PostgreSQL database, named by its URL."""

    url: str

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite:")

    @property
    def path(self) -> Path:
        """The file of a SQLite database."""
        return Path(unquote(self.url.removeprefix("sqlite:///").partition("?")[0]))

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return sqlalchemy.make_url(self.url).render_as_string(hide_password=True)

    @property
    def writers(self) -> int:
        """Storage threads per process: SQLite has one writer, PostgreSQL answers several at once."""
        return 1 if self.is_sqlite else 4

    def connect(self) -> Connection:
        """A connection. Raises Unavailable."""
        if self.is_sqlite:
            return SqliteConnection(self.path)
        from forecourt.storage.postgresql import PostgresqlConnection  # noqa: PLC0415  # who has SQLite loads no driver

        return PostgresqlConnection(self.url)

    def bell(self) -> Bell:
        """What rings in the other processes on this database."""
        if self.is_sqlite:
            return LocalBell(self.path.with_name(f"{self.path.name}-bell"))
        from forecourt.storage.postgresql_bell import PostgresqlBell  # noqa: PLC0415  # as above

        return PostgresqlBell(self.url)

    def migrate(self) -> None:
        """Create or update the tables, one process at a time. Raises StorageError."""
        with self._alone():
            if self.version() == newest_version():
                return
            from forecourt.storage import migrating  # noqa: PLC0415  # half a second of imports, needed once

            migrating.upgrade(self.url)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        if not self.is_sqlite:  # PostgreSQL has a lock for this
            yield
            return
        turn = Turn(self.path)
        turn.take()
        try:
            yield
        finally:
            turn.give()
            turn.close()

    def version(self) -> str | None:
        """The number of the newest change that was made to the tables; None as long as that cannot be read."""
        connection = self.connect()
        try:
            connection.begin_reading()
            row = connection.one("SELECT version_num FROM alembic_version")
        except StorageError:
            return None
        finally:
            connection.rollback()
            connection.close()
        return None if row is None else str(row[0])


def newest_version() -> str:
    """The version that this code expects, which is that of the last migration."""
    return max(file.name.partition("_")[0] for file in MIGRATIONS.glob("versions/[0-9]*.py"))
