"""A socket, a storage thread and an office that tests hold in their hands."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Never, TypeAlias, TypeVar

from forecourt.dialects.v16 import dialect as v16
from forecourt.domain.provisioning.model import Registration, Station, StationKey
from forecourt.domain.services import Services
from forecourt.gateway.connection import Connection, Outcome
from forecourt.ocpp.session import Limits
from tests.support.clock import FakeClock
from tests.support.workspace import MemoryWorkspace

Json: TypeAlias = object
Result = TypeVar("Result")

DIALECT = v16.make()
DEADLINE_SECONDS = 5.0


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
) -> Connection:
    return Connection(
        wire,
        station or a_station(),
        dialect=DIALECT,
        desk=desk,
        limits=limits or Limits(),
        messages_per_second=messages_per_second,
        address="192.0.2.1",
        subprotocol=DIALECT.subprotocol,
        now=now,
    )


def a_call(call_id: str = "1", action: str = "Heartbeat", **payload: Json) -> bytes:
    return json.dumps([2, call_id, action, payload]).encode()


async def until(holds: Callable[[], bool]) -> None:
    """Return when the condition holds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.005)
