"""Whoever waits for an errand is woken when it may have changed, and looks now and then all the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine

import pytest

from forecourt.asgi.news import ERRANDS, SECURITY, News, Topic, Wait


def in_loop(story: Callable[[News], Coroutine[None, None, None]]) -> None:
    async def main() -> None:
        await asyncio.wait_for(story(News()), 10)

    asyncio.run(main())


async def is_woken(wait: Wait) -> bool:
    """Whether it was rung already."""
    return await wait.next(0.05)


@pytest.mark.parametrize(
    ("about", "ring", "is_heard"),
    [(7, "7", True), (7, "8", False), (7, "77", False), (7, None, True), (None, "7", True), (None, None, True)],
)
def test_a_ring_wakes_whoever_it_is_about(about: int | None, ring: str | None, is_heard: bool) -> None:
    async def story(news: News) -> None:
        with news.waiting(ERRANDS if about is None else about) as wait:
            news.heard(ring)
            assert await is_woken(wait) is is_heard

    in_loop(story)


def test_a_ring_between_two_looks_is_not_missed() -> None:
    """Begin to wait, look, and only then wait for the ring."""

    async def story(news: News) -> None:
        with news.waiting(7) as wait:
            news.heard("7")
            assert await is_woken(wait)
            assert not await is_woken(wait), "one ring wakes once"
            asyncio.get_running_loop().call_later(0.005, news.heard, "7")
            assert await wait.next(5)

    in_loop(story)


def test_nobody_waits_long_without_looking() -> None:
    async def story(news: News) -> None:
        with news.waiting(7) as wait:
            began = time.monotonic()
            await wait.next()
            assert 0.9 < time.monotonic() - began < 5

    in_loop(story)


def test_whoever_has_gone_is_forgotten() -> None:
    async def story(news: News) -> None:
        with news.waiting(7) as gone:
            pass
        with pytest.raises(ZeroDivisionError), news.waiting() as failed:
            raise ZeroDivisionError
        news.heard(None)
        assert not await is_woken(gone)
        assert not await is_woken(failed)

    in_loop(story)


def test_whoever_follows_errands_is_not_woken_for_the_security_log() -> None:
    async def story(news: News) -> None:
        with news.waiting() as errands, news.waiting(SECURITY) as security:
            news.security_noted(None)
            assert await is_woken(security)
            assert not await is_woken(errands)
            news.written("CP-1")
            assert await is_woken(errands)
            assert not await is_woken(security)
            news.heard(None)
            assert await is_woken(security)

    in_loop(story)


def test_who_listens_to_all_hears_each_topic_once_and_what_was_rung_just_before() -> None:
    async def story(news: News) -> None:
        news.ring(Topic.METER)
        with news.listening() as listener:
            assert await listener.next() == {Topic.METER}
            news.security_noted(None)
            news.security_noted("CP-1")
            news.written("CP-1")
            assert await listener.next() == {SECURITY, Topic.ALARMS, ERRANDS}
            assert await listener.next(0.01) == frozenset()
        with news.listening() as later:
            assert Topic.METER in await later.next()

    in_loop(story)


def test_when_anything_may_have_changed_who_listens_hears_every_topic() -> None:
    async def story(news: News) -> None:
        with news.listening() as listener:
            news.heard(None)
            assert await listener.next() == frozenset(Topic)

    in_loop(story)


def test_a_ring_of_long_ago_is_not_heard_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forecourt.asgi.news.RECENT_SECONDS", 0.0)

    async def story(news: News) -> None:
        news.ring(Topic.METER)
        await asyncio.sleep(0.001)
        with news.listening() as listener:
            assert await listener.next(0.01) == frozenset()

    in_loop(story)
