"""How CAs are asked over HTTP: for what was expected of them, and no more."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Coroutine
from typing import TypeAlias

import pytest
from aiohttp import web

from forecourt.gateway import fetching as module
from forecourt.gateway.errors import CannotFetch
from forecourt.gateway.fetching import REDIRECTS, HttpFetcher

Story: TypeAlias = Callable[[HttpFetcher, str], Coroutine[None, None, None]]


class Ca:
    """A server on this machine, which answers as a test wants it to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, bytes]] = []

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        kind = request.headers.get("Content-Type", "")
        self.asked.append((request.method, request.path, kind, await request.read()))
        name, _, rest = request.path.lstrip("/").partition("/")
        if name == "status":
            return web.Response(status=int(rest))
        if name == "large":
            return web.Response(body=bytes(int(rest)))
        if name == "endless":
            response = web.StreamResponse()
            await response.prepare(request)
            while True:
                await response.write(bytes(65_536))
        if name == "packed":
            return web.Response(body=gzip.compress(b"x"), headers={"Content-Encoding": "gzip"})
        if name == "moved":
            code, _, where = rest.partition("/")
            return web.Response(status=int(code), headers={"Location": where})
        if name == "slow":
            await asyncio.sleep(0.2)
            return web.Response(status=302, headers={"Location": "/slow"})
        if name == "again":
            return web.Response(status=302, headers={"Location": "/again"})
        if name == "to":
            return web.Response(status=301, headers={"Location": rest if "://" in rest else f"/{rest}"})
        if name == "file":
            return web.Response(status=302, headers={"Location": "file:///etc/passwd"})
        return web.Response(body=b"found")


def with_ca(story: Story) -> Ca:
    ca = Ca()

    async def main() -> None:
        server = web.Server(ca.answer)
        listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        fetcher = HttpFetcher()
        try:
            await asyncio.wait_for(story(fetcher, f"http://127.0.0.1:{port}"), 20)
        finally:
            await fetcher.close()
            listening.close()
            await server.shutdown()

    asyncio.run(main())
    return ca


async def get(fetcher: HttpFetcher, url: str, *, limit: int = 100) -> bytes:
    return await fetcher.fetch(url, body=None, kind="", limit=limit)


def test_a_list_is_got_and_a_question_is_posted() -> None:
    async def story(fetcher: HttpFetcher, url: str) -> None:
        assert await get(fetcher, f"{url}/list") == b"found"
        assert await fetcher.fetch(f"{url}/ask", body=b"question", kind="application/x", limit=10) == b"found"

    assert with_ca(story).asked == [("GET", "/list", "", b""), ("POST", "/ask", "application/x", b"question")]


def test_a_redirect_is_followed() -> None:
    async def story(fetcher: HttpFetcher, url: str) -> None:
        assert await get(fetcher, f"{url}/to/list") == b"found"

    with_ca(story)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/status/404", "404"),
        ("/status/500", "500"),
        ("/large/101", "more than 100"),
        ("/endless", "more than 100"),
        ("/again", "too often"),
        ("/file", "no http or https"),
    ],
)
def test_what_is_no_answer_is_told(path: str, words: str) -> None:
    async def story(fetcher: HttpFetcher, url: str) -> None:
        with pytest.raises(CannotFetch, match=words):
            await get(fetcher, url + path)

    assert len(with_ca(story).asked) <= 1 + REDIRECTS


def test_the_largest_answer_that_is_taken_is_taken() -> None:
    async def story(fetcher: HttpFetcher, url: str) -> None:
        assert len(await get(fetcher, f"{url}/large/100")) == 100

    with_ca(story)


def test_nothing_is_unpacked() -> None:
    """A small answer must not become a large one."""

    async def story(fetcher: HttpFetcher, url: str) -> None:
        assert await get(fetcher, f"{url}/packed") != b"x"

    with_ca(story)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "nonsense", "http://", "http://127.0.0.1:1/"]
)
def test_what_cannot_be_asked_is_told(url: str) -> None:
    async def story(fetcher: HttpFetcher, _url: str) -> None:
        with pytest.raises(CannotFetch):
            await get(fetcher, url)

    with_ca(story)


@pytest.mark.parametrize("host", ["127.0.0.2", "localhost", "[::1]", "0.0.0.0", "169.254.169.254", "2130706433"])
def test_a_redirect_to_this_machine_or_link_is_not_followed(host: str) -> None:
    """What a CA names itself is asked; what is here must not be chosen by who answers."""

    async def story(fetcher: HttpFetcher, url: str) -> None:
        port = url.rpartition(":")[2]
        with pytest.raises(CannotFetch, match=r"machine or link|canonical"):
            await get(fetcher, f"{url}/moved/302/http://{host}:{port}/list")

    assert len(with_ca(story).asked) == 1


@pytest.mark.parametrize(
    ("status", "is_repeated"), [(301, False), (302, False), (303, False), (307, True), (308, True)]
)
def test_a_question_is_repeated_only_where_it_is_to_be(status: int, is_repeated: bool) -> None:
    """RFC 9110 §15.4."""

    async def story(fetcher: HttpFetcher, url: str) -> None:
        asked = fetcher.fetch(f"{url}/moved/{status}//ask", body=b"question", kind="application/x", limit=10)
        if is_repeated:
            assert await asked == b"found"
        else:
            with pytest.raises(CannotFetch, match="redirects"):
                await asked

    assert len(with_ca(story).asked) == 1 + is_repeated


def test_one_limit_of_time_holds_for_all_redirects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALL_SECONDS", 0.3)

    async def story(fetcher: HttpFetcher, url: str) -> None:
        with pytest.raises(CannotFetch, match="TimeoutError"):
            await get(fetcher, f"{url}/slow")

    assert len(with_ca(story).asked) == 2
