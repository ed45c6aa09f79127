"""Brings a database up to date: all of it or nothing."""

from __future__ import annotations

import sqlite3
from typing import Final

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from forecourt.storage.database import MIGRATIONS
from forecourt.storage.errors import StorageError, Unavailable

_LOCK: Final = 0x466F7265_636F7572
"""PostgreSQL's advisory lock under which one node migrates while the others wait."""


def upgrade(url: str) -> None:
    """Raises StorageError."""
    try:
        with _engine(url).connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_lock(_LOCK)))
                connection.commit()
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise Unavailable(f"the database could not be brought up to date: {error}") from error
    except CommandError as error:
        reason = f"the database was written by another version of Forecourt ({error}); use that one or a newer one"
        raise StorageError(reason) from error


def _engine(url: str) -> sqlalchemy.Engine:
    url = url.replace("postgresql:", "postgresql+psycopg:", 1)
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    if engine.dialect.name == "sqlite":  # its driver would commit each change of the schema by itself
        sqlalchemy.event.listen(engine, "connect", _leave_transactions_to_us)
        sqlalchemy.event.listen(engine, "begin", _begin_immediately)
    return engine


def _leave_transactions_to_us(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None


def _begin_immediately(connection: sqlalchemy.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
