"""Waiting for something, but not for ever: what ends the wait, and that a cancellation always does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

import pytest

from forecourt.waiting import wait_at_most

LONG = 3600.0
TURNS = range(6)
"""How many turns of the loop a cancellation comes after the event; a wait in a task of its own is over within these."""


def in_loop(story: Coroutine[None, None, None]) -> None:
    async def main() -> None:
        async with asyncio.timeout(10):
            await story

    asyncio.run(main())


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def wait_again_and_again(event: asyncio.Event) -> None:
    while True:
        await wait_at_most(event, LONG)
        event.clear()


def test_what_has_happened_is_not_waited_for_even_when_there_is_no_time() -> None:
    async def story() -> None:
        event = asyncio.Event()
        event.set()
        assert await wait_at_most(event, 0)

    in_loop(story())


def test_what_happens_ends_the_wait() -> None:
    async def story() -> None:
        event = asyncio.Event()
        asyncio.get_running_loop().call_soon(event.set)
        assert await wait_at_most(event, LONG)

    in_loop(story())


@pytest.mark.parametrize("seconds", [0, 0.01])
def test_what_does_not_happen_in_time_is_no_error(seconds: float) -> None:
    async def story() -> None:
        assert not await wait_at_most(asyncio.Event(), seconds)

    in_loop(story())


@pytest.mark.parametrize("later", TURNS)
def test_a_cancellation_gets_through_when_the_event_has_just_been_set(later: int) -> None:
    async def story() -> None:
        event = asyncio.Event()
        task = asyncio.create_task(wait_again_and_again(event))
        await turns(2)
        event.set()
        await turns(later)
        task.cancel()
        await asyncio.wait([task], timeout=0.5)
        is_over = task.done()
        task.cancel()
        assert is_over

    in_loop(story())


@pytest.mark.parametrize("later", [1, 2])
def test_a_cancellation_gets_through_when_time_is_just_up(later: int) -> None:
    """After one turn the wait is about to be told that time is up; after two it was told and has not ended yet."""

    async def story() -> None:
        task = asyncio.create_task(wait_at_most(asyncio.Event(), 0))
        await turns(later)
        assert task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    in_loop(story())
