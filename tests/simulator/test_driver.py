"""Drivers come, charge, leave and come again, whatever the central system does meanwhile."""

from __future__ import annotations

import random

from forecourt.dialects.v16.messages.datatypes import AuthorizationStatus
from forecourt_simulator.driver import Drivers
from tests.simulator.worlds import World, a_world, usual_answer


def live(world: World, drivers: Drivers, hours: float, *, tags: AuthorizationStatus = "Accepted") -> list[str]:
    """Let the world run, with a central system that answers at once; returns the actions that were sent."""
    sent = []
    for _ in range(int(hours * 360)):
        world.wait(10)
        drivers.act(world.station, world.now)
        while (letter := world.station.find_letter(world.now)) is not None:
            sent.append(letter.action.name)
            world.station.take_answer(letter, usual_answer(letter, status=tags), world.now)
    return sent


def events(world: World) -> list[str]:
    return [note.event for note in world.notes]


def test_a_day_is_full_of_visits_and_every_start_has_its_stop() -> None:
    world = a_world()
    sent = live(world, Drivers(["TAG"], random=random.Random(3)), 24)
    assert sent.count("StartTransaction") > 15
    running = sum(connector.is_busy for connector in world.station.connectors.values())
    assert sent.count("StartTransaction") - sent.count("StopTransaction") == running
    assert sent.count("MeterValues") > 200
    assert events(world).count("unplugged") > 10


def test_the_same_seed_gives_the_same_day() -> None:
    days = []
    for _ in range(2):
        world = a_world()
        live(world, Drivers(["A", "B"], random=random.Random(7)), 6)
        days.append(world.notes)
    assert days[0] == days[1]


def test_drivers_with_refused_tags_leave_and_others_try() -> None:
    world = a_world()
    sent = live(world, Drivers(["BAD"], random=random.Random(3)), 12, tags="Blocked")
    assert "StartTransaction" not in sent
    assert sent.count("Authorize") > 5
    assert events(world).count("unplugged") > 5


def test_drivers_leave_a_station_that_goes_out_of_service() -> None:
    world = a_world()
    drivers = Drivers(["TAG"], random=random.Random(3))
    live(world, drivers, 2)
    for connector in world.station.connectors.values():
        world.station.disable(connector, world.now)
    live(world, drivers, 4)
    for connector in world.station.connectors.values():
        assert (connector.status, connector.car) == ("Unavailable", None)
