"""The scripted station does what a test says, and its waiting ends with what did come."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime

import pytest
from aiohttp import WSServerHandshakeError

from forecourt.dialects.v16.messages.authorize import AUTHORIZE, AuthorizeRequest
from forecourt.dialects.v16.messages.get_configuration import GET_CONFIGURATION, GetConfigurationResponse
from forecourt.dialects.v16.messages.heartbeat import HEARTBEAT, HeartbeatRequest
from forecourt.dialects.v16.messages.reset import RESET, ResetResponse
from forecourt.ocpp.errors import Fault
from forecourt_simulator.testing import CallFailed, NothingCame, ScriptedStation
from forecourt_simulator.tls import client_context
from tests.simulator.authority import server_tls, the_root, the_server
from tests.simulator.central_system import a_central_system, until


def test_a_call_returns_the_words_of_the_answer() -> None:
    async def story() -> None:
        async with a_central_system() as system, await ScriptedStation.connect(system.url, "S1") as station:
            response = await station.call(HEARTBEAT, HeartbeatRequest())
            assert response.current_time == datetime(2026, 1, 1, 10, tzinfo=UTC)
            assert json.loads(station.received[0])[0] == 3
            assert station.subprotocol == "ocpp1.6"

    asyncio.run(story())


def test_a_callerror_is_raised_with_its_code() -> None:
    async def story() -> None:
        async with a_central_system() as system, await ScriptedStation.connect(system.url, "S1") as station:
            system.answers["Authorize"] = lambda *_: "InternalError"
            with pytest.raises(CallFailed, match="Authorize failed with InternalError: as the test wants") as raised:
                await station.call(AUTHORIZE, AuthorizeRequest(id_tag="T"))
            assert raised.value.code == "InternalError"

    asyncio.run(story())


def test_requests_are_taken_in_order_and_answered_or_refused_by_the_test() -> None:
    async def story() -> None:
        async with a_central_system() as system, await ScriptedStation.connect(system.url, "S1") as station:
            await until(lambda: "S1" in system.sockets)
            reset = await system.ask("S1", "Reset", {"type": "Hard"})
            asked = await station.expect(RESET)
            assert asked.words.type == "Hard"
            await asked.answer(ResetResponse(status="Accepted"))
            await until(lambda: reset in system.replies)
            assert system.replies[reset][2] == {"status": "Accepted"}
            keys = await system.ask("S1", "GetConfiguration", {})
            refused = await station.expect(GET_CONFIGURATION)
            await refused.refuse(Fault.FORMAT, "no")
            await until(lambda: keys in system.replies)
            assert system.replies[keys][2:4] == ["FormationViolation", "no"]

    asyncio.run(story())


def test_another_request_than_the_expected_one_fails_the_test() -> None:
    async def story() -> None:
        async with a_central_system() as system, await ScriptedStation.connect(system.url, "S1") as station:
            await until(lambda: "S1" in system.sockets)
            await system.ask("S1", "GetConfiguration", {})
            with pytest.raises(AssertionError, match="expected Reset, but the central system asked GetConfiguration"):
                await station.expect(RESET)
            await system.ask("S1", "GetConfiguration", {})
            asked = await station.expect(GET_CONFIGURATION)
            await asked.answer(GetConfigurationResponse())

    asyncio.run(story())


def test_waiting_ends_with_what_was_received() -> None:
    async def story() -> None:
        async with a_central_system() as system, await ScriptedStation.connect(system.url, "S1") as station:
            await station.send_raw(b'[2,"r1","Heartbeat",{}]')
            frame = await station.next_frame()
            assert json.loads(frame)[:2] == [3, "r1"]
            with pytest.raises(NothingCame, match=r"the request Reset did not come; received: .*r1"):
                await station.expect(RESET, seconds=0.02)
            system.answers["Heartbeat"] = lambda *_: None
            with pytest.raises(NothingCame, match="Heartbeat was not answered"):
                await station.call(HEARTBEAT, HeartbeatRequest(), seconds=0.02)

    asyncio.run(story())


def test_an_ended_connection_fails_calls_and_is_seen() -> None:
    async def story() -> None:
        async with a_central_system() as system, await ScriptedStation.connect(system.url, "S1") as station:
            system.answers["Heartbeat"] = lambda *_: system.drop_all()
            with pytest.raises(CallFailed, match="the connection was closed"):
                await station.call(HEARTBEAT, HeartbeatRequest())
            await station.wait_closed()
            with pytest.raises(CallFailed, match="the connection has ended"):
                await station.call(HEARTBEAT, HeartbeatRequest())

    asyncio.run(story())


def test_a_dropped_connection_ends_without_a_close_frame() -> None:
    async def story() -> None:
        async with a_central_system() as system:
            station = await ScriptedStation.connect(system.url, "S1")
            await until(lambda: "S1" in system.sockets)
            await station.drop()
            await until(lambda: system.sockets["S1"].closed)
            assert station.is_closed
            assert system.sockets["S1"].close_code == 1006
            polite = await ScriptedStation.connect(system.url, "S2")
            await until(lambda: "S2" in system.sockets)
            await polite.close()
            await until(lambda: system.sockets["S2"].closed)
            assert system.sockets["S2"].close_code == 1000

    asyncio.run(story())


@pytest.mark.parametrize(
    ("password", "user", "header"),
    [
        (bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF"), None, "QUwxMDAwOgABAgMEBQYH////////////////"),
        ("häslich:er", "other", base64.b64encode("other:häslich:er".encode()).decode()),
    ],
)
def test_a_station_signs_in_inside_tls(password: bytes | str, user: str | None, header: str) -> None:
    """The first is the standard's own example (OCPP-J 1.6 §6.2.2)."""

    async def story() -> None:
        async with a_central_system(server_tls(the_server(), stations=the_root().certificate)) as system:
            tls = client_context([the_root().certificate], own=the_root().own("SN-1"))
            connecting = ScriptedStation.connect(system.url, "AL1000", password=password, user=user, ssl=tls)
            async with await connecting as station:
                await station.call(HEARTBEAT, HeartbeatRequest())
            [knock] = system.knocks
            assert knock.authorization == f"Basic {header}"
            assert knock.certificate is not None

    asyncio.run(story())


def test_a_refused_station_learns_the_status() -> None:
    async def story() -> None:
        async with a_central_system() as system:
            with pytest.raises(WSServerHandshakeError) as raised:
                await ScriptedStation.connect(system.url.replace("/ocpp", "/nowhere"), "S1")
            assert raised.value.status == 404

    asyncio.run(story())
