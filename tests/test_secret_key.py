"""The key that seals secrets in the database: made once, for its owner alone, and never silently another one."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from forecourt.app import node, secret_key
from forecourt.app.database import open_database
from forecourt.app.process import StartError, only_one
from forecourt.config import Config
from forecourt.domain.errands.intents import Say, Unreadable
from forecourt.domain.errands.model import Claim, Delivery, Draft, ErrandNumber, Order
from forecourt.domain.provisioning.model import StationDraft
from forecourt.domain.services import Services
from forecourt.pki.sealing import Vault
from forecourt.settings import Secret
from forecourt.storage.database import Database
from tests.support.postgresql import PostgresqlServer

SECRET = Say("ChangeConfiguration", '{"key":"AuthorizationKey","value":"6f70656e20736573616d65"}')


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data=tmp_path / "data")


def with_keys(config: Config, *keys: bytes) -> Config:
    return Config(data=config.data, secret_key=Secret(", ".join(key.decode() for key in keys)))


def opened(config: Config) -> None:
    """Open the database as every process and command does. Raises StartError."""

    async def main() -> None:
        async with open_database(config):
            pass

    asyncio.run(main())


def refused(config: Config) -> str:
    with pytest.raises(StartError) as caught:
        opened(config)
    return str(caught.value)


def keep(config: Config) -> None:
    """Write an errand that holds a secret."""

    def work(services: Services) -> None:
        station = services.provisioning.add(StationDraft(identity="CP-1")).station
        order = Order(asked_by="t", delivery=Delivery.WHEN_ONLINE)
        services.errands.ask(station, Draft(operation="X", intent=SECRET, shown="{}"), order)

    async def main() -> None:
        async with open_database(config) as (workspace, _bell):
            await workspace.write(work)

    asyncio.run(main())


def kept(config: Config) -> object:
    """The intent of that errand, read back."""

    def look(services: Services) -> Claim | None:
        return services.errands._store.find_claim(ErrandNumber(1))

    async def main() -> Claim | None:
        async with open_database(config) as (workspace, _bell):
            return await workspace.read(look)

    claim = asyncio.run(main())
    assert claim is not None
    return claim.intent


# A node with a database of its own


def test_the_first_start_makes_a_key_for_its_owner_alone(config: Config) -> None:
    opened(config)
    file = config.data / secret_key.FILE
    assert file.stat().st_mode & 0o777 == 0o600
    made = file.read_text()
    Vault([made.strip().encode()])
    opened(config)
    assert file.read_text() == made
    assert sorted(path.name for path in config.data.glob("secret*")) == [secret_key.FILE]


def _open(config: Config, barrier: multiprocessing.synchronize.Barrier) -> None:
    barrier.wait(30)
    opened(config)


def test_processes_that_start_together_have_one_key(config: Config) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    processes = [context.Process(target=_open, args=(config, barrier)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    opened(config)


def test_a_key_that_is_set_is_taken_and_none_is_made(config: Config) -> None:
    opened(with_keys(config, Vault.new_key()))
    assert not (config.data / secret_key.FILE).exists()


def test_a_lost_key_file_is_told_with_what_to_do_and_nothing_is_made_in_its_place(config: Config) -> None:
    keep(config)
    file = config.data / secret_key.FILE
    made = file.read_text()
    file.unlink()
    said = refused(config)
    for part in (str(file), "backup", "FORECOURT_SECRET_KEY", "--accept-loss", "server certificates"):
        assert part in said
    assert not file.exists()
    file.write_text(made)
    assert kept(config) == SECRET


def test_another_key_is_refused_and_harms_nothing(config: Config) -> None:
    keep(config)
    said = refused(with_keys(config, Vault.new_key()))
    for part in ("FORECOURT_SECRET_KEY", secret_key.FILE, "--accept-loss"):
        assert part in said
    assert kept(config) == SECRET


@pytest.mark.parametrize("text", ["", "abc", "ä" * 44, "x" * 44 + ",y"])
def test_what_is_no_key_is_refused_without_showing_it(config: Config, text: str) -> None:
    said = refused(Config(data=config.data, secret_key=Secret(text)))
    assert "FORECOURT_SECRET_KEY" in said
    assert "forecourt secret-key" in said
    assert not text or text not in said


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"not a key"])
def test_a_spoilt_key_file_is_told(config: Config, content: bytes) -> None:
    opened(config)
    file = config.data / secret_key.FILE
    file.write_bytes(content)
    assert str(file) in refused(config)


def test_the_key_is_changed_without_loss_when_a_node_starts(config: Config) -> None:
    keep(config)
    old = (config.data / secret_key.FILE).read_bytes().strip()
    new = Vault.new_key()
    both = with_keys(config, new, old)
    opened(both)
    with closing(sqlite3.connect(Database(config.database_url).path)) as connection:
        [(before,)] = connection.execute("SELECT intent FROM errand").fetchall()
    said: list[str] = []
    asyncio.run(node._prepare(both, said.append))
    (config.data / secret_key.FILE).unlink()
    assert files_with(config, before) == [], "what the old key opens is in no file any more"
    assert kept(with_keys(config, new)) == SECRET
    assert "another key" in refused(with_keys(config, old))


def test_what_is_lost_can_be_given_up(config: Config) -> None:
    keep(config)
    (config.data / secret_key.FILE).unlink()
    said = secret_key.accept_loss(config)
    assert str(config.data / secret_key.FILE) in said
    assert "cannot be read any more" in said
    assert (config.data / secret_key.FILE).stat().st_mode & 0o777 == 0o600
    assert kept(config) == Unreadable()


def test_nothing_is_given_up_when_the_key_is_there(config: Config) -> None:
    keep(config)
    assert "Nothing was given up" in secret_key.accept_loss(config)
    assert kept(config) == SECRET


def test_a_damaged_key_file_is_moved_away_by_a_person_before_anything_is_given_up(config: Config) -> None:
    keep(config)
    file = config.data / secret_key.FILE
    made = file.read_bytes()
    file.write_bytes(b"not a key")
    with pytest.raises(StartError, match="move the file away"):
        secret_key.accept_loss(config)
    file.write_bytes(made)
    assert kept(config) == SECRET
    file.unlink()
    secret_key.accept_loss(config)
    assert kept(config) == Unreadable()


def test_nothing_is_given_up_while_the_system_runs(config: Config) -> None:
    keep(config)
    (config.data / secret_key.FILE).unlink()
    with only_one(config.data), pytest.raises(StartError, match="runs on"):
        secret_key.accept_loss(config)
    assert not (config.data / secret_key.FILE).exists()
    assert "is missing" in refused(config)


# What others may read


@pytest.fixture
def open_umask() -> Iterator[None]:
    """What the shell of a careless user gives to a process."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_giving_up_a_lost_key_leaves_nothing_that_others_may_read(config: Config) -> None:
    secret_key.accept_loss(config)
    assert config.data.stat().st_mode & 0o777 == 0o700
    readable = [path.name for path in config.data.iterdir() if path.stat().st_mode & 0o077]
    assert readable == []


