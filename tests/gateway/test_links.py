"""Tests of the register of links: the newest wins, the dead and the removed go, and all end well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial

import pytest

from forecourt.config import GatewayConfig
from forecourt.domain.errors import DomainError
from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import LinkRecord
from forecourt.domain.provisioning.model import Registration, Station, StationDraft, UnknownStation
from forecourt.gateway import links as module
from forecourt.gateway.connection import Connection
from forecourt.gateway.strangers import STRANGERS_NOTED
from forecourt.storage.errors import Unavailable
from tests.gateway.desk import FakeDesk, FakeOffice, FakeWire, a_call, a_connection, new_links, until
from tests.support.clock import NOON, FakeClock


class World:
    """A register of links over an office in memory."""

    def __init__(self, config: GatewayConfig) -> None:
        self.clock = FakeClock()
        self.office = FakeOffice(self.clock)
        self.desk = FakeDesk()
        self.links = new_links(self.office, self.clock, config, "node")

    async def station(self, identity: str = "CP-1") -> Station:
        return await self.office.write(
            lambda services: services.provisioning.add(StationDraft(identity=identity)).station
        )

    def connect(self, station: Station) -> tuple[Connection, FakeWire]:
        wire = FakeWire()
        connection = a_connection(wire, self.desk, station=station, now=asyncio.get_running_loop().time())
        self.links.add(connection)
        return connection, wire

    async def records(self) -> list[LinkRecord]:
        page = await self.office.read(lambda services: services.presence.list(PageRequest()))
        return list(page.items)

    async def strangers(self) -> list[UnknownStation]:
        page = await self.office.read(lambda services: services.provisioning.list_strangers(PageRequest(1000)))
        return list(page.items)

    async def whole_turn(self) -> None:
        """Return when the running wheel has visited every link: it notes strangers once in a turn."""
        for probe in ("probe-1", "probe-2"):
            self.links.strangers.note_stranger(probe, "192.0.2.9", [])
            await until(partial(self.is_noted, probe))

    def is_noted(self, stranger: str) -> bool:
        return self.office.unit.one("SELECT 1 FROM unknown_station WHERE identity = ?", (stranger,)) is not None

    def has_strangers(self) -> bool:
        return self.office.unit.one("SELECT 1 FROM unknown_station") is not None

    @property
    def epochs(self) -> list[int]:
        """How often each station's link was put on record."""
        return [row[0] for row in self.office.unit.all("SELECT epoch FROM link WHERE node IS NOT NULL")]

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


def in_world(story: Callable[[World], Coroutine[None, None, None]], config: GatewayConfig | None = None) -> None:
    async def main() -> None:
        await asyncio.wait_for(story(World(config or GatewayConfig())), 60)

    asyncio.run(main())


def test_a_link_is_on_record_from_its_beginning_to_its_end() -> None:
    async def story(world: World) -> None:
        connection, _wire = world.connect(await world.station())
        assert len(world.links) == 1
        assert "CP-1" in world.links
        [record] = await world.records()
        assert (record.station, record.node, record.address) == ("CP-1", "node", "192.0.2.1")
        assert (record.link_id, record.subprotocol) == (connection.link_id, "ocpp1.6")
        world.links.remove(connection)
        assert len(world.links) == 0
        assert "CP-1" not in world.links
        assert await world.records() == []

    in_world(story)


def test_the_newest_link_of_a_station_wins() -> None:
    """A station that connects again has most likely lost the older socket."""

    async def story(world: World) -> None:
        station = await world.station()
        old, old_wire = world.connect(station)
        new, new_wire = world.connect(station)
        assert (old_wire.log, new_wire.log) == (["close 1008"], [])
        assert len(world.links) == 2
        world.links.remove(old)
        assert "CP-1" in world.links
        assert [record.link_id for record in await world.records()] == [new.link_id]
        world.links.remove(new)
        assert await world.records() == []

    in_world(story)


def test_a_link_whose_record_could_not_be_kept_is_recorded_later() -> None:
    """The station is connected, so lists must not call it off line until it connects again."""

    async def story(world: World) -> None:
        station = await world.station()
        world.office.commit_error = Unavailable("locked")
        connection, _wire = world.connect(station)
        assert await world.records() == []
        world.office.commit_error = None
        async with world.running():
            await until(lambda: bool(world.epochs))
        assert [record.link_id for record in await world.records()] == [connection.link_id]

    in_world(story)


