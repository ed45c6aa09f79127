"""The stream by which open pages hear what changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus

import pytest

from forecourt.asgi.news import News, Topic
from forecourt.domain.access.permissions import Role
from forecourt.domain.alarms.model import Level
from forecourt.domain.alarms.model import Topic as About
from forecourt.web import live as stream
from forecourt.web.live import SIGNED_OUT, Full, Live
from tests.support.workspace import MemoryWorkspace
from tests.web.door import Building, Pages

DEADLINE_SECONDS = 10.0


class Desk:
    """A stream, and what rings for it."""

    def __init__(self) -> None:
        self.live = Live()
        self.news = News()
        self.workspace = MemoryWorkspace()
        self.is_welcome = True

    def open(self) -> AsyncIterator[str]:
        async def is_welcome() -> bool:
            return self.is_welcome

        return self.live.tell(self.live.take_seat(), workspace=self.workspace, news=self.news, is_welcome=is_welcome)


async def until(told: AsyncIterator[str], name: str) -> list[str]:
    """The names of events up to one of them."""
    names: list[str] = []
    while name not in names:
        text = await asyncio.wait_for(anext(told), DEADLINE_SECONDS)
        names += [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event: ")]
    return names


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything as it is, only sooner."""
    for name in ("PULSE_SECONDS", "CHECK_SECONDS", "BEAT_SECONDS"):
        monkeypatch.setattr(stream, name, 0.02)


def in_loop(story: Callable[[Desk], Awaitable[None]]) -> None:
    async def main() -> None:
        await asyncio.wait_for(story(Desk()), 4 * DEADLINE_SECONDS)

    asyncio.run(main())


def test_a_page_hears_the_bell() -> None:
    async def story(desk: Desk) -> None:
        told = desk.open()
        assert await until(told, "beat") == ["beat"]
        desk.news.ring(Topic.TRUST, Topic.SIGNING)
        assert {"trust", "signing"} <= set(await until(told, "trust"))

    in_loop(story)


def test_a_page_hears_what_no_bell_rings_for() -> None:
    async def story(desk: Desk) -> None:
        told = desk.open()
        await until(told, "outbox")  # the first look: whoever comes knows nothing
        await until(told, "beat")
        desk.workspace.services.alarms.raise_(About.AUTHORITY, "acme", Level.WARNING, "It is silent.")
        assert "alarms" in await until(told, "alarms")

    in_loop(story)


def test_what_changed_while_a_page_was_on_its_way_is_heard() -> None:
    async def story(desk: Desk) -> None:
        desk.news.ring(Topic.MESSAGES)
        assert "messages" in await until(desk.open(), "messages")

    in_loop(story)


def test_many_rings_at_once_are_one_event() -> None:
    async def story(desk: Desk) -> None:
        told = desk.open()
        await until(told, "outbox")
        await until(told, "beat")
        for _ in range(100):
            desk.news.ring(Topic.METER)
        assert (await until(told, "meter")).count("meter") == 1
        desk.news.ring(Topic.TRUST)
        assert "meter" not in await until(told, "trust")

    in_loop(story)


def test_who_is_signed_out_elsewhere_is_told_and_the_stream_ends() -> None:
    async def story(desk: Desk) -> None:
        told = desk.open()
        await until(told, "beat")
        desk.is_welcome = False
        await until(told, "signed-out")
        with pytest.raises(StopAsyncIteration):
            await anext(told)

    in_loop(story)


def test_a_stream_ends_when_the_process_stops() -> None:
    async def story(desk: Desk) -> None:
        told = desk.open()
        await until(told, "beat")
        desk.news.close()
        async for _ in told:
            pass

    in_loop(story)


def test_a_database_out_of_reach_ends_no_stream() -> None:
    async def story(desk: Desk) -> None:
        desk.workspace.is_available = False
        told = desk.open()
        await until(told, "beat")
        desk.news.ring(Topic.TRUST)
        await until(told, "trust")

    in_loop(story)


def test_there_are_so_many_streams_and_no_more_and_a_place_becomes_free_again() -> None:
    live = Live()
    seats = [live.take_seat() for _ in range(stream.MAX_LISTENERS)]
    with pytest.raises(Full):
        live.take_seat()
    seats.pop()
    live.take_seat()


def test_one_page_too_many_is_told_so(building: Building, pages: Pages) -> None:
    seats = [building.house.live.take_seat() for _ in range(stream.MAX_LISTENERS)]
    answer = pages.get("/live")
    assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.response.headers["Retry-After"] == "30"
    assert seats


def test_a_stranger_is_told_to_sign_in_and_nothing_else(stranger: Pages) -> None:
    answer = stranger.get("/live")
    assert answer.response.headers["Content-Type"].startswith("text/event-stream")
    assert answer.html == SIGNED_OUT


def test_a_page_that_asks_by_itself_does_not_keep_its_session_alive(pages: Pages) -> None:
    pages.sign_in(Role.VIEWER)

    def asked_after(minutes: float, **headers: str) -> int:
        pages.clock.advance(timedelta(minutes=minutes))
        return pages.get("/alarms", **headers).status

    assert asked_after(100, **{"Forecourt-Live": "1"}) == HTTPStatus.OK
    assert asked_after(30, **{"Forecourt-Live": "1"}) == HTTPStatus.SEE_OTHER
    pages.sign_in(Role.VIEWER)
    assert asked_after(100) == HTTPStatus.OK
    assert asked_after(30) == HTTPStatus.OK
