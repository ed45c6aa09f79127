"""Open links: they end when what they were let in for no longer holds, and only then (A00.FR.002, A05.FR.08)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from forecourt.domain.admission.model import Leniency
from forecourt.domain.services import Services
from forecourt.gateway import links as module
from tests.gateway.desk import FakeOffice, until
from tests.gateway.guarding import World, ends, in_world, stays
from tests.gateway.knocking import (
    BASIC,
    POLICY,
    SERIAL,
    TLS,
    TLS_BASIC,
    prepared,
    right,
)
from tests.support.clock import FakeClock

Result = TypeVar("Result")


# Profiles and passwords


def test_a_profile_that_an_operator_sets_ends_the_link_of_another_one_at_once() -> None:
    async def story(world: World) -> None:
        station = world.station()
        _, wire = await world.connect(station)
        await stays(world, wire)
        world.set_profile(station, BASIC)
        world.links.changed("CP-1")
        await ends(wire)
        [reason] = world.closed
        assert "profile 0" in reason

    in_world(story)


def test_a_bell_that_was_not_heard_is_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REFRESH_SECONDS", 0.05)
    monkeypatch.setattr(module, "NOTE_SECONDS", 0.05)

    async def story(world: World) -> None:
        station = world.station()
        _, wire = await world.connect(station)
        world.set_profile(station, BASIC)
        await ends(wire)

    in_world(story)


def test_the_link_of_the_old_profile_stays_during_an_upgrade() -> None:
    """A05.FR.08."""

    async def story(world: World) -> None:
        station = world.station(BASIC)
        _, wire = await world.connect(station, password=right())
        world.office.unit.execute(
            "UPDATE station_access SET upgrade_profile = 2, upgrade_state = 'accepted', upgrade_since = 0,"
            " upgrade_asked_by = 'test', upgrade_restarts = false, upgrade_may_be_taken = false"
            " WHERE station_key = ?",
            (station.key,),
        )
        caller = world.services.admissions.find("CP-1")
        assert caller is not None
        assert caller.access.profiles == (TLS_BASIC, BASIC)
        await stays(world, wire)

    in_world(story)


def test_a_password_change_leaves_the_link_to_the_station() -> None:
    """A01: the station disconnects by itself, and comes back with the new one."""

    async def story(world: World) -> None:
        station = world.station(BASIC)
        _, wire = await world.connect(station, password=right())
        world.office.unit.execute("UPDATE station_password SET state = 'former' WHERE station_key = ?", (station.key,))
        await stays(world, wire)

    in_world(story)


def test_a_password_that_an_operator_withdraws_ends_its_link() -> None:
    """Whoever has it may not be the station."""

    async def story(world: World) -> None:
        station = world.station(BASIC)
        _, wire = await world.connect(station, password=right())
        await stays(world, wire)
        world.services.passwords.set(station, prepared(b"another one, as long"), "test")
        world.links.changed("CP-1")
        await ends(wire)
        [reason] = world.closed
        assert "withdrawn" in reason

    in_world(story)


def test_what_was_changed_before_the_link_was_on_record_ends_it() -> None:
    """The bell rang when there was no link yet."""

    async def story(world: World) -> None:
        station = world.station(BASIC)
        for change in (
            lambda: world.services.passwords.set(station, prepared(b"another one, as long"), "test"),
            lambda: world.set_profile(station, TLS_BASIC),
        ):
            connection, wire = await world.decide(station, password=right())
            change()
            world.links.changed("CP-1")
            await until(lambda: not world.links._stale)
            world.links.add(connection)
            await ends(wire)
            world.links.remove(connection)

    in_world(story)


def test_an_excuse_that_is_withdrawn_ends_the_link() -> None:
    async def story(world: World) -> None:
        station = world.station(BASIC)

        def excuse(*leniencies: Leniency) -> None:
            world.services.admissions.change(
                station,
                leniencies=frozenset(leniencies),
                serial_number=SERIAL,
                trusted_organisations=(),
                asked_by="test",
            )

        excuse(Leniency.BASIC_OVER_TLS)
        _, wire = await world.connect(station, TLS, password=right())
        await stays(world, wire)
        excuse()
        world.links.changed("CP-1")
        await ends(wire)

    in_world(story)


def test_a_listener_that_no_longer_takes_a_profile_ends_its_links() -> None:
    async def story(world: World) -> None:
        _, wire = await world.connect(world.station())
        world.trust(replace(POLICY, listeners={"ws": frozenset({BASIC})}))
        await world.links.trust_changed(world.watch.trusting)
        await ends(wire)

    in_world(story)


# Records that cannot be read


class Unreadable(FakeOffice):
    """An office in which a record cannot be read."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.bad: set[str] = set()

    async def read(self, work: Callable[[Services], Result]) -> Result:
        if self.bad.intersection(getattr(work, "args", [[]])[0]):
            raise ValueError("this row makes no sense")
        return await super().read(work)


def test_a_record_that_cannot_be_read_ends_its_own_link_and_holds_up_no_other() -> None:
    async def story(world: World) -> None:
        office = Unreadable(world.clock)
        world.office = world.links._office = office
        one, other = world.station(), world.station(identity="CP-2")
        _, wire = await world.connect(one)
        _, other_wire = await world.connect(other)
        third = world.station(identity="CP-3")
        _, third_wire = await world.connect(third)
        office.bad.add("CP-1")
        world.set_profile(third, BASIC)
        world.services.presence.ask_to_close("CP-2")
        world.links.changed(None)
        await ends(wire)
        await ends(third_wire)
        await until(lambda: other_wire.log == ["close 1000"])
        world.notes = world.links._notes
        assert not world.links._stale

    in_world(story)
