"""The PostgreSQL that the tests start for themselves: it serves, keeps databases apart, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psycopg
import pytest

from tests.support.components import not_run
from tests.support.postgresql import INSTALL_COMMAND, PostgresqlServer, find_binaries, running_postgresql


def setting(url: str, name: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def test_databases_are_apart(postgresql_server: PostgresqlServer) -> None:
    one, other = postgresql_server.create_database(), postgresql_server.create_database()
    with psycopg.connect(one) as connection:
        connection.execute("CREATE TABLE only_here (id integer)")
    with psycopg.connect(other) as connection:
        found = connection.execute("SELECT to_regclass('only_here')").fetchone()
    assert found == (None,)


def test_a_dropped_database_is_gone_even_with_somebody_connected(postgresql_server: PostgresqlServer) -> None:
    url = postgresql_server.create_database()
    with psycopg.connect(url):
        postgresql_server.drop_database(url)
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            psycopg.connect(url)


def test_what_was_committed_is_on_disk(postgresql_server: PostgresqlServer) -> None:
    url = postgresql_server.create_database()
    assert [setting(url, name) for name in ("fsync", "synchronous_commit", "full_page_writes")] == ["on", "on", "on"]


def test_it_listens_on_loopback_alone(postgresql_server: PostgresqlServer) -> None:
    assert setting(postgresql_server.create_database(), "listen_addresses") == "127.0.0.1"


def test_a_frozen_server_stops_and_leaves_nothing_behind() -> None:
    binaries = find_binaries()
    if binaries is None:
        not_run("PostgreSQL", INSTALL_COMMAND)
    with running_postgresql(binaries) as server:
        url, pid = server.create_database(), server.pid
        folder = Path(setting(url, "data_directory")).parent
        assert folder.is_dir()
        os.kill(pid, signal.SIGSTOP)
    assert not folder.exists()
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_a_database_url_opens_an_empty_database(database_url: str) -> None:
    scheme, _, place = database_url.partition("://")
    if scheme == "sqlite":
        assert not Path(place.removeprefix("/")).exists()
    else:
        with psycopg.connect(database_url) as connection:
            tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        assert tables == (0,)
