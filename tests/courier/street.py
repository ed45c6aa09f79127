"""A courier over real links and stores, with stations whose sockets are in the hands of the test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

from forecourt.config import GatewayConfig
from forecourt.courier.courier import Courier
from forecourt.dialect import Dialect, Hearer
from forecourt.domain.errands.intents import Intent, Say
from forecourt.domain.errands.model import (
    Delivery,
    Draft,
    Errand,
    ErrandNumber,
    ErrandState,
    Failure,
    Order,
    Priority,
)
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.provisioning.model import Station, StationDraft
from forecourt.gateway.connection import Connection
from forecourt.ocpp.session import Limits
from forecourt.storage.errors import Unavailable
from tests.gateway.desk import DIALECT, FakeOffice, FakeWire, Json, a_connection, new_links, until
from tests.support.clock import FakeClock

NODE = "node"
CALL_SECONDS = 30.0

ASKING = Say("GetConfiguration", "{}")
"""Safe to repeat."""
DOING = Say("Reset", '{"type":"Hard"}')
"""Not safe to repeat."""

CONFIGURATION: dict[str, Json] = {"configurationKey": [], "unknownKey": []}
ACCEPTED: dict[str, Json] = {"status": "Accepted"}


class StationLink:
    """One link, from the station's side."""

    def __init__(self, connection: Connection, wire: FakeWire) -> None:
        self.connection = connection
        self.wire = wire

    @property
    def calls(self) -> list[list[Any]]:  # frames, whose elements are indexed as they come
        """Every CALL that came over this link."""
        return [frame for frame in self.wire.frames if frame[0] == 2]

    @property
    def actions(self) -> list[str]:
        return [call[2] for call in self.calls]

    def says(self, frame: Json) -> None:
        self.hears(json.dumps(frame).encode())

    def hears(self, text: bytes) -> None:
        self.connection.receive(text, asyncio.get_running_loop().time())

    def answers(self, payload: Json, call: int = -1) -> None:
        """Answer one of the calls, the last one unless another is named."""
        self.says([3, self.calls[call][1], payload])

    def answers_with_error(self, code: Json, description: Json = "", details: Json = None) -> None:
        self.says([4, self.calls[-1][1], code, description, details or {}])

    async def called(self, times: int) -> None:
        await until(lambda: len(self.calls) >= times)
        assert len(self.calls) == times, self.calls

    def waits_too_long(self) -> None:
        now = asyncio.get_running_loop().time() + CALL_SECONDS + 1
        self.connection.tick(now, ping_seconds=1e9, pong_seconds=1e9)


class Street:
    """The courier, the links of its node, and what they work on."""

    def __init__(self, dialect: Dialect | None = None, *, limits: Limits | None = None) -> None:
        self.clock = FakeClock()
        self.office = FakeOffice(self.clock)
        self.links = new_links(self.office, self.clock, GatewayConfig(drain_seconds=1), NODE)
        self.dialect = dialect or replace(DIALECT, hearers={})
        self.limits = limits or Limits(call_seconds=CALL_SECONDS)
        self.courier = self.new_courier()

    def new_courier(self) -> Courier:
        dialects = {self.dialect.subprotocol: self.dialect}
        return Courier(self.office, self.links, dialects, node=NODE, answer_seconds=CALL_SECONDS)

    @property
    def errands(self) -> Any:  # the service; tests call all of it
        return self.office.services.errands

    def a_station(self, identity: str = "CP-1") -> Station:
        return self.office.services.provisioning.add(StationDraft(identity=identity)).station

    def connects(self, station: Station) -> StationLink:
        wire = FakeWire()
        now = asyncio.get_running_loop().time()
        connection = a_connection(wire, self.office, station=station, limits=self.limits, now=now)
        self.links.add(connection)
        return StationLink(connection, wire)

    async def is_at_rest(self) -> None:
        """Return when all that was submitted has ended."""
        for _ in range(20):
            await asyncio.sleep(0)

    def leaves(self, link: StationLink) -> None:
        self.links.remove(link.connection)

    def asks(
        self,
        station: Station,
        intent: Intent = DOING,
        *,
        delivery: Delivery = Delivery.WHEN_ONLINE,
        priority: Priority = Priority.NORMAL,
        wakes: bool = True,
    ) -> ErrandNumber:
        """The number of an errand that was asked for, and rung for."""
        operation = intent.action if isinstance(intent, Say) else type(intent).__name__
        draft = Draft(operation=operation, intent=intent, shown=None)
        order = Order(asked_by="admin", delivery=delivery, priority=priority)
        number = self.office.services.errands.ask(station, draft, order).number
        if wakes:
            self.courier.rung(station.identity)
        return number

    def errand(self, number: ErrandNumber) -> Errand:
        return self.office.services.errands.get(number)

    def state(self, number: ErrandNumber) -> ErrandState:
        return self.errand(number).state

    async def ended(self, number: ErrandNumber, state: ErrandState) -> Errand:
        """The errand, once it has ended in this state."""
        await until(lambda: self.state(number).is_final)
        errand = self.errand(number)
        assert errand.state is state, errand
        return errand

    def out_of_order(self) -> AbstractContextManager[None]:
        """The database takes nothing."""
        return _out_of_order(self.office)

    async def is_free(self) -> None:
        """Return when the courier has nothing out; fails when it keeps something for ever."""
        await until(lambda: self.courier.is_idle)


@contextmanager
def _out_of_order(office: FakeOffice) -> Any:  # a generator; its user sees a context manager
    office.commit_error = Unavailable("locked")
    try:
        yield
    finally:
        office.commit_error = None


def in_street(
    story: Callable[[Street], Coroutine[None, None, None]],
    dialect: Dialect | None = None,
    *,
    limits: Limits | None = None,
) -> None:
    async def main() -> None:
        await asyncio.wait_for(story(Street(dialect, limits=limits)), 20)

    asyncio.run(main())


def hearing(hearer: Hearer, action: str = "Reset") -> Street:
    """A street whose business hears the answers to one action in its own way."""
    return Street(replace(DIALECT, hearers={action: hearer}))


def run_with(hearer: Hearer, story: Callable[[Street], Coroutine[None, None, None]]) -> None:
    async def main() -> None:
        await asyncio.wait_for(story(hearing(hearer)), 20)

    asyncio.run(main())


def trip_when_told(street: Street) -> None:
    """A room that knows nothing of the errands that it is told of."""

    def trip(_key: int, _number: ErrandNumber, _intent: Say, _failure: Failure) -> None:
        raise DomainError(Kind.NOT_FOUND, "There is no such job.")

    street.office.services.errands.watch(Say, trip)


def crash(street: Street) -> None:
    """The node stops without warning and starts again."""
    street.office.services.presence.close_all("node")


def is_idle(street: Street) -> bool:
    return street.courier.is_idle
