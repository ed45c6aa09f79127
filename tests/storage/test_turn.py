"""Tests of the turn between writers: nobody is passed twice, and a process that dies lets the next one write."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import multiprocessing.context
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from forecourt.storage.turn import Turn

SPAWN = multiprocessing.get_context("spawn")
DEADLINE_SECONDS = 30.0


def _write_without_a_pause(database: str, log: str, said: multiprocessing.connection.Connection) -> None:
    turn = Turn(Path(database))
    with Path(log).open("ab", buffering=0) as file:
        said.send("began")
        while not said.poll():
            turn.take()
            file.write(b"g")
            time.sleep(0.001)  # the work of one commit
            turn.give()


def _hold(database: str, said: multiprocessing.connection.Connection) -> None:
    Turn(Path(database)).take()
    said.send("held")
    said.recv()


@contextmanager
def a_process(run: object, *arguments: object) -> Iterator[multiprocessing.context.SpawnProcess]:
    mine, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=run, args=(*arguments, theirs))  # type: ignore[arg-type]  # a function
    process.start()
    try:
        assert mine.poll(DEADLINE_SECONDS)
        mine.recv()
        yield process
    finally:
        with suppress(BrokenPipeError):
            mine.send("stop")
        process.join(DEADLINE_SECONDS)
        mine.close()
        theirs.close()


def wait_for_more_in(log: Path) -> None:
    size, deadline = log.stat().st_size, time.monotonic() + DEADLINE_SECONDS
    while log.stat().st_size == size:
        assert time.monotonic() < deadline, "the other process has no turns at all"
        time.sleep(0.0001)


def test_a_greedy_process_lets_others_write_between_its_turns(tmp_path: Path) -> None:
    """Whoever waits is next but one at the latest: the turn that is being had, and one that was waited for before."""
    database, log = tmp_path / "a.db", tmp_path / "log"
    with a_process(_write_without_a_pause, str(database), str(log)), log.open("ab", buffering=0) as file:
        turn = Turn(database)
        for _ in range(200):
            wait_for_more_in(log)  # the other process has its turn
            file.write(b"w")  # from here on we wait
            turn.take()
            file.write(b"m")
            turn.give()
        turn.close()
    waits = [part.partition("m")[0] for part in log.read_text().split("w")[1:]]
    assert len(waits) == 200
    # We may lose the processor between the note that we wait and the wait itself, but not every tenth time.
    turns_of_others = sorted(len(wait) for wait in waits)
    assert turns_of_others[180] <= 2, waits


def test_the_turn_of_a_killed_process_is_free(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    turn, taken = Turn(database), threading.Event()

    def take() -> None:
        turn.take()
        taken.set()

    with a_process(_hold, str(database)) as process:
        waiter = threading.Thread(target=take, daemon=True)
        waiter.start()
        assert not taken.wait(0.2), "two have the turn"
        process.kill()
        assert taken.wait(DEADLINE_SECONDS)
        waiter.join()
    turn.close()


def test_threads_of_one_process_take_turns_too(tmp_path: Path) -> None:
    inside, most = 0, 0
    guard = threading.Lock()

    def work() -> None:
        nonlocal inside, most
        turn = Turn(tmp_path / "a.db")
        for _ in range(50):
            turn.take()
            with guard:
                inside += 1
                most = max(most, inside)
            with guard:
                inside -= 1
            turn.give()
        turn.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_SECONDS)
    assert most == 1


def test_giving_what_was_not_taken_frees_nobody_else(tmp_path: Path) -> None:
    holder, other, third = (Turn(tmp_path / "a.db") for _ in range(3))
    holder.take()
    other.give()
    taken = threading.Event()

    def take() -> None:
        third.take()
        taken.set()

    waiter = threading.Thread(target=take, daemon=True)
    waiter.start()
    assert not taken.wait(0.1)
    holder.give()
    assert taken.wait(DEADLINE_SECONDS)
    waiter.join()
    for turn in (holder, other, third):
        turn.close()


@pytest.mark.parametrize("suffix", ["-next", "-now"])
def test_the_locks_are_readable_by_the_owner_only(tmp_path: Path, suffix: str) -> None:
    Turn(tmp_path / "a.db").close()
    assert (tmp_path / f"a.db{suffix}").stat().st_mode & 0o077 == 0
