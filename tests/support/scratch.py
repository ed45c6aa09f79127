"""The real stores over an SQLite database in memory: as quick as a double, and it cannot disagree with them."""

from __future__ import annotations

import functools
import sqlite3
import tempfile
from pathlib import Path

import sqlalchemy

from forecourt.storage.bulk import Bulk
from forecourt.storage.connection import Row
from forecourt.storage.sqlite import SqliteConnection
from forecourt.storage.tables import metadata
from forecourt.storage.unit_of_work import Unit


class ScratchConnection(SqliteConnection):
    """An empty database of its own, which goes with the connection."""

    def __init__(self) -> None:
        super().__init__(_locks() / "scratch.db")

    def _open(self) -> sqlite3.Connection:
        raw = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        _template().backup(raw)
        raw.execute("PRAGMA foreign_keys = ON")
        return raw


class ScratchUnit(Unit):
    """A unit of work without an end: everything is written at once, and what it rings for is remembered."""

    def __init__(self) -> None:
        self.connection = ScratchConnection()
        super().__init__(self.connection)

    def append(self, bulk: Bulk, row: Row) -> None:
        self.connection.write_rows(bulk, [row])

    def ring(self, topic: str) -> None:
        self.rings.append(topic)

    def _save(self) -> None:
        """Nothing is taken back but by the workspace as a whole."""


@functools.cache
def _template() -> sqlite3.Connection:
    raw = sqlite3.connect(":memory:", check_same_thread=False)
    engine = sqlalchemy.create_engine("sqlite://", creator=lambda: raw, poolclass=sqlalchemy.StaticPool)
    metadata.create_all(engine)
    return raw


@functools.cache
def _locks() -> Path:
    return Path(tempfile.mkdtemp(prefix="forecourt-scratch-"))
