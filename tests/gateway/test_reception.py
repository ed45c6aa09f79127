"""Tests of the stations' socket with real clients: who is let in, at what pace, and how links end."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from forecourt.config import GatewayConfig, ListenerConfig, ProxiesConfig, Tls
from forecourt.domain.paging import PageRequest
from forecourt.gateway.greeting import Doorstep
from forecourt.gateway.reception import _arrival
from forecourt.gateway.room import Room
from tests.gateway.desk import a_call, until
from tests.gateway.listening import PLAIN, UPGRADE, World, answer, close_code, status_of, with_listener
from tests.gateway.porch import OLD, WSS, operator, station, trusting
from tests.gateway.test_proxy_protocol import header


async def refusal(
    world: World, identity: str, subprotocols: list[Subprotocol] | None = None, *, tls: ssl.SSLContext | None = None
) -> InvalidStatus:
    with pytest.raises(InvalidStatus) as refused:
        async with world.open(identity, subprotocols, tls=tls):
            pass
    return refused.value


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
        assert list(world.links._strangers) == ["CP-2"]
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
        for one in world.links._strangers.values():
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


# Limits


def test_a_client_that_sends_nothing_is_cut() -> None:
    async def story(world: World) -> None:
        async with world.raw() as (reader, _writer):
            assert await asyncio.wait_for(reader.read(), 5) == b""

    with_listener(story, GatewayConfig(header_seconds=0.2))


def test_a_client_that_sends_its_head_byte_by_byte_is_cut() -> None:
    async def story(world: World) -> None:
        async with world.raw("GET /ocpp/CP-1 HTTP/1.1\r\n") as (reader, writer):
            cut = asyncio.ensure_future(reader.read())
            deadline = asyncio.get_running_loop().time() + 5
            while not cut.done():
                assert asyncio.get_running_loop().time() < deadline, "it may go on for ever"
                writer.write(b"X")
                await asyncio.sleep(0.02)
            assert isinstance(cut.exception(), ConnectionError) or cut.result() == b""

    with_listener(story, GatewayConfig(header_seconds=0.3))


def test_a_client_that_was_refused_has_no_more_time_for_its_next_request() -> None:
    """A connection that is kept alive must not be a way around the time limit."""

    async def story(world: World) -> None:
        async with world.raw("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HT") as (reader, _writer):
            assert await status_of(reader) == 404
            await asyncio.wait_for(reader.read(), 5)

    with_listener(story, GatewayConfig(header_seconds=0.2))


def test_an_open_link_has_no_time_limit_of_its_own() -> None:
    async def story(world: World) -> None:
        async with world.open() as socket:
            await asyncio.sleep(0.5)
            await socket.send(a_call("a").decode())
            assert (await answer(socket))[:2] == [3, "a"]

    with_listener(story, GatewayConfig(header_seconds=0.2))


def test_newcomers_are_admitted_at_a_pace() -> None:
    async def story(world: World) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for _ in range(5):
            async with world.open():
                pass
        assert loop.time() - begun >= 0.4

    with_listener(story, GatewayConfig(upgrades_per_second=10))


def test_too_many_that_wait_are_told_to_come_back() -> None:
    async def story(world: World) -> None:
        async def ask() -> int:
            try:
                async with world.open():
                    return 101
            except InvalidStatus as refused:
                return refused.response.status_code if "Retry-After" in refused.response.headers else 0

        statuses = await asyncio.gather(*[ask() for _ in range(20)])
        assert set(statuses) == {101, 503}
        assert 2 <= statuses.count(101) <= 6

    with_listener(story, GatewayConfig(upgrades_per_second=5, upgrades_waiting=3))


def test_while_the_database_is_out_of_reach_stations_are_told_to_come_back() -> None:
    async def story(world: World) -> None:
        world.office.is_available = False
        refused = await refusal(world, "CP-1")
        assert refused.response.status_code == 503
        assert "Retry-After" in refused.response.headers
        world.office.is_available = True
        async with world.open():
            pass

    with_listener(story)


def test_a_message_above_the_limit_is_answered_and_one_far_above_ends_the_link() -> None:
    async def story(world: World) -> None:
        async with world.open() as socket:
            await socket.send(a_call("a", "DataTransfer", vendorId="V", data="x" * 2000).decode())
            assert (await answer(socket))[:3] == [4, "a", "FormationViolation"]
            await socket.send(a_call("b").decode())
            assert (await answer(socket))[:2] == [3, "b"]
            await socket.send(a_call("c", "DataTransfer", vendorId="V", data="x" * 9000).decode())
            assert await close_code(socket) == 1009

    with_listener(story, GatewayConfig(frame_bytes=1024, hard_frame_bytes=8192))


def test_a_station_above_its_rate_is_slowed_and_loses_nothing() -> None:
    async def story(world: World) -> None:
        loop = asyncio.get_running_loop()
        async with world.open() as socket:
            begun = loop.time()
            for number in range(50):
                await socket.send(a_call(str(number)).decode())
            answers = [await answer(socket) for _ in range(50)]
            assert [frame[:2] for frame in answers] == [[3, str(number)] for number in range(50)]
            assert loop.time() - begun >= 0.4

    with_listener(story, GatewayConfig(messages_per_second=20, open_requests=1))


# What the door is told of TLS and of proxies


def a_client(folder: Path | None = None) -> ssl.SSLContext:
    """A station's side of TLS; with a folder it shows a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if folder is not None:
        context.load_cert_chain(*station().write(folder))
    return context


