"""Links over an office in memory, with who guards them, and stations that have one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Final

from forecourt.config import GatewayConfig
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import Station, StationDraft
from forecourt.domain.security_log.model import Kind, NoteFilter
from forecourt.domain.services import Services
from forecourt.domain.trust.model import Policy
from forecourt.gateway import handshake
from forecourt.gateway.connection import Connection
from forecourt.gateway.credentials import NO_PASSWORD, PasswordProof
from forecourt.gateway.handshake import Channel
from forecourt.gateway.links import Links
from forecourt.gateway.notes import Notes
from tests.gateway.desk import DIALECT, FakeDesk, FakeOffice, FakeWire, Watch, a_connection, a_trusting, until
from tests.gateway.knocking import (
    NONE,
    PLAIN,
    POLICY,
    SERIAL,
    a_knock,
    admitted,
    ders,
    makers_ca,
    operators_ca,
    prepared,
)
from tests.support.authority import Issued
from tests.support.clock import FakeClock

CRL_URL: Final = "http://ca.example/list.crl"
CERTIFIED: Final = operators_ca().leaf(SERIAL, crl_urls=[CRL_URL])


class World:
    """Links over an office in memory, and who guards them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.office = FakeOffice(self.clock)
        self.watch = Watch(self.clock)
        self.version = 0
        self.trust(POLICY)
        self.notes = Notes(self.office)
        self.links = Links(self.office, self.clock, GatewayConfig(), "node", guard=self.watch.guard, notes=self.notes)
        self.watch.revocation.on_news(self.links.revocations_changed)

    @property
    def services(self) -> Services:
        return self.office.services

    def trust(self, policy: Policy = POLICY, *, revoked: Sequence[Issued] = (), stations: bool = True) -> None:
        """As if the store had a new version."""
        self.version += 1
        self.watch.trusting = a_trusting(
            stations=[operators_ca().certificate] if stations else [],
            makers=[makers_ca().certificate],
            revoked=[one.certificate for one in revoked],
            policy=policy,
            version=self.version,
        )

    def station(
        self, profile: SecurityProfile = NONE, identity: str = "CP-1", *, serial_number: str | None = None
    ) -> Station:
        serial_number = serial_number or (SERIAL if identity == "CP-1" else f"SN of {identity}")
        station = self.services.provisioning.add(StationDraft(identity=identity)).station
        self.services.passwords.set(station, prepared(b"right and long enough"), "test")
        self.services.admissions.change(
            station, leniencies=frozenset(), serial_number=serial_number, trusted_organisations=(), asked_by="test"
        )
        self.set_profile(station, profile)
        return station

    def set_profile(self, station: Station, profile: SecurityProfile) -> None:
        self.services.admissions.set_profile(station, profile, may_lower=True, asked_by="test")

    async def connect(
        self,
        station: Station,
        channel: Channel = PLAIN,
        *,
        password: PasswordProof = NO_PASSWORD,
        issued: Issued | None = None,
    ) -> tuple[Connection, FakeWire]:
        connection, wire = await self.decide(station, channel, password=password, issued=issued)
        self.links.add(connection)
        await asyncio.sleep(0)
        return connection, wire

    async def decide(
        self,
        station: Station,
        channel: Channel = PLAIN,
        *,
        password: PasswordProof = NO_PASSWORD,
        issued: Issued | None = None,
    ) -> tuple[Connection, FakeWire]:
        """Admitted, and not yet among the links."""
        caller = self.services.admissions.find(station.identity)
        trusting = self.watch.trusting
        chain = [] if issued is None else ders(issued)
        decision = handshake.decide(
            replace(a_knock(channel), identity=station.identity),
            caller,
            policy=trusting.policy,
            password=password,
            certificate=await self.watch.guard.prove(chain, trusting, is_needed=True),
            spoken=[DIALECT.subprotocol],
        )
        wire = FakeWire()
        now = asyncio.get_running_loop().time()
        return a_connection(wire, FakeDesk(), admitted=admitted(decision), now=now), wire

    @property
    def closed(self) -> list[str]:
        """What the security log says of links that were closed."""
        self.notes.write()
        wanted = NoteFilter(kinds=frozenset({Kind.LINK_CLOSED}))
        return [stored.note.reason for stored in self.services.security_log.list(wanted, PageRequest()).items]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.ensure_future(self.links.run())
        try:
            yield
            assert not task.done(), "it runs for ever"
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def in_world(story: Callable[[World], Coroutine[None, None, None]]) -> None:
    async def main() -> None:
        world = World()
        async with world.running():
            await asyncio.wait_for(story(world), 60)

    asyncio.run(main())


async def ends(wire: FakeWire) -> None:
    await until(lambda: bool(wire.log))
    assert wire.log == ["close 1008"]


async def stays(world: World, wire: FakeWire) -> None:
    """The link was looked at again, and is open."""
    await until(lambda: not world.links._stale)
    read = [connection.read_at for connection in world.links._links.values()]
    world.links.changed(None)
    await until(lambda: all(one.read_at > then for one, then in zip(world.links._links.values(), read, strict=True)))
    assert wire.log == []
