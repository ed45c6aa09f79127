"""Tests of the stations' socket with real clients: who is let in, what is answered, and how links end."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from websockets.typing import Subprotocol

from forecourt.config import GatewayConfig
from forecourt.domain.paging import PageRequest
from tests.gateway.desk import a_call, until
from tests.gateway.listening import UPGRADE, World, answer, close_code, refusal, status_of, with_listener


def test_a_registered_station_is_let_in_and_answered() -> None:
    async def story(world: World) -> None:
        async with world.open() as socket:
            assert socket.subprotocol == "ocpp1.6"
            await socket.send(a_call("a").decode())
            assert (await answer(socket))[:2] == [3, "a"]
            assert "CP-1" in world.links
        await until(lambda: len(world.links) == 0)
        assert list(world.office.services.presence.list(PageRequest()).items) == []

    with_listener(story)


def test_a_binary_frame_is_taken_as_text() -> None:
    """Some stations send them; the answer is a text frame (OCPP-J 1.6 §3.1)."""

    async def story(world: World) -> None:
        async with world.open() as socket:
            await socket.send(a_call("a"))
            assert (await answer(socket))[:2] == [3, "a"]

    with_listener(story)


def test_a_message_in_fragments_is_one_message() -> None:
    async def story(world: World) -> None:
        async with world.open() as socket:
            text = a_call("a").decode()
            await socket.send([text[:3], text[3:10], text[10:]])
            assert (await answer(socket))[:2] == [3, "a"]

    with_listener(story)


def test_text_that_is_no_utf_8_does_not_end_the_link() -> None:
    async def story(world: World) -> None:
        async with world.open() as socket:
            await socket.send(b'[2,"a","Authorize",{"idTag":"\xff"}]', text=True)
            assert (await answer(socket))[:2] == [4, "a"]
            await socket.send(a_call("b").decode())
            assert (await answer(socket))[:2] == [3, "b"]

    with_listener(story)


def test_a_ping_is_answered() -> None:
    async def story(world: World) -> None:
        async with world.open() as socket:
            await asyncio.wait_for(await socket.ping("are you there"), 10)

    with_listener(story)


# Who is not let in


def test_a_station_that_is_not_registered_is_refused_and_noted() -> None:
    async def story(world: World) -> None:
        assert (await refusal(world, "CP-2")).response.status_code == 404
        assert [one.identity for one in world.links.strangers.gathered] == ["CP-2"]
        assert await world.identities() == ["CP-1"]

    with_listener(story)


@pytest.mark.parametrize("offered", [[], [Subprotocol("ocpp2.0.1")]])
def test_a_station_that_speaks_no_known_version_is_refused(offered: list[Subprotocol]) -> None:
    async def story(world: World) -> None:
        assert (await refusal(world, "CP-1", offered)).response.status_code == 400

    with_listener(story)


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("GET /ocpp/CP-1 HTTP/1.1\r\nHost: a\r\n\r\n", 426),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        ("POST /ocpp/CP-1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 426),
        (f"GET /ocpp/ HTTP/1.1\r\nHost: a\r\n{UPGRADE}\r\n", 400),
        (f"GET /ocpp/a%2Fb HTTP/1.1\r\nHost: a\r\n{UPGRADE}\r\n", 400),
        (f"GET /ocpp/a%FFb HTTP/1.1\r\nHost: a\r\n{UPGRADE}\r\n", 400),
        ("nonsense\r\n\r\n", 400),
        ("GET /ocpp/CP-1 HTTP/1.1\r\nHost: a\r\nX: " + "x" * 100_000 + "\r\n\r\n", 400),
    ],
)
def test_what_is_no_upgrade_of_a_station_has_its_status(request_text: str, status: int) -> None:
    async def story(world: World) -> None:
        async with world.raw(request_text) as (reader, _writer):
            assert await status_of(reader) == status

    with_listener(story)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /ocpp/a\xff HTTP/1.1\r\nHost: a\r\n" + UPGRADE.encode() + b"\r\n",
        b"GET /ocpp/X HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Protocol: ocpp\xff\r\n" + UPGRADE.encode() + b"\r\n",
    ],
)
def test_bytes_that_are_no_text_are_refused_and_reach_no_store(request_bytes: bytes) -> None:
    """The database takes no text that is not Unicode: what is noted of a stranger must be."""

    async def story(world: World) -> None:
        async with world.raw(request_bytes) as (reader, _writer):
            assert await status_of(reader) in (400, 404)
        for one in world.links.strangers.gathered:
            assert (one.identity + one.address + one.subprotocols).encode()

    with_listener(story)


# Registration by itself


def test_an_unknown_station_registers_itself_where_that_is_allowed() -> None:
    async def story(world: World) -> None:
        for _ in range(2):
            async with world.open("CP-2") as socket:
                await socket.send(a_call("a").decode())
                assert (await answer(socket))[:2] == [3, "a"]
        assert await world.identities() == ["CP-1", "CP-2"]

    with_listener(story, GatewayConfig(auto_register=True))


def test_a_station_that_connects_twice_at_once_registers_once() -> None:
    async def story(world: World) -> None:
        async def open_and_ask() -> None:
            async with world.open("CP-2"):
                pass

        await asyncio.gather(*[open_and_ask() for _ in range(5)])
        assert await world.identities() == ["CP-1", "CP-2"]

    with_listener(story, GatewayConfig(auto_register=True))


def test_who_could_not_be_served_is_not_registered() -> None:
    async def story(world: World) -> None:
        assert (await refusal(world, "CP-2", [Subprotocol("ocpp2.0.1")])).response.status_code in (400, 404)
        assert await world.identities() == ["CP-1"]

    with_listener(story, GatewayConfig(auto_register=True))


# Places and logs


def test_a_link_and_a_client_that_says_nothing_hold_a_place_until_they_end() -> None:
    async def story(world: World) -> None:
        room = world.listeners._greeter._room
        async with world.open(), world.raw():
            await until(lambda: (room._settled, room._silent_total) == (1, 1))
        await until(lambda: (room._settled, room._silent_total) == (0, 0))

    with_listener(story)


def test_requests_that_are_none_are_answered_and_leave_no_trace_in_the_log(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(world: World) -> None:
        capsys.readouterr()
        for text in ("nonsense\r\n\r\n", "GET / HTTP/1.1\r\nA\x00: b\r\n\r\n", "GET / HTTP/9\r\n\r\n"):
            async with world.raw(text) as (reader, _writer):
                assert await status_of(reader) == 400
        assert capsys.readouterr() == ("", "")

    with_listener(story)
    assert caplog.records == []


# Ends


def test_a_replaced_link_is_closed_with_a_reason() -> None:
    async def story(world: World) -> None:
        async with world.open() as old, world.open() as new:
            assert await close_code(old) == 1008
            await new.send(a_call("a").decode())
            assert (await answer(new))[:2] == [3, "a"]

    with_listener(story)


def test_a_peer_that_sends_no_messages_is_closed_for_policy() -> None:
    async def story(world: World) -> None:
        async with world.open() as socket:
            for _ in range(4):
                await socket.send("nonsense")
            assert await close_code(socket) == 1008

    with_listener(story, GatewayConfig(bad_frames=3))


def test_when_all_ends_links_are_closed_as_going_away() -> None:
    async def story(world: World) -> None:
        async with world.open() as socket:
            world.listeners.stop_accepting()
            draining = asyncio.ensure_future(world.links.drain())
            assert await close_code(socket) == 1001
            await asyncio.wait_for(draining, 20)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(world.address.host, world.address.port)

    with_listener(story)


def test_a_station_that_breaks_off_is_noticed() -> None:
    async def story(world: World) -> None:
        async with world.open() as socket:
            await until(lambda: len(world.links) == 1)
            socket.transport.abort()
            await until(lambda: len(world.links) == 0)

    with_listener(story)


def test_a_station_that_vanishes_is_given_up() -> None:
    async def story(world: World) -> None:
        async with world.raw(f"GET /ocpp/CP-1 HTTP/1.1\r\nHost: a\r\n{UPGRADE}Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"):
            await until(lambda: len(world.links) == 1)
            wheel = asyncio.ensure_future(world.links.run())
            await until(lambda: len(world.links) == 0)
            wheel.cancel()

    with_listener(story, replace(GatewayConfig(), ping_seconds=0.2, pong_seconds=0.2))
