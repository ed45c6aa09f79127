"""Tests of the start of the system: what it makes, what it says, and why it refuses."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from forecourt.app import node, process
from forecourt.app.database import open_database
from forecourt.config import Config
from forecourt.domain.services import Services
from forecourt.passwords import Argon2Hasher
from forecourt.settings import Address, Secret
from tests.support.ports import free_port
from tests.support.vault import SECRET_KEY

SRC = Path(__file__).resolve().parents[1] / "src"
DEADLINE_SECONDS = 60.0


def a_free_address() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FORECOURT_")}
    return {
        **inherited,
        "PYTHONPATH": str(SRC),
        "PYTHONUNBUFFERED": "1",
        "FORECOURT_DATA": str(tmp_path / "data"),
        "FORECOURT_STATIONS": a_free_address(),
        "FORECOURT_CONSOLE": a_free_address(),
        "FORECOURT_FILES_HTTP": a_free_address(),
    }


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data=tmp_path / "data")


def refused(environment: dict[str, str], folder: Path) -> str:
    """What a start says that is refused."""
    ended = subprocess.run(
        [sys.executable, "-m", "forecourt", "serve"],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    return ended.stdout + ended.stderr


class Running:
    """A system that was started and says so."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""

    def wait_until_it_says(self, text: str) -> None:
        assert self.process.stdout is not None
        while text not in self.said:
            line = self.process.stdout.readline()
            assert line, self.said
            self.said += line

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        rest, _ = self.process.communicate(timeout=DEADLINE_SECONDS)
        self.said += rest
        return self.process.returncode


@pytest.fixture
def running(environment: dict[str, str], tmp_path: Path) -> Iterator[Running]:
    process = subprocess.Popen(
        [sys.executable, "-m", "forecourt", "serve"],
        env=environment,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        started = Running(process)
        try:
            started.wait_until_it_says("/api/v1/docs")
            yield started
        finally:
            if process.poll() is None:
                started.stop()


def test_a_start_says_where_it_is_and_a_second_one_is_refused(
    running: Running, environment: dict[str, str], tmp_path: Path
) -> None:
    for name in ("STATIONS", "CONSOLE"):
        assert environment[f"FORECOURT_{name}"] in running.said
    said = refused(environment, tmp_path)
    assert str(tmp_path / "data") in said
    assert "already" in said
    assert running.stop() == 0
    assert "Traceback" not in running.said


# The administrator


def prepared(config: Config) -> str | None:
    """The password that a start makes, or None when it makes none."""
    said: list[str] = []
    asyncio.run(node._prepare(config, said.append))
    return said[0].removeprefix("The password of the user admin is ").split()[0] if said else None


def password_hash(config: Config) -> str:
    def look(services: Services) -> str | None:
        return services.access.password_hash("admin")

    async def main() -> str | None:
        async with open_database(config) as (workspace, _bell):
            return await workspace.read(look)

    found = asyncio.run(main())
    assert found is not None
    return found


def test_the_first_start_makes_a_password_and_shows_it_once(config: Config) -> None:
    made = prepared(config)
    assert made is not None
    assert len(made) >= 12
    assert made not in password_hash(config)
    assert Argon2Hasher().is_match(password_hash(config), made)
    assert prepared(config) is None
    assert Argon2Hasher().is_match(password_hash(config), made)


def test_a_password_that_is_set_is_taken_and_never_shown(config: Config) -> None:
    for given in ("first password", "second password"):
        chosen = Config(data=config.data, admin_password=Secret(given))
        assert prepared(chosen) is None
        before = password_hash(config)
        assert Argon2Hasher().is_match(before, given)
        assert prepared(chosen) is None
        assert password_hash(config) == before, "it is hashed anew only when it changed"
    assert prepared(config) is None
    assert Argon2Hasher().is_match(password_hash(config), "second password")


def test_the_data_is_readable_by_the_owner_only(config: Config) -> None:
    prepared(config)
    assert config.data.stat().st_mode & 0o077 == 0


# Why it refuses


@pytest.mark.parametrize("name", ["STATIONS", "CONSOLE"])
def test_an_address_in_use_is_refused_with_the_setting_that_changes_it(
    environment: dict[str, str], tmp_path: Path, name: str
) -> None:
    host, _, port = environment[f"FORECOURT_{name}"].partition(":")
    with closing(socket.create_server((host, int(port)))):
        said = refused(environment, tmp_path)
    assert environment[f"FORECOURT_{name}"] in said
    assert f"FORECOURT_{name}" in said


@pytest.mark.parametrize(
    "url", ["sqlite:////proc/no/such/folder/forecourt.db", "postgresql://someone:s3cret@127.0.0.1:1/forecourt"]
)
def test_a_database_out_of_reach_is_refused_in_words(environment: dict[str, str], tmp_path: Path, url: str) -> None:
    said = refused({**environment, "FORECOURT_DATABASE": url, "FORECOURT_SECRET_KEY": SECRET_KEY}, tmp_path)
    assert "SECRET_KEY" not in said
    assert re.search("database", said)
    assert "s3cret" not in said


def test_the_lock_ends_with_the_one_that_held_it(config: Config) -> None:
    config.data.mkdir()
    with (
        process.only_one(config.data),
        pytest.raises(process.StartError, match="already"),
        process.only_one(config.data),
    ):
        pass
    with process.only_one(config.data):
        pass


# The machine


def test_few_file_descriptors_are_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (1024, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limits: asked.append(limits))
    process.raise_file_limit()
    assert asked == [(4096, 4096)]
    said = capsys.readouterr().out
    assert "few_file_descriptors" in said
    assert "4096" in said


@pytest.mark.parametrize("hard", [resource.RLIM_INFINITY, 1_000_000])
def test_enough_file_descriptors_are_taken_silently(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], hard: int
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (1024, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limits: asked.append(limits))
    process.raise_file_limit()
    assert asked == [(process.FILES_WANTED, hard)]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "127.0.0.1")])
def test_whether_somebody_listens_is_found_out_at_any_host(host: str, shown: str) -> None:
    async def main() -> None:
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), shown, 0)
        port = server.sockets[0].getsockname()[1]
        assert await process.is_listening(Address(host, port))
        server.close()
        await server.wait_closed()
        assert not await process.is_listening(Address(host, port))

    asyncio.run(main())
