"""What the door is told of TLS and of proxies, with real clients."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request

from forecourt.config import GatewayConfig, ListenerConfig, ProxiesConfig, Tls
from forecourt.domain.admission.model import Leniency, SecurityProfile
from forecourt.gateway.greeting import Doorstep
from forecourt.gateway.reception import _arrival
from forecourt.gateway.room import Room
from tests.gateway.desk import a_call, register
from tests.gateway.listening import PLAIN, UPGRADE, World, answer, refusal, status_of, with_listener
from tests.gateway.porch import OLD, WSS, operator, station, trusting
from tests.gateway.test_proxy_protocol import header


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


@pytest.mark.parametrize(("owner", "status"), [("CP-1", None), ("CP-2", 403)])
def test_a_station_comes_in_with_a_certificate_that_was_issued_for_it_and_for_no_other(
    tmp_path: Path, owner: str, status: int | None
) -> None:
    """A00.FR.427. The names in it are this station's either way."""

    async def story(world: World) -> None:
        services = world.office.services
        caller = services.admissions.find("CP-1")
        assert caller is not None
        services.admissions.change(caller.station, serial_number="SN-1", asked_by="test")
        excused = frozenset({Leniency.ANY_ORGANISATION})
        services.admissions.change(caller.station, leniencies=excused, asked_by="test")
        services.admissions.set_profile(
            caller.station, SecurityProfile.TLS_CERTIFICATE, may_lower=True, asked_by="test"
        )
        register(world.office, station(), owner)
        for _ in range(2):
            if status is None:
                async with world.open(tls=a_client(tmp_path)) as socket:
                    await socket.send(a_call("a").decode())
                    assert (await answer(socket))[:2] == [3, "a"]
            else:
                refused = await refusal(world, "CP-1", tls=a_client(tmp_path))
                assert refused.response.status_code == status
                assert b"not accepted for this station" in refused.response.body

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
            assert await asyncio.wait_for(reader.read(), 20) == b""

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
