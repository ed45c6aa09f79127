"""What the stations' socket bounds, with real clients: time, pace, and the size of messages."""

from __future__ import annotations

import asyncio
import ipaddress

from websockets.exceptions import InvalidStatus

from forecourt.config import GatewayConfig, ProxiesConfig
from tests.gateway.desk import a_call, until
from tests.gateway.listening import UPGRADE, World, answer, close_code, refusal, status_of, with_listener


def test_a_client_that_sends_nothing_is_cut() -> None:
    async def story(world: World) -> None:
        async with world.raw() as (reader, _writer):
            assert await asyncio.wait_for(reader.read(), 20) == b""

    with_listener(story, GatewayConfig(header_seconds=0.2))


def test_a_client_that_sends_its_head_byte_by_byte_is_cut() -> None:
    async def story(world: World) -> None:
        async with world.raw("GET /ocpp/CP-1 HTTP/1.1\r\n") as (reader, writer):
            cut = asyncio.ensure_future(reader.read())
            deadline = asyncio.get_running_loop().time() + 20
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
            await asyncio.wait_for(reader.read(), 20)

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

    with_listener(
        story,
        GatewayConfig(upgrades_per_second=2, upgrades_waiting=4),
        proxies=ProxiesConfig(addresses=(ipaddress.ip_network("127.0.0.1"),)),
    )
