"""A socket, a storage thread and an office that tests hold in their hands."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Never, TypeAlias, TypeVar

from forecourt.clock import Clock
from forecourt.config import GatewayConfig
from forecourt.dialects.v16 import dialect as v16
from forecourt.domain.admission.model import Entry, SecurityProfile
from forecourt.domain.provisioning.model import Registration, Station, StationKey
from forecourt.domain.services import Services
from forecourt.domain.signing.model import IssuedCertificate, SigningNumber, Use
from forecourt.domain.trust.model import Origin, Policy, Purpose, Role, Snapshot, Trusted
from forecourt.gateway.certificates import NO_CERTIFICATE
from forecourt.gateway.connection import Connection, Outcome
from forecourt.gateway.credentials import NO_PASSWORD
from forecourt.gateway.errors import CannotFetch
from forecourt.gateway.guard import Guard
from forecourt.gateway.handshake import Admitted, Channel, Knock
from forecourt.gateway.links import Links
from forecourt.gateway.notes import Notes
from forecourt.gateway.revocation_desk import RevocationDesk
from forecourt.gateway.trust import Trusting, prepare
from forecourt.ocpp.session import Limits
from forecourt.pki.certificate import Certificate
from forecourt.pki.revocation import Crl
from forecourt.storage.issued_certificates import RegisterRecords
from tests.support.authority import Issued
from tests.support.clock import NOON, FakeClock
from tests.support.workspace import MemoryWorkspace

Json: TypeAlias = object
Result = TypeVar("Result")

DIALECT = v16.make()
DEADLINE_SECONDS = 60.0


class FakeWire:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.log: list[str] = []
        self.buffered = 0

    def send(self, text: bytes) -> None:
        self.sent.append(text)

    def ping(self) -> None:
        self.log.append("ping")

    def close(self, code: int, reason: str) -> None:
        assert reason
        self.log.append(f"close {code}")

    def abort(self) -> None:
        self.log.append("abort")

    def buffered_bytes(self) -> int:
        return self.buffered

    @property
    def frames(self) -> list[list[Json]]:
        return [json.loads(text) for text in self.sent]


@dataclass
class Done(Generic[Result]):
    """The outcome of a job that was done."""

    result: Result
    error: None = None


@dataclass
class Failed:
    """The outcome of a job that failed: it has no result, and whoever asks for it is wrong."""

    error: Exception

    @property
    def result(self) -> Never:
        raise AssertionError("a job that failed has no result")


@dataclass
class Held(Generic[Result]):
    """A job that waits for the test."""

    station_key: int
    work: Callable[[Services], Result]
    done: Callable[[Outcome[Result]], None]

    def run(self, services: Services, error: Exception | None = None) -> None:
        """Do it, and let it fail at its commit if there is an error."""
        ended: Outcome[Result]
        try:
            ended = Done(self.work(services))
        except Exception as raised:  # noqa: BLE001  # whatever it is, it belongs to the job
            ended = Failed(raised)
        self.done(Failed(error) if error else ended)

    def fail(self, error: Exception) -> None:
        """The work was never begun."""
        self.done(Failed(error))


@dataclass
class FakeDesk:
    """Keeps every job until the test does it."""

    held: list[Held[Any]] = field(default_factory=list)  # jobs of any result

    def submit(
        self, station_key: int, work: Callable[[Services], Result], done: Callable[[Outcome[Result]], None]
    ) -> None:
        self.held.append(Held(station_key, work, done))


class FakeOffice(MemoryWorkspace):
    """Does jobs at once, in memory; with `commit_error` set they are done and then fail at their commit."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        super().__init__(clock=clock)
        self.commit_error: Exception | None = None
        self.submitted = 0

    def submit(
        self, station_key: int, work: Callable[[Services], Result], done: Callable[[Outcome[Result]], None]
    ) -> None:
        self.submitted += 1
        self.begin()
        error = self.commit_error

        def and_done(outcome: Outcome[Result]) -> None:
            if outcome.error is not None:
                self.take_back()
            else:
                self.keep()
            asyncio.get_running_loop().call_soon(done, outcome)

        Held(station_key, work, and_done).run(self.services, error)


