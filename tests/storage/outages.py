"""Outages of a database that a test brings about and ends."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import psycopg
from psycopg import sql

from forecourt.storage.database import Database

DEADLINE_SECONDS = 20.0


@contextmanager
def out_of_order(database: Database) -> Iterator[None]:
    """No unit of work can be done meanwhile. Ends what is connected to PostgreSQL; holds the lock of SQLite."""
    with _locked(database) if database.is_sqlite else _closed(database.url):
        yield


@contextmanager
def _locked(database: Database) -> Iterator[None]:
    with closing(sqlite3.connect(database.path, timeout=10, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def _closed(url: str) -> Iterator[None]:
    server, _, name = url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        alter = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
        connection.execute(alter.format(sql.Identifier(name), sql.SQL("false")))
        end_all_sessions(url)
        try:
            yield
        finally:
            connection.execute(alter.format(sql.Identifier(name), sql.SQL("true")))


def end_all_sessions(url: str) -> None:
    """Ends every session on a database, as an administrator does; returns when they are gone."""
    server, _, name = url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        where = "FROM pg_stat_activity WHERE datname = %s"
        connection.execute(f"SELECT pg_terminate_backend(pid) {where}", [name])
        deadline = time.monotonic() + DEADLINE_SECONDS
        while connection.execute(f"SELECT 1 {where}", [name]).fetchone():
            assert time.monotonic() < deadline
            time.sleep(0.01)


def crash(url: str) -> None:
    """Kills a server process of PostgreSQL: the whole server crashes, recovers from its log and starts again."""
    connection = psycopg.connect(url)
    os.kill(connection.info.backend_pid, signal.SIGKILL)
    connection.close()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError), psycopg.connect(url) as again:
            again.execute("SELECT 1")
            return
        time.sleep(0.05)
    raise AssertionError("PostgreSQL did not start again")
