"""Between the socket and HTTP: slow clients, floods, and clients that only look."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from forecourt.domain.security_log.model import Kind
from forecourt.gateway.room import Room
from tests.gateway.desk import until
from tests.gateway.greeted import BEHIND, FEW, PROXIES, PROXY, QUICK, a_client, is_cut, told, wss
from tests.gateway.porch import MUTE, WS, WSS, Porch, came_in, open_sockets, trusting, with_porch
from tests.gateway.test_proxy_protocol import header

# Those who are slow


def test_a_client_that_begins_no_handshake_is_cut_and_noted() -> None:
    async def story(porch: Porch) -> None:
        async with porch.raw() as (reader, _writer):
            assert await is_cut(reader)
        [(kind, reason)] = await porch.noted()
        assert kind is Kind.TLS_REFUSED
        assert reason == "At the listener wss: no TLS handshake within 0.5 seconds."

    with_porch(story, gateway=QUICK)


def test_a_client_that_stops_in_the_middle_of_its_handshake_is_cut() -> None:
    async def story(porch: Porch) -> None:
        outgoing = ssl.MemoryBIO()
        hello = a_client().wrap_bio(ssl.MemoryBIO(), outgoing)
        with pytest.raises(ssl.SSLWantReadError):
            hello.do_handshake()
        async with porch.raw("wss", outgoing.read()) as (reader, _writer):
            assert await asyncio.wait_for(reader.read(1), 20)
            assert await asyncio.wait_for(reader.read(), 20)
        assert [kind for kind, _ in await porch.noted()] == [Kind.TLS_REFUSED]

    with_porch(story, gateway=QUICK)


def test_somebody_who_holds_handshakes_does_not_keep_others_out() -> None:
    async def story(porch: Porch) -> None:
        async with AsyncExitStack() as held:
            for _ in range(30):
                await held.enter_async_context(porch.raw("wss", source="127.0.0.2"))
            begun = asyncio.get_running_loop().time()
            for _ in range(10):
                async with wss(porch, "127.0.0.3") as reader:
                    assert (await told(reader))["peer"] == "127.0.0.3"
            assert asyncio.get_running_loop().time() - begun < FEW.tls_handshake_seconds / 2

    with_porch(story, gateway=FEW)


def test_those_who_had_to_wait_have_their_turn() -> None:
    async def story(porch: Porch) -> None:
        async def knock() -> None:
            async with wss(porch) as reader:
                await told(reader)

        await asyncio.gather(*(knock() for _ in range(40)))
        assert len(porch.seen) == 40

    with_porch(story, gateway=FEW)


def test_where_there_is_no_room_to_wait_either_one_is_turned_away_and_noted() -> None:
    async def story(porch: Porch) -> None:
        porch.greeter._turnstile._room = 4
        async with AsyncExitStack() as held:
            readers = [(await held.enter_async_context(porch.raw()))[0] for _ in range(10)]
            await until(lambda: sum(reader.at_eof() for reader in readers) >= 6)
            async with wss(porch, "127.0.0.3") as reader:
                await told(reader)
        notes = [note for note in await porch.written() if "too many connections" in note.reason]
        assert [(note.kind, note.count) for note in notes] == [(Kind.TOO_MANY_CONNECTIONS, 6)]

    with_porch(story, gateway=FEW)


def test_a_handshake_takes_no_task_once_it_is_done_and_none_while_it_waits() -> None:
    async def story(porch: Porch) -> None:
        before = len(asyncio.all_tasks())
        async with AsyncExitStack() as held:
            for _ in range(10):
                await told(await held.enter_async_context(wss(porch)))
            await until(lambda: len(asyncio.all_tasks()) == before)
            for _ in range(10):
                await held.enter_async_context(porch.raw())
            await until(lambda: len(porch.greeter._turnstile._queues) == 1)
            assert len(asyncio.all_tasks()) <= before + FEW.handshakes_at_once

    with_porch(story, gateway=FEW)


# Those who leave, and those who are wrong here


def test_who_only_looks_whether_somebody_listens_is_not_noted() -> None:
    async def story(porch: Porch) -> None:
        for name in ("ws", "wss", "behind"):
            async with porch.raw(name):
                pass
        await until(lambda: not porch.greeter._tasks)
        assert await porch.noted() == []

    with_porch(story, WS, WSS, replace(WS, name="behind", proxy_protocol=True), proxies=PROXIES)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP without TLS"),
        (b"\x00" * 50, "no TLS"),
        (b"SSH-2.0-x\r\n", "no TLS"),
    ],
)
def test_what_is_no_tls_is_cut_and_noted(sent: bytes, said: str) -> None:
    async def story(porch: Porch) -> None:
        async with porch.raw("wss", sent) as (reader, _writer):
            assert await is_cut(reader)
        [note] = await porch.written()
        assert (note.kind, note.address) == (Kind.TLS_REFUSED, "127.0.0.1")
        assert said in note.reason

    with_porch(story)


def test_a_station_that_refuses_the_server_certificate_is_noted() -> None:
    async def story(porch: Porch) -> None:
        assert came_in(await porch.openssl("-tls1_2", "-verify_return_error")) is None
        await until(lambda: not porch.greeter._tasks)
        [(kind, reason)] = await porch.noted()
        assert kind is Kind.TLS_REFUSED
        assert "it does not trust the server certificate" in reason

    with_porch(story)


def test_a_handshake_that_fails_leaves_nothing_behind() -> None:
    async def story(porch: Porch) -> None:
        before = open_sockets()
        for sent in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00") * 10:
            async with porch.raw("wss", sent) as (_reader, writer):
                await writer.drain()
        await until(lambda: not porch.greeter._tasks and open_sockets() == before)
        assert porch.greeter._turnstile._free == QUICK.handshakes_at_once

    with_porch(story, gateway=QUICK)


def test_what_fails_in_our_own_code_is_noted_and_ends_one_connection_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(porch: Porch) -> None:
        new_client = porch.greeter._new_client

        def broken(step: object) -> asyncio.Protocol:
            raise ZeroDivisionError("what a stranger sent")

        monkeypatch.setattr(porch.greeter, "_new_client", broken)
        async with porch.raw("ws") as (reader, _writer):
            assert await is_cut(reader)
        [(kind, reason)] = await porch.noted()
        assert kind is Kind.INTERNAL_FAILURE
        assert reason == "At the listener ws: the connection failed: ZeroDivisionError."
        monkeypatch.setattr(porch.greeter, "_new_client", new_client)
        async with porch.raw("ws") as (reader, _writer):
            await told(reader)

    with_porch(story, WS)
    assert "connection_failed" in capsys.readouterr().out


def test_who_waits_for_a_listener_that_is_shut_is_sent_away() -> None:
    async def story(porch: Porch) -> None:
        async with AsyncExitStack() as held:
            readers = [(await held.enter_async_context(porch.raw()))[0] for _ in range(6)]
            await until(lambda: len(porch.greeter._tasks) == 2)
            await porch.follow(trusting(presents=[], version=2))
            assert all(await asyncio.gather(*(is_cut(reader) for reader in readers)))
        assert porch.seen == []

    with_porch(story, gateway=replace(FEW, tls_handshake_seconds=0.5))


def test_at_the_end_those_who_wait_and_those_in_the_middle_are_cut() -> None:
    async def story(porch: Porch) -> None:
        async with AsyncExitStack() as held:
            readers = [(await held.enter_async_context(porch.raw()))[0] for _ in range(6)]
            await until(lambda: len(porch.greeter._tasks) == 2)
            porch.listeners.stop_accepting()
            await porch.greeter.close()
            assert all(await asyncio.gather(*(is_cut(reader) for reader in readers)))

    with_porch(story, gateway=FEW)


# Sockets that say nothing


@pytest.mark.parametrize("listener", ["mute", "wss"])
def test_who_holds_sockets_that_say_nothing_does_not_keep_others_out(listener: str) -> None:
    async def story(porch: Porch) -> None:
        porch.greeter._room = Room(16)
        async with AsyncExitStack() as held:
            readers = [(await held.enter_async_context(porch.raw(listener, source="127.0.0.2")))[0] for _ in range(30)]
            await until(lambda: sum(reader.at_eof() for reader in readers) == 26)
            async with wss(porch, "127.0.0.3") as reader:
                assert (await told(reader))["peer"] == "127.0.0.3"
        note = (await porch.written())[0]
        assert (note.kind, note.address, note.count) == (Kind.TOO_MANY_CONNECTIONS, "127.0.0.2", 26)

    with_porch(story, MUTE, WSS)


def test_every_place_is_free_again_when_all_have_left() -> None:
    async def story(porch: Porch) -> None:
        for name in ("ws", "wss"):
            for sent in (b"", b"GET / HTTP/1.1\r\n\r\n", header(), header()[:9], header(command=0)) * 3:
                async with porch.raw(name, sent, PROXY) as (_reader, writer):
                    await writer.drain()
        room = porch.greeter._room
        await until(lambda: not porch.greeter._tasks and not room._silent_total and not room._settled)
        assert not room._silent

    with_porch(story, *BEHIND, proxies=PROXIES, gateway=QUICK)


def test_warnings_are_as_they_were() -> None:
    """A context for old versions silences one of them for as long as it is made."""
    before = list(warnings.filters)
    with_porch(_nothing)
    assert list(warnings.filters) == before


async def _nothing(porch: Porch) -> None:
    assert porch.addresses
