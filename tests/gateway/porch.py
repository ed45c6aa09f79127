"""Listeners without the house behind them: who comes in is told how, and may then go."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import uvloop

from forecourt.clock import Clock, SystemClock
from forecourt.config import GatewayConfig, ListenerConfig, ProxiesConfig, Tls
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.paging import PageRequest
from forecourt.domain.security_log.model import Kind, Note, NoteFilter
from forecourt.domain.trust.model import (
    Origin,
    Policy,
    Purpose,
    Role,
    ServerCertificate,
    Snapshot,
    Trusted,
    Unusable,
)
from forecourt.gateway.greeting import Doorstep, Greeter
from forecourt.gateway.listeners import Listeners
from forecourt.gateway.notes import Notes
from forecourt.gateway.tls import chain_of
from forecourt.gateway.trust import Trusting, prepare
from forecourt.pki.certificate import Certificate
from forecourt.settings import Address
from tests.gateway.desk import FakeOffice
from tests.support.authority import Authority, Issued

NOW = datetime.now(UTC)
DEADLINE_SECONDS = 60.0

WS = ListenerConfig("ws", Address("127.0.0.1", 0))
WSS = ListenerConfig("wss", Address("127.0.0.1", 0), Tls.MODERN)
MUTE = ListenerConfig("mute", Address("127.0.0.1", 0))
"""Its callers count as if they had said nothing."""
OLD = ListenerConfig("old", Address("127.0.0.1", 0), Tls.LEGACY)


@cache
def operator() -> Authority:
    return Authority.root("Operator Root")


@cache
def server(key: str) -> Issued:
    return operator().leaf("localhost", dns=["localhost"], key=key)


@cache
def station() -> Issued:
    return operator().sub("Operator Issuing CA").leaf("SN-1")


def served(name: str, issued: Issued, added_at: datetime = NOW) -> ServerCertificate:
    return ServerCertificate(
        name=name, chain=issued.chain, key=issued.key, is_enabled=True, added_by="tests", added_at=added_at
    )


def both() -> tuple[ServerCertificate, ...]:
    return served("rsa", server("RSA 2048")), served("ec", server("EC P-256"))


def trusted(certificate: Certificate, purpose: Purpose = Purpose.STATION, role: Role = Role.ANCHOR) -> Trusted:
    return Trusted(
        certificate=certificate,
        purposes=frozenset({purpose}),
        role=role,
        origin=Origin.OPERATOR,
        added_by="tests",
        added_at=NOW,
    )


def trusting(
    *anchors: Certificate,
    presents: Sequence[ServerCertificate] | None = None,
    listeners: Mapping[str, frozenset[SecurityProfile]] | None = None,
    version: int = 1,
    unusable: tuple[Unusable, ...] = (),
) -> Trusting:
    """What is trusted when the store holds these. Presents an RSA and an EC certificate unless it is told another."""
    return prepare(
        Snapshot(
            version=version,
            certificates=tuple(trusted(anchor) for anchor in anchors),
            revoked=frozenset(),
            crls=(),
            server_certificates=both() if presents is None else tuple(presents),
            policy=Policy(listeners=listeners or {}),
            unusable=unusable,
        )
    )


class Caller(asyncio.Protocol):
    """Tells a client how it came in, and closes when it has said something."""

    def __init__(self, step: Doorstep, seen: list[dict[str, Any]]) -> None:
        self._step = step
        self._seen = seen

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert hasattr(transport, "write"), "a transport that is written to"
        self._transport: Any = transport  # uvloop's transports share no base class
        spoken: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        told: dict[str, Any] = {
            "listener": self._step.listener.name,
            "peer": self._step.peer,
            "via": self._step.via_proxy,
        }
        if spoken is not None:
            cipher = spoken.cipher()
            told |= {
                "version": spoken.version(),
                "cipher": cipher[0] if cipher else None,
                "resumed": spoken.session_reused,
                "compression": spoken.compression(),
                "certificates": len(chain_of(spoken)),
            }
        self._seen.append(told)
        if self._step.listener.name != MUTE.name:
            self._step.stay.settle()
        self._transport.write(f"came in: {json.dumps(told)}\n".encode())

    def data_received(self, data: bytes) -> None:
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._step.stay.leave()


@dataclass
class Porch:
    """Listeners that listen."""

    listeners: Listeners
    greeter: Greeter
    notes: Notes
    office: FakeOffice
    addresses: dict[str, Address] = field(default_factory=dict)
    seen: list[dict[str, Any]] = field(default_factory=list)
    """How each came in who did."""

    async def follow(self, trusting: Trusting) -> None:
        await self.listeners.follow(trusting)

    async def noted(self) -> list[tuple[Kind, str]]:
        """What is in the security log, the oldest first."""
        return [(note.kind, note.reason) for note in await self.written()]

    async def written(self) -> list[Note]:
        self.notes.write()
        await asyncio.sleep(0)
        page = self.office.services.security_log.list(NoteFilter(), PageRequest(limit=500))
        return [one.note for one in reversed(page.items)]

    @asynccontextmanager
    async def raw(
        self, listener: str = "wss", sent: bytes = b"", source: str = "127.0.0.1"
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A TCP connection, with something sent."""
        address = self.addresses[listener]
        reader, writer = await asyncio.open_connection(address.host, address.port, local_addr=(source, 0))
        try:
            writer.write(sent)
            yield reader, writer
        finally:
            writer.close()

    async def is_refused(self, listener: str = "wss") -> bool:
        """Nobody listens."""
        try:
            async with self.raw(listener):
                return False
        except ConnectionRefusedError:
            return True

    async def openssl(self, *options: str, listener: str = "wss", said: bytes = b"bye\n") -> str:
        """What `openssl s_client` shows of one connection. It says something, and stays until it is sent away."""
        return await self.s_client("-ign_eof", *options, listener=listener, said=said)

    async def s_client(self, *options: str, listener: str = "wss", said: bytes) -> str:
        """The same for a client that takes single letters as commands, and leaves at the end of them."""
        address = self.addresses[listener]
        command = ("openssl", "s_client", "-connect", str(address), *options)
        with tempfile.TemporaryFile() as words:  # a pipe breaks when the client ends before it has read
            words.write(said)
            words.seek(0)
            process = await asyncio.create_subprocess_exec(
                *command, stdin=words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        try:
            shown, _ = await asyncio.wait_for(process.communicate(), DEADLINE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
        return shown.decode(errors="replace")


def came_in(shown: str) -> dict[str, Any] | None:
    """How the client came in, or None when it did not."""
    for line in shown.splitlines():
        if line.startswith("came in: "):
            told: dict[str, Any] = json.loads(line.removeprefix("came in: "))
            return told
    return None


def with_porch(
    story: Callable[[Porch], Coroutine[None, None, None]],
    *settings: ListenerConfig,
    start: Trusting | None = None,
    gateway: GatewayConfig | None = None,
    proxies: ProxiesConfig | None = None,
    clock: Clock | None = None,
) -> None:
    """Run a story; afterwards every socket is closed again."""

    async def main() -> None:
        seen: list[dict[str, Any]] = []
        office = FakeOffice()
        notes = Notes(office)
        greeter = Greeter(
            gateway=gateway or GatewayConfig(),
            proxies=proxies or ProxiesConfig(),
            notes=notes,
            new_client=lambda step: Caller(step, seen),
        )
        listeners = Listeners(settings or (WSS,), greeter=greeter, notes=notes, clock=clock or SystemClock())
        porch = Porch(listeners, greeter, notes, office, seen=seen)
        porch.addresses = await listeners.start(start or trusting())
        try:
            await asyncio.wait_for(story(porch), 60)
        finally:
            listeners.stop_accepting()
            await greeter.close()

    uvloop.run(main())


def files_of(issued: Issued, name: str) -> tuple[str, ...]:
    """Options for a client that shows a certificate."""
    folder = Path(mkdtemp(prefix="forecourt-porch-"))
    chain, key = issued.write(folder, name)
    return "-cert", str(chain), "-cert_chain", str(chain), "-key", str(key)


def open_sockets() -> int:
    """How many this process has."""
    found = 0
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # that of the listing itself
            found += os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:")
    return found