def test_the_door_is_told_how_a_station_came_in_over_tls(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        client = a_client(tmp_path)
        client.maximum_version = ssl.TLSVersion.TLSv1_2
        async with world.open(tls=client) as socket:
            await socket.send(a_call("a").decode())
            assert (await answer(socket))[:2] == [3, "a"]
            [link] = world.links._links.values()
            channel = link.admitted.knock.channel
            assert (channel.listener, channel.is_tls, channel.is_legacy) == ("wss", True, False)
            assert (channel.tls_version, channel.cipher) == ("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256")
            assert link.admitted.certificate.leaf == station().certificate

    with_listener(story, listener=WSS, trusting=trusting(operator().certificate))


@pytest.mark.parametrize("listener", [WSS, OLD], ids=["wss", "old"])
def test_when_nobody_can_say_any_more_how_a_connection_was_protected_nothing_is_decided(
    listener: ListenerConfig,
) -> None:
    """Least of all that it was plain."""
    gone = make_mocked_request("GET", "/ocpp/CP-1")
    gone.protocol.transport = None
    assert gone.transport is None
    assert _arrival(gone, a_step(listener)) is None
    plain = _arrival(gone, a_step(PLAIN))
    assert plain is not None
    assert plain.tls is None


@pytest.mark.parametrize(
    ("listener", "is_believed"),
    [
        (PLAIN, True),
        (replace(PLAIN, proxy_headers=False), False),
        (replace(PLAIN, proxy_protocol=True), False),
        (WSS, False),
        (replace(WSS, proxy_headers=True), True),
    ],
)
def test_the_door_is_told_whether_headers_of_proxies_are_believed_at_the_listener(
    listener: ListenerConfig, is_believed: bool
) -> None:
    request = make_mocked_request("GET", "/ocpp/CP-1")
    if listener.tls is Tls.NONE:
        arrival = _arrival(request, a_step(listener))
        assert arrival is not None
        assert arrival.proxy_headers is is_believed
    assert listener.believes_headers is is_believed


def a_step(listener: ListenerConfig) -> Doorstep:
    stay = Room(64).enter("192.0.2.1")
    assert stay is not None
    return Doorstep(listener, "192.0.2.1", stay)


def test_the_door_is_told_which_listener_is_for_old_stations() -> None:
    async def story(world: World) -> None:
        client = a_client()
        client.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            client.minimum_version = ssl.TLSVersion.TLSv1
        refused = await refusal(world, "CP-9", tls=client)
        assert refused.response.status_code == 404, "the handshake itself is done"
        async with world.open(tls=client):
            [link] = world.links._links.values()
            assert link.admitted.knock.channel.is_legacy

    with_listener(story, listener=OLD, trusting=trusting())


def test_after_its_tls_handshake_a_client_that_sends_nothing_is_cut() -> None:
    async def story(world: World) -> None:
        async with world.raw() as (reader, writer):
            await writer.start_tls(a_client())
            assert await asyncio.wait_for(reader.read(), 5) == b""

    with_listener(story, GatewayConfig(header_seconds=0.2), listener=WSS, trusting=trusting())


def test_the_door_is_told_who_is_behind_a_proxy() -> None:
    async def story(world: World) -> None:
        loop = asyncio.get_running_loop()
        raw = socket.socket()
        raw.setblocking(False)
        await loop.sock_connect(raw, (world.address.host, world.address.port))
        await loop.sock_sendall(raw, header("192.0.2.7"))
        async with world.open(sock=raw):
            [link] = world.links._links.values()
            assert link.address == "192.0.2.7"
            assert link.admitted.knock.channel.via_proxy == "127.0.0.1"

    proxies = ProxiesConfig(addresses=(ipaddress.ip_network("127.0.0.1"),))
    with_listener(story, listener=replace(PLAIN, proxy_protocol=True), proxies=proxies)


HERE = ProxiesConfig(addresses=(ipaddress.ip_network("127.0.0.1"),))
ELSEWHERE = ProxiesConfig(addresses=(ipaddress.ip_network("127.0.0.9"),))


@pytest.mark.parametrize(
    ("length", "proxies", "listener", "status"),
    [
        (8_000, ELSEWHERE, PLAIN, 404),
        (9_000, ELSEWHERE, PLAIN, 400),
        (9_000, ProxiesConfig(), PLAIN, 400),
        (9_000, HERE, replace(PLAIN, proxy_headers=False), 400),
        (9_000, HERE, PLAIN, 404),
        (32_000, HERE, PLAIN, 404),
        (33_000, HERE, PLAIN, 400),
    ],
)
def test_a_listed_proxy_may_send_a_certificate_with_its_chain_and_nobody_else(
    length: int, proxies: ProxiesConfig, listener: ListenerConfig, status: int
) -> None:
    async def story(world: World) -> None:
        head = f"GET /ocpp/CP-9 HTTP/1.1\r\nHost: a\r\n{UPGRADE}Sec-WebSocket-Protocol: ocpp1.6\r\n"
        async with world.raw(f"{head}X-Certificate: {'a' * length}\r\n\r\n") as (reader, _writer):
            assert await status_of(reader) == status

    with_listener(story, proxies=proxies, listener=listener)


def test_stations_behind_a_proxy_share_the_pace_by_their_own_addresses() -> None:
    async def story(world: World) -> None:
        def knock(address: str) -> str:
            head = f"GET /ocpp/CP-9 HTTP/1.1\r\nHost: a\r\n{UPGRADE}Sec-WebSocket-Protocol: ocpp1.6\r\n"
            return f"{head}X-Forwarded-For: {address}\r\n\r\n"

        async def status(address: str) -> int:
            async with world.raw(knock(address)) as (reader, _writer):
                return await status_of(reader)

        many = [asyncio.ensure_future(status("192.0.2.66")) for _ in range(8)]
        await until(lambda: sum(one.done() and one.result() == 503 for one in many) == 5)
        assert await status("192.0.2.7") == 404
        assert sorted(await asyncio.gather(*many)) == [404] * 3 + [503] * 5

    with_listener(story, GatewayConfig(upgrades_per_second=2, upgrades_waiting=4), proxies=HERE)


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
            await asyncio.wait_for(draining, 5)
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