def test_a_link_that_was_replaced_is_not_recorded_later() -> None:
    """It would take the place of the newer one, which then could not be found by its id."""

    async def story(world: World) -> None:
        station = await world.station()
        world.office.commit_error = Unavailable("locked")
        world.connect(station)
        new, _wire = world.connect(station)
        world.office.commit_error = None
        async with world.running():
            await until(lambda: bool(world.epochs))
            epochs = world.epochs
            await world.whole_turn()
        assert [record.link_id for record in await world.records()] == [new.link_id]
        assert world.epochs == epochs, "one link is recorded once"

    in_world(story)


def test_a_link_that_ended_before_it_was_recorded_stays_off_record() -> None:
    async def story(world: World) -> None:
        world.office.commit_error = Unavailable("locked")
        connection, _wire = world.connect(await world.station())
        world.links.remove(connection)
        world.office.commit_error = None
        async with world.running():
            await world.whole_turn()
        assert await world.records() == []

    in_world(story)


def test_a_link_that_was_never_on_record_does_not_end_the_newer_one() -> None:
    async def story(world: World) -> None:
        station = await world.station()
        world.office.commit_error = Unavailable("locked")
        old, _wire = world.connect(station)
        world.office.commit_error = None
        new, _wire = world.connect(station)
        world.links.remove(old)
        assert [record.link_id for record in await world.records()] == [new.link_id]

    in_world(story)


# What others decided


def test_a_station_that_was_removed_loses_its_link() -> None:
    async def story(world: World) -> None:
        _connection, wire = world.connect(await world.station())
        _other, other_wire = world.connect(await world.station("CP-2"))
        async with world.running():
            await world.office.write(lambda services: services.provisioning.remove("CP-1"))
            world.links.changed("CP-1")
            await until(lambda: wire.log == ["close 1008"])
        assert other_wire.log == []

    in_world(story)


@pytest.mark.parametrize("ring", ["CP-1", None])
def test_a_decision_of_the_operator_reaches_the_open_link(ring: str | None) -> None:
    async def story(world: World) -> None:
        connection, wire = world.connect(await world.station())
        async with world.running():
            await world.office.write(
                lambda services: services.provisioning.change(
                    "CP-1", description="", registration=Registration.REJECTED, heartbeat_seconds=7
                )
            )
            world.links.changed(ring)
            await until(lambda: connection.station.registration is Registration.REJECTED)
        assert connection.station.heartbeat_seconds == 7
        assert wire.log == []

    in_world(story)


def test_a_link_that_the_operator_ends_is_closed() -> None:
    async def story(world: World) -> None:
        _connection, wire = world.connect(await world.station())
        async with world.running():
            await world.office.write(lambda services: services.presence.ask_to_close("CP-1"))
            world.links.changed("CP-1")
            await until(lambda: wire.log == ["close 1000"])

    in_world(story)


def test_the_wish_to_end_an_older_link_does_not_end_the_newer_one() -> None:
    """Also while the newer one is not on record yet, so that the wish is still there."""

    async def story(world: World) -> None:
        station = await world.station()
        old, old_wire = world.connect(station)
        await world.office.write(lambda services: services.presence.ask_to_close("CP-1"))
        world.office.commit_error = Unavailable("locked")
        new, new_wire = world.connect(station)
        connected_at = new.read_at
        async with world.running():
            world.links.changed("CP-1")
            await until(lambda: new.read_at > connected_at)
        assert [record.link_id for record in await world.records()] == [old.link_id]
        assert (old_wire.log, new_wire.log) == (["close 1008"], [])

    in_world(story)


def test_a_decision_is_found_without_the_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REFRESH_SECONDS", 0.05)
    monkeypatch.setattr(module, "NOTE_SECONDS", 0.05)

    async def story(world: World) -> None:
        _connection, wire = world.connect(await world.station())
        async with world.running():
            await world.office.write(lambda services: services.provisioning.remove("CP-1"))
            await until(lambda: wire.log == ["close 1008"])

    in_world(story)


def test_an_outage_is_survived_and_the_decision_read_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REFRESH_SECONDS", 0.1)

    async def story(world: World) -> None:
        _connection, wire = world.connect(await world.station())
        async with world.running():
            await world.office.write(lambda services: services.provisioning.remove("CP-1"))
            world.office.is_available = False
            world.links.changed("CP-1")
            await until(lambda: not world.links._rung.is_set() and "CP-1" in world.links._stale)
            assert wire.log == []
            world.office.is_available = True
            await until(lambda: wire.log == ["close 1008"])

    in_world(story)


