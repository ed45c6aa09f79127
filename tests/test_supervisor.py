"""Tests of the supervisor: roles run, come back when they end, and stop in order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from forecourt.supervisor import Role, Supervisor

DEADLINE_SECONDS = 15.0

ROLE = """#!/bin/sh
# Stands in for the interpreter: it is called as `… -m forecourt role NAME`, and writes down what happens to it.
echo "start $4" >> {log}
echo $$ > {folder}/$4.pid
trap 'echo "stop $4" >> {log}; exit 0' TERM
while read line; do :; done
echo "orphan $4" >> {log}
"""

STUBBORN = """#!/bin/sh
trap '' TERM
echo "start $4" >> {log}
while :; do sleep 0.1; done
"""

FAILING = """#!/bin/sh
echo "start $4" >> {log}
exit 3
"""


class Stage:
    """A program that stands in for both roles, and the log of what happened to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = folder / "log"

    def play(self, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
        path = self.folder / "role"
        path.write_text(program.format(log=self._log, folder=self.folder))
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))

    def lines(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []

    def pid(self, name: str) -> int:
        return int((self.folder / f"{name}.pid").read_text())


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def supervised(*roles: Role) -> AsyncIterator[asyncio.Task[None]]:
    """A supervisor at work; at the end it is asked to stop, as a service manager does."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(Supervisor(list(roles)).run())
        yield task
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await asyncio.shield(task)


def test_roles_are_stopped_one_after_the_other_in_the_order_given(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stations are served to the end before the console goes."""
    stage.play(ROLE, monkeypatch)

    async def main() -> None:
        async with supervised(Role("gateway", 10), Role("console", 10)):
            await until(lambda: len(stage.lines()) == 2)

    asyncio.run(main())
    assert set(stage.lines()[:2]) == {"start gateway", "start console"}
    assert stage.lines()[2:] == ["stop gateway", "stop console"]


def test_a_role_that_was_killed_comes_back_and_the_other_is_left_alone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.play(ROLE, monkeypatch)

    async def main() -> None:
        async with supervised(Role("gateway", 10), Role("console", 10)):
            await until(lambda: len(stage.lines()) == 2 and (stage.folder / "gateway.pid").exists())
            await until(lambda: bool((stage.folder / "gateway.pid").read_text().strip()))
            os.kill(stage.pid("gateway"), signal.SIGKILL)
            await until(lambda: stage.lines().count("start gateway") == 2)
            assert stage.lines().count("start console") == 1

    asyncio.run(main())
    assert "role_ended" in capsys.readouterr().out


def test_a_role_that_cannot_start_is_tried_again_more_and_more_seldom(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.play(FAILING, monkeypatch)

    async def main() -> None:
        async with supervised(Role("gateway", 10)):
            await until(lambda: len(stage.lines()) == 2)

    begun = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - begun < 5, "a pause does not keep it from stopping"
    said = capsys.readouterr().out
    assert "again_in_seconds=1.0" in said
    assert "code=3" in said


def test_a_role_that_does_not_stop_is_killed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.play(STUBBORN, monkeypatch)

    async def main() -> None:
        async with supervised(Role("gateway", 0.2)):
            await until(lambda: len(stage.lines()) == 1)

    asyncio.run(main())
    assert "role_killed" in capsys.readouterr().out


def test_being_asked_to_stop_in_the_middle_of_a_start_is_not_lost(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.play(ROLE, monkeypatch)

    async def main() -> None:
        supervisor = Supervisor([Role("gateway", 10)])
        task = asyncio.ensure_future(supervisor.run())
        for _ in range(2):  # the supervisor has begun, and the process is not there yet
            await asyncio.sleep(0)
        supervisor._stopping.set()
        try:
            async with asyncio.timeout(5):
                await asyncio.shield(task)
        except TimeoutError:
            os.kill(stage.pid("gateway"), signal.SIGKILL)
            await task
            pytest.fail("the role that was being started was never asked to stop")

    asyncio.run(main())