def register(office: FakeOffice, issued: Issued, owner: str, use: Use = Use.STATION) -> None:
    """An authority issued a certificate for somebody."""
    entry = IssuedCertificate(
        certificate=issued.certificate,
        chain=issued.chain,
        number=SigningNumber(1),
        authority="own",
        use=use,
        owner=owner,
        issued_at=NOON,
    )
    assert RegisterRecords(office.unit).add(entry)


def a_station(identity: str = "CP-1", key: int = 1, registration: Registration = Registration.ACCEPTED) -> Station:
    return Station(StationKey(key), identity, registration, None)


def a_connection(
    wire: FakeWire,
    desk: FakeDesk | FakeOffice,
    *,
    station: Station | None = None,
    limits: Limits | None = None,
    messages_per_second: float = 0,
    now: float = 0.0,
    admitted: Admitted | None = None,
) -> Connection:
    return Connection(
        wire,
        admitted or an_admission(station or a_station()),
        dialect=DIALECT,
        desk=desk,
        limits=limits or Limits(),
        messages_per_second=messages_per_second,
        now=now,
    )


def an_admission(station: Station) -> Admitted:
    """With profile 0, on a plain connection."""
    return Admitted(
        station=station,
        subprotocol=DIALECT.subprotocol,
        entry=Entry(profile=SecurityProfile.NONE, is_tls=False),
        knock=Knock(
            identity=station.identity,
            address="192.0.2.1",
            offered=(DIALECT.subprotocol,),
            channel=Channel(listener="ws", is_tls=False),
        ),
        password=NO_PASSWORD,
        certificate=NO_CERTIFICATE,
    )


def a_trusting(
    *,
    stations: Sequence[Certificate] = (),
    makers: Sequence[Certificate] = (),
    revoked: Iterable[Certificate] = (),
    crls: Iterable[Crl] = (),
    policy: Policy | None = None,
    version: int = 1,
) -> Trusting:
    """What is trusted, from the certificates of the CAs that are: anchors when they are self-issued."""
    trusted = [
        Trusted(
            certificate=certificate,
            purposes=frozenset({purpose}),
            role=Role.ANCHOR if certificate.is_self_issued else Role.INTERMEDIATE,
            origin=Origin.OPERATOR,
            added_by="test",
            added_at=NOON,
        )
        for certificates, purpose in ((stations, Purpose.STATION), (makers, Purpose.ONBOARDING))
        for certificate in certificates
    ]
    return prepare(
        Snapshot(
            version=version,
            certificates=tuple(trusted),
            revoked=frozenset((one.issuer_hash, one.serial) for one in revoked),
            crls=tuple(crls),
            server_certificates=(),
            policy=policy or Policy(),
        )
    )


class FakeFetcher:
    """CAs by URL; every other one cannot be reached."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []

    async def fetch(self, url: str, *, body: bytes | None, kind: str, limit: int) -> bytes:
        self.asked.append(url)
        await asyncio.sleep(0)
        if url not in self.answers:
            raise CannotFetch(f"{url} did not answer.")
        return self.answers[url]


@dataclass
class Watch:
    """A guard, and what it goes by."""

    clock: Clock = field(default_factory=FakeClock)
    trusting: Trusting = field(default_factory=a_trusting)
    fetcher: FakeFetcher = field(default_factory=FakeFetcher)

    def __post_init__(self) -> None:
        self.revocation = RevocationDesk(self.fetcher, self.clock)
        self.guard = Guard(lambda: self.trusting, self.revocation, self.clock)


def a_call(call_id: str = "1", action: str = "Heartbeat", **payload: Json) -> bytes:
    return json.dumps([2, call_id, action, payload]).encode()


async def until(holds: Callable[[], bool]) -> None:
    """Return when the condition holds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.005)


def new_links(
    office: FakeOffice, clock: FakeClock, config: GatewayConfig, node: str, watch: Watch | None = None
) -> Links:
    """Links that nobody guards but the register of stations, unless there is a watch."""
    return Links(office, clock, config, node, guard=(watch or Watch(clock)).guard, notes=Notes(office))
