"""A door with the business behind it, and stations that knock at it."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Final, TypeVar

from multidict import CIMultiDict, CIMultiDictProxy

from forecourt.config import CertificateHeader, GatewayConfig, ProxiesConfig
from forecourt.domain.admission.model import Access, SecurityProfile
from forecourt.domain.errors import DomainError
from forecourt.domain.errors import Kind as Fault
from forecourt.domain.provisioning.model import Station, StationDraft
from forecourt.domain.security_log.model import Kind, Note
from forecourt.domain.services import Services
from forecourt.domain.trust.model import Policy
from forecourt.gateway.door import Arrival, Door, TlsFacts
from forecourt.gateway.handshake import Admitted, Refused
from forecourt.gateway.notes import Notes
from forecourt.gateway.password_desk import PasswordDesk
from tests.gateway.desk import DIALECT, FakeOffice, Watch, a_trusting
from tests.gateway.knocking import (
    NONE,
    POLICY,
    SERIAL,
    makers_ca,
    operators_ca,
    prepared,
)
from tests.support.workspace import PlainHasher

Result = TypeVar("Result")

HERE: Final = "192.0.2.1"
PROXY: Final = "10.0.0.1"
TYPED: Final = b"typed by somebody"
TLS12: Final = TlsFacts(version="TLSv1.2", cipher="AES128-GCM-SHA256")
PROXIES: Final = ProxiesConfig(addresses=(ip_network("10.0.0.0/8"),), certificate_header=CertificateHeader.DER_BASE64)

UPGRADE: Final = (
    ("Connection", "keep-alive, Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", b64encode(bytes(16)).decode()),
    ("Sec-WebSocket-Protocol", "ocpp1.6"),
)


def basic(password: bytes, user: str = "CP-1") -> tuple[str, str]:
    return "Authorization", "Basic " + b64encode(user.encode() + b":" + password).decode()


class Gate(FakeOffice):
    """An office where something may happen between the reading and the writing of one decision."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.meanwhile: list[Callable[[Services], object]] = []
        self.write_fault: Fault | None = None

    async def write(self, work: Callable[[Services], Result]) -> Result:
        if self.write_fault is not None:
            raise DomainError(self.write_fault, "This was not written.")
        return await super().write(work)

    async def read(self, work: Callable[[Services], Result]) -> Result:
        self.reads += 1
        result = await super().read(work)
        if self.meanwhile:
            self.meanwhile.pop(0)(self.services)
        return result


class Noticed(Notes):
    """Notes that can be looked at before they are written."""

    def __init__(self, office: FakeOffice) -> None:
        super().__init__(office)
        self.taken: list[Note] = []

    def note(self, note: Note) -> None:
        self.taken.append(note)
        super().note(note)


@dataclass
class World:
    """A door, and everything that it asks."""

    config: GatewayConfig = field(default_factory=GatewayConfig)
    proxies: ProxiesConfig = field(default_factory=ProxiesConfig)

    def __post_init__(self) -> None:
        self.office = Gate()
        self.watch = Watch()
        self.notes = Noticed(self.office)
        self.strangers: list[str] = []
        self.desk = PasswordDesk(PlainHasher())
        self.trust(POLICY)
        self.door = Door(
            office=self.office,
            guard=self.watch.guard,
            passwords=self.desk,
            notes=self.notes,
            strangers=self,
            config=self.config,
            proxies=self.proxies,
            spoken=[DIALECT.subprotocol],
        )

    def trust(self, policy: Policy) -> None:
        self.watch.trusting = a_trusting(
            stations=[operators_ca().certificate], makers=[makers_ca().certificate], policy=policy
        )

    def note_stranger(self, identity: str, address: str, subprotocols: object) -> None:
        self.strangers.append(f"{identity} {address}")

    @property
    def services(self) -> Services:
        return self.office.services

    @property
    def kinds(self) -> list[Kind]:
        return [note.kind for note in self.notes.taken]

    def station(
        self, profile: SecurityProfile = NONE, *, password: bytes | None = TYPED, serial: str | None = SERIAL
    ) -> Station:
        station = self.services.provisioning.add(StationDraft(identity="CP-1")).station
        if password is not None:
            self.services.passwords.set(station, prepared(password), "test")
        self.services.admissions.change(
            station, leniencies=frozenset(), serial_number=serial, trusted_organisations=(), asked_by="test"
        )
        self.set_profile(profile)
        return station

    def set_profile(self, profile: SecurityProfile, services: Services | None = None) -> None:
        admissions = (services or self.services).admissions
        caller = admissions.find("CP-1")
        assert caller is not None
        admissions.set_profile(caller.station, profile, may_lower=True, asked_by="test")

    @property
    def access(self) -> Access:
        caller = self.services.admissions.find("CP-1")
        assert caller is not None
        return caller.access

    async def knock(
        self,
        *headers: tuple[str, str],
        path: str = "/ocpp/CP-1",
        tls: TlsFacts | None = None,
        chain: Sequence[bytes] = (),
        peer: str = HERE,
        is_legacy: bool = False,
        via_proxy: str | None = None,
        proxy_headers: bool = True,
        upgrade: Sequence[tuple[str, str]] = UPGRADE,
    ) -> Admitted | Refused:
        sent = CIMultiDict([*upgrade, *headers])
        return await self.door.decide(
            Arrival(
                raw_path=path,
                headers=CIMultiDictProxy(sent),
                peer=peer,
                listener="ws" if tls is None else "wss",
                is_legacy=is_legacy,
                tls=tls,
                chain=chain,
                via_proxy=via_proxy,
                proxy_headers=proxy_headers,
            )
        )


Story = Callable[[World], Coroutine[None, None, None]]


def run(story: Story, world: World | None = None) -> None:
    async def main() -> None:
        there = world or World()
        try:
            await asyncio.wait_for(story(there), 60)
        finally:
            there.desk.close()

    asyncio.run(main())
