"""Between the socket and HTTP, behind proxies that pass bytes on and say for whom (PROXY protocol)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from forecourt.domain.security_log.model import Kind
from forecourt.gateway.room import Room
from tests.gateway.desk import until
from tests.gateway.greeted import BEHIND, FEW, PROXIES, PROXY, QUICK, is_cut, told, wss
from tests.gateway.porch import Porch, with_porch
from tests.gateway.test_proxy_protocol import header


@pytest.mark.parametrize("source", ["192.0.2.7", "2001:db8::7"])
def test_a_client_behind_a_proxy_has_its_own_address(source: str) -> None:
    async def story(porch: Porch) -> None:
        async with porch.raw("ws", header(source), PROXY) as (reader, _writer):
            assert await told(reader) == {"listener": "ws", "peer": source, "via": PROXY}
        async with wss(porch, PROXY, header(source)) as reader:
            found = await told(reader)
            assert (found["peer"], found["via"], found["version"]) == (source, PROXY, "TLSv1.3")
        assert await porch.noted() == []

    with_porch(story, *BEHIND, proxies=PROXIES)


def test_a_header_may_come_in_pieces_and_what_follows_it_is_not_lost() -> None:
    async def story(porch: Porch) -> None:
        async with porch.raw("ws", source=PROXY) as (reader, writer):
            data = header(more=b"\x03\x00\x04abcd")
            for at in range(len(data)):
                writer.write(data[at : at + 1])
                await asyncio.sleep(0.001)
            assert (await told(reader))["peer"] == "192.0.2.7"
        async with porch.raw("ws", header() + b"at once", PROXY) as (reader, _writer):
            await told(reader)
            assert await is_cut(reader), "it was heard"

    with_porch(story, *BEHIND, proxies=PROXIES)


def test_a_proxy_that_speaks_for_itself_by_a_local_header_has_its_own_address_and_came_by_a_proxy() -> None:
    """Health checks. What follows may be any station's own, so that it is no proxy whose headers count."""

    async def story(porch: Porch) -> None:
        for sent in (header(command=0), header(command=0, family=0)):
            async with porch.raw("ws", sent, PROXY) as (reader, _writer):
                assert await told(reader) == {"listener": "ws", "peer": PROXY, "via": PROXY}
        assert await porch.noted() == []

    with_porch(story, *BEHIND, proxies=PROXIES)


@pytest.mark.parametrize("sent", [header(), b""], ids=["a header", "nothing"])
def test_an_address_that_is_no_proxy_is_cut_before_it_says_anything_and_is_noted(sent: bytes) -> None:
    async def story(porch: Porch) -> None:
        before = len(asyncio.all_tasks())
        async with AsyncExitStack() as held:
            readers = [(await held.enter_async_context(porch.raw("ws", sent, "127.0.0.8")))[0] for _ in range(20)]
            assert len(asyncio.all_tasks()) == before
            assert all(await asyncio.gather(*(is_cut(reader) for reader in readers)))
        [note] = await porch.written()
        assert (note.kind, note.address, note.count) == (Kind.PROXY_HEADER_FROM_STRANGER, "127.0.0.8", 20)
        assert porch.seen == []

    with_porch(story, *BEHIND, proxies=PROXIES)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 9443\r\n", "version 1"),
        (b"GET / HTTP/1.1\r\n\r\n", "does not begin"),
        (header(family=0x31), "no TCP connection"),
        (header(family=0), "does not say from where"),  # UNSPEC: a station, and nobody says which
    ],
)
def test_a_proxy_that_sends_something_else_is_cut_and_noted(sent: bytes, said: str) -> None:
    async def story(porch: Porch) -> None:
        async with porch.raw("ws", sent, PROXY) as (reader, _writer):
            assert await is_cut(reader)
        [(kind, reason)] = await porch.noted()
        assert kind is Kind.PROXY_HEADER_REFUSED
        assert said in reason
        assert porch.seen == []

    with_porch(story, *BEHIND, proxies=PROXIES)


@pytest.mark.parametrize("sent", [b"", header()[:7], header()[:20]])
def test_a_proxy_that_does_not_finish_its_header_is_cut(sent: bytes) -> None:
    async def story(porch: Porch) -> None:
        async with porch.raw("ws", sent, PROXY) as (reader, _writer):
            assert await is_cut(reader)
        assert porch.seen == []

    with_porch(story, *BEHIND, proxies=PROXIES, gateway=QUICK)


def test_a_header_where_none_is_expected_is_no_header() -> None:
    async def story(porch: Porch) -> None:
        async with porch.raw("wss", header(), PROXY) as (reader, _writer):
            assert await is_cut(reader)
        assert [kind for kind, _ in await porch.noted()] == [Kind.TLS_REFUSED]

    with_porch(story, proxies=PROXIES)


def test_clients_behind_a_proxy_share_the_places_by_their_own_addresses() -> None:
    async def story(porch: Porch) -> None:
        async with AsyncExitStack() as held:
            for _ in range(30):
                await held.enter_async_context(porch.raw("wss", header("192.0.2.66"), PROXY))
            await until(lambda: len(porch.greeter._turnstile._queues) == 1)
            async with wss(porch, PROXY, header("192.0.2.7")) as reader:
                assert (await told(reader))["peer"] == "192.0.2.7"

    with_porch(story, *BEHIND, proxies=PROXIES, gateway=FEW)


def test_a_proxy_that_does_not_say_for_whom_may_take_every_place() -> None:
    async def story(porch: Porch) -> None:
        async with AsyncExitStack() as held:
            for _ in range(FEW.handshakes_at_once):
                await held.enter_async_context(porch.raw("wss", source=PROXY))
            await until(lambda: porch.greeter._turnstile._free == 0)

    with_porch(story, proxies=PROXIES, gateway=FEW)


def test_who_comes_by_a_proxy_has_the_share_of_its_own_address() -> None:
    async def story(porch: Porch) -> None:
        porch.greeter._room = Room(16)
        async with AsyncExitStack() as held:
            many = [
                (await held.enter_async_context(porch.raw("wss", header("192.0.2.66"), PROXY)))[0] for _ in range(12)
            ]
            await until(lambda: sum(reader.at_eof() for reader in many) == 8)
            async with wss(porch, PROXY, header("192.0.2.7")) as reader:
                assert (await told(reader))["peer"] == "192.0.2.7"
        note = (await porch.written())[0]
        assert (note.kind, note.address, note.count) == (Kind.TOO_MANY_CONNECTIONS, "192.0.2.66", 8)

    with_porch(story, *BEHIND, proxies=PROXIES)
