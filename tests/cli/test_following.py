"""Changes of errands, printed as they happen."""

from __future__ import annotations

import asyncio

import pytest

from forecourt.cli.following import follow
from forecourt.domain.errands.model import ErrandFilter, ErrandNumber
from tests.cli.shell import Shell


def test_what_is_open_is_printed_and_then_every_change(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.a_station("A")
    for _ in range(2):
        shell.read("op", "ClearCache", "A", "--when-online")
    shell.read("errand", "cancel", "2")
    capsys.readouterr()
    printed: list[str] = []

    async def watch() -> None:
        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(follow(shell.workspace, ErrandFilter(), as_json=False))
            await printed_lines(1)
            shell.services.errands.cancel(ErrandNumber(1))
            await printed_lines(2)
            watching.cancel()

    async def printed_lines(count: int) -> None:
        while len(printed) < count:
            printed.extend(capsys.readouterr().out.splitlines())
            await asyncio.sleep(0.01)

    asyncio.run(watch())
    assert [line.split("\t") for line in printed] == [
        ["1", "A", "ClearCache", "queued", ""],
        ["1", "A", "ClearCache", "cancelled", "Cancelled."],
    ]
