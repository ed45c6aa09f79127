"""Tests of the bell: rings reach other processes, and a lost connection is told as rings that may have been missed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from forecourt.storage.bell import Bell, LocalBell
from forecourt.storage.database import Database
from forecourt.storage.postgresql_bell import PostgresqlBell
from tests.storage.outages import end_all_sessions, out_of_order

DEADLINE_SECONDS = 5.0

LISTENER = """
import asyncio, sys
from pathlib import Path
from forecourt.storage.bell import LocalBell

async def main():
    bell = LocalBell(Path(sys.argv[1]))
    heard = asyncio.Queue()
    bell.listen(heard.put_nowait)
    print("listening", flush=True)
    while True:
        print(await heard.get(), flush=True)

asyncio.run(main())
"""


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def a_bell(database: Database) -> Bell:
    if database.is_sqlite:
        return LocalBell(database.path.with_name("bell"))
    return PostgresqlBell(database.url)


def test_rings_are_heard_in_order_and_exactly(database: Database) -> None:
    async def main() -> None:
        heard: list[str | None] = []
        listening, ringing = a_bell(database), a_bell(database)
        listening.listen(heard.append)
        if not database.is_sqlite:
            await until(lambda: heard == [None])
        topics = ["CP-1", "it's 🔌", "a" * 255, "🔌" * 255, "%_\\"]
        await asyncio.to_thread(ringing.announce, topics[:3])
        await asyncio.to_thread(ringing.announce, topics[3:])
        await until(lambda: len(heard) >= len(topics) + (not database.is_sqlite))
        ringing.close()
        listening.close()
        assert [topic for topic in heard if topic is not None] == topics

    asyncio.run(main())


def test_ringing_where_nobody_listens_is_no_error(database: Database) -> None:
    bell = a_bell(database)
    bell.announce(["CP-1"])
    bell.announce([])

    async def close() -> None:
        bell.close()

    asyncio.run(close())


# On one machine


def test_another_process_hears_and_one_that_died_is_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "bell"
    command = [sys.executable, "-c", LISTENER, str(folder)]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    bell = LocalBell(folder)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        bell.announce(["CP-1", "CP-2"])
        assert [process.stdout.readline() for _ in range(2)] == ["CP-1\n", "CP-2\n"]
        assert [one.name for one in folder.iterdir()] == [str(process.pid)]
        process.kill()
    assert len(list(folder.iterdir())) == 1, "a killed process cannot tidy up"
    bell.announce(["CP-3"])
    assert list(folder.iterdir()) == []
    bell.close()


def test_a_listener_that_does_not_read_stops_nobody(tmp_path: Path) -> None:
    async def main() -> None:
        heard: list[str | None] = []
        listening, ringing = LocalBell(tmp_path / "bell"), LocalBell(tmp_path / "bell")
        listening.listen(heard.append)
        ringing.announce([f"CP-{number}" for number in range(5000)])  # the loop does not run meanwhile
        await until(lambda: bool(heard))
        ringing.announce(["last"])
        await until(lambda: heard[-1] == "last")
        ringing.close()
        listening.close()

    asyncio.run(main())


def test_a_listener_that_closes_leaves_no_socket(tmp_path: Path) -> None:
    async def main() -> None:
        bell = LocalBell(tmp_path / "bell")
        bell.listen(lambda _topic: None)
        assert len(list((tmp_path / "bell").iterdir())) == 1
        bell.close()

    asyncio.run(main())
    assert list((tmp_path / "bell").iterdir()) == []


def test_a_socket_that_a_process_of_the_same_number_left_is_no_obstacle(tmp_path: Path) -> None:
    async def main() -> None:
        heard: list[str | None] = []
        for _ in range(2):
            bell = LocalBell(tmp_path / "bell")
            bell.listen(heard.append)
            bell.announce(["CP-1"])
            await until(lambda: bool(heard))
            heard.clear()
            receiver = bell._receiver
            assert receiver is not None
            asyncio.get_running_loop().remove_reader(receiver)
            receiver.close()  # as when it is killed: the name stays
            bell._sender.close()

    asyncio.run(main())


def test_the_data_folder_may_lie_deep(tmp_path: Path) -> None:
    """The address of a local socket has 108 bytes; a path of a folder may have 4096."""
    folder = tmp_path / ("deep" * 20) / ("deeper" * 20) / "forecourt.db-bell"

    async def main() -> None:
        heard: list[str | None] = []
        listening, ringing = LocalBell(folder), LocalBell(folder)
        listening.listen(heard.append)
        ringing.announce(["CP-1"])
        await until(lambda: heard == ["CP-1"])
        ringing.close()
        listening.close()

    asyncio.run(main())


def test_the_sockets_are_reachable_for_the_owner_only(tmp_path: Path) -> None:
    async def main() -> None:
        bell = LocalBell(tmp_path / "bell")
        bell.listen(lambda _topic: None)
        assert (tmp_path / "bell").stat().st_mode & 0o077 == 0
        bell.close()

    asyncio.run(main())


# On PostgreSQL


@pytest.mark.parametrize("is_long", [False, True])
def test_a_lost_connection_is_told_and_the_bell_is_heard_again(postgresql_database: Database, is_long: bool) -> None:
    async def main() -> None:
        heard: list[str | None] = []
        listening, ringing = PostgresqlBell(postgresql_database.url), PostgresqlBell(postgresql_database.url)
        listening.listen(heard.append)
        await until(lambda: heard == [None])
        await asyncio.to_thread(ringing.announce, ["CP-1"])
        await until(lambda: heard == [None, "CP-1"])
        if is_long:
            with out_of_order(postgresql_database):
                await asyncio.to_thread(ringing.announce, ["lost"])
        else:
            await asyncio.to_thread(end_all_sessions, postgresql_database.url)
        await until(lambda: heard == [None, "CP-1", None])
        # The sender may find out only now that its connection is gone; from then on it rings again.
        deadline = time.monotonic() + DEADLINE_SECONDS
        while "CP-2" not in heard:
            assert time.monotonic() < deadline
            await asyncio.to_thread(ringing.announce, ["CP-2"])
            await asyncio.sleep(0.05)
        ringing.close()
        await asyncio.to_thread(listening.close)

    asyncio.run(main())


def test_a_ring_after_an_idle_connection_was_lost_is_delivered(postgresql_database: Database) -> None:
    async def main() -> None:
        heard: list[str | None] = []
        listening, ringing = PostgresqlBell(postgresql_database.url), PostgresqlBell(postgresql_database.url)
        ringing.announce(["before anybody listens"])
        end_all_sessions(postgresql_database.url)
        listening.listen(heard.append)
        try:
            await until(lambda: heard == [None])
            await asyncio.to_thread(ringing.announce, ["CP-1"])
            await until(lambda: heard == [None, "CP-1"])
        finally:
            ringing.close()
            await asyncio.to_thread(listening.close)

    asyncio.run(main())
