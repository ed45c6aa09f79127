"""A whole gateway that listens on one address, and what tests do with it as a client."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from forecourt.clock import SystemClock
from forecourt.config import GatewayConfig, ListenerConfig, ProxiesConfig
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import StationDraft, StationFilter
from forecourt.gateway.door import Door
from forecourt.gateway.greeting import Greeter
from forecourt.gateway.links import Links
from forecourt.gateway.listeners import Listeners
from forecourt.gateway.notes import Notes
from forecourt.gateway.password_desk import PasswordDesk
from forecourt.gateway.reception import Reception
from forecourt.gateway.trust import Trusting
from forecourt.settings import Address
from tests.gateway.desk import DIALECT, FakeOffice, Watch, until
from tests.support.clock import FakeClock
from tests.support.workspace import PlainHasher

OCPP16 = [Subprotocol("ocpp1.6")]
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: MDEyMzQ1Njc4OUFCQ0RFRg==\r\n"
)


@dataclass
class World:
    """A gateway that listens."""

    office: FakeOffice
    links: Links
    listeners: Listeners
    address: Address

    async def register(self, identity: str) -> None:
        await self.office.write(lambda services: services.provisioning.add(StationDraft(identity=identity)))

    async def identities(self) -> list[str]:
        page = await self.office.read(lambda services: services.provisioning.list(StationFilter(), PageRequest()))
        return [sheet.station.identity for sheet in page.items]

    def open(
        self,
        identity: str = "CP-1",
        subprotocols: list[Subprotocol] | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        sock: socket.socket | None = None,
    ) -> connect:
        url = f"{'wss' if tls else 'ws'}://{self.address}/ocpp/{identity}"
        offered = OCPP16 if subprotocols is None else subprotocols
        return connect(
            url, subprotocols=offered or None, ping_interval=None, proxy=None, compression=None, ssl=tls, sock=sock
        )

    @asynccontextmanager
    async def raw(self, text: str | bytes = b"") -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A TCP connection, with something sent."""
        reader, writer = await asyncio.open_connection(self.address.host, self.address.port)
        try:
            writer.write(text.encode() if isinstance(text, str) else text)
            await writer.drain()
            yield reader, writer
        finally:
            writer.close()


Story = Callable[[World], Coroutine[None, None, None]]


PLAIN = ListenerConfig("ws", Address("127.0.0.1", 0))


def with_listener(
    story: Story,
    config: GatewayConfig | None = None,
    *,
    listener: ListenerConfig = PLAIN,
    trusting: Trusting | None = None,
    proxies: ProxiesConfig | None = None,
) -> None:
    async def main() -> None:
        settings = config or GatewayConfig()
        trusted_proxies = proxies or ProxiesConfig()
        office = FakeOffice(FakeClock())
        watch = Watch() if trusting is None else Watch(SystemClock(), trusting)  # TLS goes by the real time
        notes = Notes(office)
        links = Links(office, FakeClock(), settings, "node", guard=watch.guard, notes=notes)
        dialects = {DIALECT.subprotocol: DIALECT}
        passwords = PasswordDesk(PlainHasher())
        door = Door(
            office=office,
            guard=watch.guard,
            passwords=passwords,
            notes=notes,
            strangers=links.strangers,
            config=settings,
            proxies=trusted_proxies,
            spoken=dialects.keys(),
        )
        reception = Reception(door=door, links=links, office=office, dialects=dialects, config=settings)
        greeter = Greeter(gateway=settings, proxies=trusted_proxies, notes=notes, new_client=reception.new_client)
        listeners = Listeners([listener], greeter=greeter, notes=notes, clock=watch.clock)
        addresses = await listeners.start(watch.trusting)
        world = World(office, links, listeners, addresses[listener.name])
        await world.register("CP-1")
        try:
            await asyncio.wait_for(story(world), 60)
        finally:
            listeners.stop_accepting()
            await greeter.close()
            await reception.close()
            passwords.close()
        await until(lambda: len(links) == 0)

    uvloop.run(main())


async def answer(socket: ClientConnection) -> list[object]:
    text = await asyncio.wait_for(socket.recv(), 10)
    assert isinstance(text, str), "answers are text frames"
    found: list[object] = json.loads(text)
    return found


async def close_code(socket: ClientConnection) -> int | None:
    """The code that came from the other side, or None when the connection broke."""
    try:
        while True:
            await asyncio.wait_for(socket.recv(), 10)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


async def status_of(reader: asyncio.StreamReader) -> int:
    line = await asyncio.wait_for(reader.readline(), 10)
    return int(line.split()[1])


async def refusal(
    world: World, identity: str, subprotocols: list[Subprotocol] | None = None, *, tls: ssl.SSLContext | None = None
) -> InvalidStatus:
    """How the upgrade was refused."""
    with pytest.raises(InvalidStatus) as refused:
        async with world.open(identity, subprotocols, tls=tls):
            pass
    return refused.value
