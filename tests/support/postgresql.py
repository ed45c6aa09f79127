"""A private PostgreSQL for the tests, from Debian's binaries: started when first needed, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.support.components import not_run
from tests.support.ports import free_port

INSTALL_COMMAND = "apt-get install postgresql"
_OLDEST_VERSION = 15
_START_DEADLINE_SECONDS = 60.0
_STOP_DEADLINE_SECONDS = 60.0


class PostgresqlError(Exception):
    """PostgreSQL did not do what the tests asked of it; the text holds its own last words."""


class PostgresqlServer:
    """A running server that trusts everybody on 127.0.0.1 and keeps Debian's defaults otherwise, fsync among them."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self._numbers = count(1)
        self.port = port

    @property
    def pid(self) -> int:
        """The postmaster. Each connection is served by a child of it, with a process group of its own."""
        return self._process.pid

    def create_database(self) -> str:
        """Makes an empty database and returns its URL."""
        name = f"forecourt_{next(self._numbers)}"
        self._administer(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        return self._url(name)

    def drop_database(self, url: str) -> None:
        """Removes a database that `create_database` made, and closes whatever is still connected to it."""
        name = url.rpartition("/")[2]
        self._administer(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


def find_binaries() -> Path | None:
    """The folder of the newest PostgreSQL that the tests can use, or None."""
    found: list[tuple[int, Path | None]] = [
        (int(initdb.parts[-3]), initdb.parent)
        for initdb in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if initdb.parts[-3].isdecimal()
    ]
    version, folder = max(found, default=(0, None))
    return folder if version >= _OLDEST_VERSION else None


@contextmanager
def running_postgresql(binaries: Path) -> Iterator[PostgresqlServer]:
    """Makes a cluster in a temporary folder, serves it, and removes it all at the end.

    Raises PostgresqlError when the server does not start or does not stop in time.
    """
    folder = Path(tempfile.mkdtemp(prefix="forecourt-postgresql-"))
    try:
        if (owner := _server_user()) is not None:
            shutil.chown(folder, owner, owner)
        _initialise(binaries, folder)
        process, port = _start(binaries, folder)
        try:
            yield PostgresqlServer(process, port)
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """One server for the whole session."""
    binaries = find_binaries()
    if binaries is None:
        not_run("PostgreSQL", INSTALL_COMMAND)
    with running_postgresql(binaries) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind, as FORECOURT_DATABASE names it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'forecourt.db'}"
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    url = server.create_database()
    yield url
    server.drop_database(url)


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root, so root runs it as the user that Debian's package made for it."""
    return "postgres" if os.geteuid() == 0 else None


def _as_server_user(command: list[str], *, dies_with_the_tests: bool = False) -> list[str]:
    options = ["--pdeathsig", "INT"] if dies_with_the_tests else []
    if (user := _server_user()) is not None:
        entry = pwd.getpwnam(user)
        options += [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--init-groups"]
    return ["setpriv", *options, *command] if options else command


def _initialise(binaries: Path, folder: Path) -> None:
    command = [str(binaries / "initdb"), f"--pgdata={folder / 'data'}", "--username=postgres", "--auth=trust"]
    command += ["--encoding=UTF8", "--locale=C.UTF-8"]
    made = subprocess.run(
        _as_server_user(command),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_START_DEADLINE_SECONDS,
        check=False,
    )
    if made.returncode != 0:
        raise PostgresqlError(f"initdb could not make a cluster in {folder}:\n{made.stdout.decode(errors='replace')}")


def _start(binaries: Path, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    log = folder / "log"
    port = free_port()
    process = _launch(binaries, folder, port, log)
    if _becomes_ready(process, port):
        return process, port
    raise PostgresqlError(f"PostgreSQL did not start in {folder}:\n{log.read_text(errors='replace')}")


def _launch(binaries: Path, folder: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    command = [str(binaries / "postgres"), "-D", str(folder / "data"), "-p", str(port), "-k", str(folder)]
    command += ["-c", "listen_addresses=127.0.0.1"]
    with log.open("wb") as output:
        return subprocess.Popen(
            _as_server_user(command, dies_with_the_tests=True),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C at the terminal is for the tests; the server is stopped when they are through.
            start_new_session=True,
        )


def _becomes_ready(process: subprocess.Popen[bytes], port: int) -> bool:
    """False when the server gave up by itself."""
    deadline = time.monotonic() + _START_DEADLINE_SECONDS
    while process.poll() is None:
        try:
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres").close()
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                _stop(process)
                raise PostgresqlError(f"PostgreSQL started but refuses connections: {error}") from error
            time.sleep(0.02)
        else:
            return True
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """A fast shutdown: connections are closed and what was committed is written."""
    # A test may have frozen the server, and a frozen process does not see the signal.
    process.send_signal(signal.SIGCONT)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_DEADLINE_SECONDS)
    except subprocess.TimeoutExpired as expired:
        process.kill()
        process.wait()
        raise PostgresqlError(f"PostgreSQL did not stop within {_STOP_DEADLINE_SECONDS:.0f} s") from expired
