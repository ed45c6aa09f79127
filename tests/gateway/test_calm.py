"""Tests of the calm: what has survived is taken out of collections when the number of links has changed."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from forecourt.gateway import calm
from tests.gateway.desk import until


@pytest.fixture(autouse=True)
def _unfrozen_afterwards() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_survivors_are_frozen_only_when_links_came_or_went(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calm, "CALM_SECONDS", 0.01)
    count, asked = 0, 0

    def count_links() -> int:
        nonlocal asked
        asked += 1
        return count

    async def main() -> None:
        nonlocal count, asked
        task = asyncio.ensure_future(calm.keep_calm(count_links))
        await until(lambda: asked > 2)
        before = gc.get_freeze_count()
        assert before > 0
        kept = [[number] for number in range(1000)]
        asked = 0
        await until(lambda: asked > 3)
        assert gc.get_freeze_count() < before + 1000
        count = 7
        await until(lambda: gc.get_freeze_count() >= before + 1000)
        assert len(kept) == 1000
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