def test_a_key_file_that_others_may_read_is_told_and_mended(config: Config) -> None:
    opened(config)
    file = config.data / secret_key.FILE
    file.chmod(0o644)
    with capture_logs() as told:
        opened(config)
    [entry] = [one for one in told if one["event"] == "secret_key_readable_by_others"]
    assert (entry["log_level"], entry["file"], entry["mode"]) == ("warning", str(file), "0644")
    assert file.stat().st_mode & 0o777 == 0o600
    with capture_logs() as told:
        opened(config)
    assert [one for one in told if one["event"] == "secret_key_readable_by_others"] == []


# What was written before there was a key

OLD_SECRET = "6f6c64207365637265742e"


def old_database(config: Config) -> None:
    """A database of a version that sealed nothing: errands of every state, and remains of some that are gone."""
    config.data.mkdir(mode=0o700)
    database = Database(config.database_url)
    database.migrate()
    with closing(sqlite3.connect(database.path)) as connection, connection:
        connection.execute("PRAGMA secure_delete = OFF")  # the default of SQLite, though not of every distribution
        connection.execute(
            "INSERT INTO station (key, identity, description, registration, created_at)"
            " VALUES (1, 'CP-1', '', 'Accepted', 0)"
        )
        for number, state in enumerate(("queued", "sent", "answered", "failed", "expired", *["answered"] * 9), start=1):
            words = {"padding": "x" * 9000 * (number % 2), "key": "AuthorizationKey", "value": OLD_SECRET}
            said = {"action": "ChangeConfiguration", "payload": json.dumps(words)}
            connection.execute(
                "INSERT INTO errand (number, station_key, operation, intent, state, asked_by, delivery, priority,"
                " attempts, queued_at, expires_at, changed_at, is_outcome_unknown, warnings)"
                " VALUES (?, 1, 'X', ?, ?, 't', 'now', 0, 0, 0, 0, 0, FALSE, '[]')",
                (number, json.dumps({"kind": "Say", "intent": said}), state),
            )
        connection.execute("UPDATE errand SET intent = ? WHERE number > 5", ('{"kind":"Done","intent":{}}',))


def files_with(config: Config, secret: str) -> list[str]:
    return sorted(
        path.name for path in config.data.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()
    )


def test_secrets_that_an_older_version_left_open_are_in_no_file_after_the_first_start(config: Config) -> None:
    old_database(config)
    assert files_with(config, OLD_SECRET), "what this test looks for was never there"

    async def main() -> list[str]:
        async with open_database(config):
            return files_with(config, OLD_SECRET)

    assert asyncio.run(main()) == []
    assert files_with(config, OLD_SECRET) == []
    intent = kept(config)
    assert isinstance(intent, Say)
    assert OLD_SECRET in intent.payload
    with closing(sqlite3.connect(Database(config.database_url).path)) as connection:
        plain = connection.execute("SELECT count(*) FROM errand WHERE intent LIKE '{%'").fetchone()
    assert plain == (0,)


def test_a_start_goes_on_when_the_remains_cannot_be_overwritten_and_tells_it(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who reads keeps the log of the database from being emptied."""
    monkeypatch.setattr("forecourt.storage.sqlite.BUSY_SECONDS", 0.1)
    old_database(config)
    with closing(sqlite3.connect(Database(config.database_url).path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM errand").fetchone()
        with capture_logs() as told:
            opened(config)
    assert "old_secrets_not_overwritten" in [one["event"] for one in told]
    assert isinstance(kept(config), Say)


# Many nodes on one PostgreSQL


def test_nodes_on_postgresql_must_be_given_one_key(config: Config, postgresql_server: PostgresqlServer) -> None:
    url = Secret(postgresql_server.create_database())
    said = refused(Config(data=config.data, database=url))
    assert "FORECOURT_SECRET_KEY is not set" in said
    assert "`forecourt secret-key` makes one" in said
    key = Secret(Vault.new_key().decode())
    opened(Config(data=config.data, database=url, secret_key=key))
    opened(Config(data=config.data / "other", database=url, secret_key=key))
    other = Secret(Vault.new_key().decode())
    assert "another key" in refused(Config(data=config.data, database=url, secret_key=other))
    assert not (config.data / secret_key.FILE).exists()
