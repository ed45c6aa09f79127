"""The register of links as the courier sees it: which station can be called now, and when that changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest

from forecourt.config import GatewayConfig
from forecourt.domain.provisioning.model import Station, StationDraft
from forecourt.gateway.connection import Connection
from forecourt.storage.errors import Unavailable
from tests.gateway.desk import FakeDesk, FakeOffice, FakeWire, a_connection, new_links, until
from tests.support.clock import FakeClock


class Register:
    """Links over an office in memory; what is told is noted, together with whether a link was on record then."""

    def __init__(self) -> None:
        clock = FakeClock()
        self.office = FakeOffice(clock)
        self.links = new_links(self.office, clock, GatewayConfig(drain_seconds=0), "node")
        self.told: list[tuple[str, bool]] = []
        self.links.on_change(lambda identity: self.told.append((identity, self.is_on_record)))

    @property
    def is_on_record(self) -> bool:
        return self.office.unit.one("SELECT 1 FROM link WHERE node IS NOT NULL") is not None

    def a_station(self, identity: str = "CP-1") -> Station:
        return self.office.services.provisioning.add(StationDraft(identity=identity)).station

    def connects(self, station: Station) -> Connection:
        now = asyncio.get_running_loop().time()
        connection = a_connection(FakeWire(), FakeDesk(), station=station, now=now)
        self.links.add(connection)
        return connection

    async def is_told(self, times: int) -> None:
        """Return when it was told so often, and not more often."""
        await until(lambda: len(self.told) >= times)
        await self.is_at_rest()
        assert len(self.told) == times, self.told

    async def is_at_rest(self) -> None:
        """Return when all that was submitted has ended."""
        for _ in range(20):
            await asyncio.sleep(0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The wheel turns."""
        task = asyncio.ensure_future(self.links.run())
        try:
            yield
            assert not task.done(), "it runs for ever"
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def whole_turn(self) -> None:
        """Return when the wheel has visited every link: it notes strangers once in a turn."""
        for probe in ("probe-1", "probe-2"):
            self.links.strangers.note_stranger(probe, "192.0.2.9", [])
            await until(partial(self._is_noted, probe))

    def _is_noted(self, stranger: str) -> bool:
        return self.office.unit.one("SELECT 1 FROM unknown_station WHERE identity = ?", (stranger,)) is not None


def with_register(story: Callable[[Register], Coroutine[None, None, None]]) -> None:
    async def main() -> None:
        await asyncio.wait_for(story(Register()), 20)

    asyncio.run(main())


def test_it_is_told_when_a_link_is_on_record_and_when_it_has_ended() -> None:
    async def story(register: Register) -> None:
        connection = register.connects(register.a_station())
        assert register.told == [], "nothing can be claimed for it before it is on record"
        await register.is_told(1)
        register.links.remove(connection)
        await register.is_told(2)
        assert register.told == [("CP-1", True), ("CP-1", False)]

    with_register(story)


def test_all_who_asked_are_told() -> None:
    async def story(register: Register) -> None:
        others: list[str] = []
        register.links.on_change(others.append)
        register.connects(register.a_station("A"))
        register.connects(register.a_station("B"))
        await register.is_told(2)
        assert others == ["A", "B"]

    with_register(story)


def test_a_link_that_could_not_be_put_on_record_is_told_of_when_it_is() -> None:
    async def story(register: Register) -> None:
        register.office.commit_error = Unavailable("locked")
        connection = register.connects(register.a_station())
        await register.is_at_rest()
        assert register.told == []
        register.office.commit_error = None
        async with register.running():
            await register.is_told(1)
        assert register.told == [("CP-1", True)]
        assert register.links.line("CP-1") is connection

    with_register(story)


def test_the_end_is_told_also_when_it_could_not_be_recorded() -> None:
    """What is out over the link has ended all the same."""

    async def story(register: Register) -> None:
        connection = register.connects(register.a_station())
        await register.is_told(1)
        register.office.commit_error = Unavailable("locked")
        register.links.remove(connection)
        await register.is_told(2)
        assert register.links.line("CP-1") is None

    with_register(story)


def test_a_link_that_is_being_closed_is_not_told_of_and_is_no_line() -> None:
    async def story(register: Register) -> None:
        connection = register.connects(register.a_station())
        await register.is_told(1)
        connection.close(1000, "why")
        assert register.links.line("CP-1") is None
        assert "CP-1" in register.links, "its socket is still open"
        await register.is_told(1)
        register.links.remove(connection)
        await register.is_told(2)

    with_register(story)


def test_a_link_that_is_closed_before_it_is_on_record_is_not_told_of() -> None:
    async def story(register: Register) -> None:
        register.office.commit_error = Unavailable("locked")
        connection = register.connects(register.a_station())
        await register.is_at_rest()
        connection.close(1000, "why")
        register.office.commit_error = None
        async with register.running():
            await register.whole_turn()
        assert register.told == []
        assert not register.is_on_record

    with_register(story)


def test_the_line_of_a_station_is_its_newest_link() -> None:
    async def story(register: Register) -> None:
        station = register.a_station()
        assert register.links.line("CP-1") is None
        old = register.connects(station)
        assert register.links.line("CP-1") is old
        new = register.connects(station)
        assert register.links.line("CP-1") is new
        register.links.remove(old)
        assert register.links.line("CP-1") is new
        register.links.remove(new)
        assert register.links.line("CP-1") is None

    with_register(story)


@pytest.mark.parametrize("identity", ["CP-2", "cp-1", ""])
def test_a_station_without_a_link_has_no_line(identity: str) -> None:
    async def story(register: Register) -> None:
        register.connects(register.a_station())
        assert register.links.line(identity) is None

    with_register(story)