# The wheel


def test_dead_links_are_found_by_the_wheel() -> None:
    async def story(world: World) -> None:
        wires = [world.connect(await world.station(f"CP-{number}"))[1] for number in range(45)]
        async with world.running():
            await until(lambda: all(wire.log[:1] == ["ping"] for wire in wires))
            await until(lambda: all("abort" in wire.log for wire in wires))

    in_world(story, GatewayConfig(ping_seconds=0.1, pong_seconds=5.0))


def test_it_is_written_down_when_a_station_was_heard() -> None:
    async def story(world: World) -> None:
        connection, _wire = world.connect(await world.station())
        loop = asyncio.get_running_loop()
        connection.heard_at = loop.time() - 5

        def seen() -> bool:
            return world.office.services.provisioning.get("CP-1").last_seen_at is not None

        async with world.running():
            await until(seen)
        sheet = await world.office.read(lambda services: services.provisioning.get("CP-1"))
        assert sheet.last_seen_at is not None
        assert timedelta(seconds=4.9) < NOON - sheet.last_seen_at < timedelta(seconds=15)

    in_world(story)


def test_strangers_are_noted_with_all_their_attempts() -> None:
    async def story(world: World) -> None:
        for _ in range(3):
            world.links.strangers.note_stranger("X", "192.0.2.9", ["ocpp1.6", "ocpp2.0.1"])
        async with world.running():
            await until(world.has_strangers)
        assert await world.strangers() == [UnknownStation("X", "192.0.2.9", "ocpp1.6, ocpp2.0.1", NOON, NOON, 3)]

    in_world(story)


def test_strangers_beyond_a_number_are_an_attack_and_not_noted() -> None:
    async def story(world: World) -> None:
        for number in range(3 * STRANGERS_NOTED):
            world.links.strangers.note_stranger(f"X{number}", "192.0.2.9", ["o" * 10_000])
        world.links.strangers.note_stranger("X0", "192.0.2.9", [])
        async with world.running():
            await until(world.has_strangers)
        found = {one.identity: one for one in await world.strangers()}
        assert len(found) == STRANGERS_NOTED
        assert found["X0"].attempts == 2
        assert max(len(one.subprotocols) for one in found.values()) <= 200

    in_world(story)


# The end


def test_draining_closes_quiet_links_at_once_and_busy_ones_when_they_are_answered() -> None:
    async def story(world: World) -> None:
        (quiet, quiet_wire), (busy, busy_wire) = [
            world.connect(await world.station(identity)) for identity in ("CP-1", "CP-2")
        ]
        busy.receive(a_call("a"), asyncio.get_running_loop().time())
        draining = asyncio.ensure_future(world.links.drain())
        await until(lambda: quiet_wire.log == ["close 1001"])
        world.links.remove(quiet)
        await asyncio.sleep(0.1)
        assert busy_wire.log == []
        world.desk.held[0].run(world.office.services)
        await until(lambda: busy_wire.log == ["close 1001"])
        assert [frame[:2] for frame in busy_wire.frames] == [[3, "a"]]
        assert not draining.done(), "its socket is still open"
        world.links.remove(busy)
        await asyncio.wait_for(draining, 20)

    in_world(story)


def test_draining_waits_no_longer_than_its_deadline() -> None:
    async def story(world: World) -> None:
        busy, wire = world.connect(await world.station())
        busy.receive(a_call(), asyncio.get_running_loop().time())
        await asyncio.wait_for(world.links.drain(), 20)
        assert wire.log == ["close 1001"]

    in_world(story, GatewayConfig(drain_seconds=0.2))


def test_a_station_that_connects_while_all_ends_is_closed_at_once() -> None:
    async def story(world: World) -> None:
        await world.links.drain()
        _connection, wire = world.connect(await world.station())
        assert wire.log == ["close 1001"]

    in_world(story, GatewayConfig(drain_seconds=0))


def test_the_office_of_this_test_fails_as_a_database_does() -> None:
    async def story(world: World) -> None:
        world.office.is_available = False
        with pytest.raises(DomainError):
            await world.records()

    in_world(story)
