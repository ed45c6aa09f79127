"""The register of stations, and what they are told when they boot (OCPP 1.6 §4.2)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from forecourt.domain.errors import Kind
from forecourt.domain.provisioning.model import (
    BootFacts,
    BootOutcome,
    Registration,
    Station,
    StationDraft,
    StationFilter,
    UnknownStation,
)
from forecourt.domain.provisioning.service import STRANGERS_KEPT
from tests.domain.world import ALL, World, refused
from tests.support.clock import NOON

FACTS = BootFacts(vendor="V", model="M", firmware_version="1.2")
MINUTE = timedelta(minutes=1)


def a_stranger(identity: str = "CP-9", at: datetime = NOON) -> UnknownStation:
    return UnknownStation(identity, "127.0.0.1:5000", "ocpp1.6", at, at, 1)


# Boots


def boot(world: World, station: Station) -> BootOutcome:
    return world.services.provisioning.boot(station, FACTS)


def test_an_accepted_station_is_told_the_time_and_about_the_heartbeat_interval_of_the_system() -> None:
    world = World()

    outcome = boot(world, world.a_station())

    assert (outcome.registration, outcome.at) == (Registration.ACCEPTED, NOON)
    assert 810 <= outcome.interval_seconds <= 900


@pytest.mark.parametrize("seconds", [1, 300, 86_400])
def test_a_station_with_an_interval_of_its_own_is_told_exactly_that(seconds: int) -> None:
    world = World()

    assert boot(world, world.a_station(heartbeat_seconds=seconds)).interval_seconds == seconds


@pytest.mark.parametrize("registration", [Registration.PENDING, Registration.REJECTED])
def test_a_station_that_is_not_accepted_is_told_when_to_try_again(registration: Registration) -> None:
    world = World()

    outcome = boot(world, world.a_station(registration=registration, heartbeat_seconds=300))

    assert outcome.registration is registration
    assert 54 <= outcome.interval_seconds <= 60


def test_a_station_is_told_the_same_interval_at_every_boot() -> None:
    world = World()
    station = world.a_station()

    assert boot(world, station).interval_seconds == boot(world, station).interval_seconds


@pytest.mark.parametrize("registration", Registration)
def test_a_boot_is_recorded_whatever_the_decision(registration: Registration) -> None:
    world = World()
    station = world.a_station(registration=registration)
    world.clock.advance(MINUTE)
    boot(world, station)

    sheet = world.services.provisioning.get("CP-1")
    assert (sheet.facts, sheet.booted_at, sheet.last_seen_at) == (FACTS, NOON + MINUTE, NOON + MINUTE)


def test_a_heartbeat_is_recorded_and_answered_with_the_time() -> None:
    world = World()
    station = world.a_station()
    world.clock.advance(MINUTE)

    assert world.services.provisioning.heartbeat(station) == NOON + MINUTE
    assert world.services.provisioning.get("CP-1").last_seen_at == NOON + MINUTE


def test_contacts_are_recorded_for_many_stations_at_once() -> None:
    world = World()
    stations = [world.a_station(name) for name in ("CP-1", "CP-2")]

    world.services.provisioning.record_contacts((station.key, NOON + MINUTE) for station in stations)

    sheets = world.services.provisioning.list(StationFilter(), ALL).items
    assert [sheet.last_seen_at for sheet in sheets] == [NOON + MINUTE] * 2


# Strangers


def test_strangers_are_remembered_and_counted() -> None:
    world = World()
    world.services.provisioning.record_strangers([a_stranger()])
    world.services.provisioning.record_strangers([a_stranger(at=NOON + MINUTE)])

    [stranger] = world.services.provisioning.list_strangers(ALL).items
    assert (stranger.first_seen_at, stranger.last_seen_at, stranger.attempts) == (NOON, NOON + MINUTE, 2)


def test_only_the_strangers_seen_last_are_kept() -> None:
    """Whoever knocks with new names must not fill the disk."""
    world = World()
    seconds = range(STRANGERS_KEPT + 2)
    strangers = [a_stranger(f"CP-{n:05}", NOON + timedelta(seconds=n)) for n in seconds]
    world.services.provisioning.record_strangers(strangers)
    world.services.provisioning.record_strangers([])  # the next time counts what this one wrote

    kept = [one.identity for one in world.services.provisioning.list_strangers(ALL).items]
    assert len(kept) == STRANGERS_KEPT
    assert kept[0] == "CP-00002"


def test_a_stranger_that_is_registered_is_a_stranger_no_more() -> None:
    world = World()
    world.services.provisioning.record_strangers([a_stranger("CP-1")])
    world.a_station("CP-1")

    assert world.services.provisioning.list_strangers(ALL).items == []


def test_a_stranger_may_be_forgotten_once() -> None:
    world = World()
    world.services.provisioning.record_strangers([a_stranger()])

    world.services.provisioning.forget_stranger("CP-9")
    with refused(Kind.NOT_FOUND, about="'CP-9'"):
        world.services.provisioning.forget_stranger("CP-9")


# What operators do


def test_a_station_is_registered_as_drafted() -> None:
    world = World()
    draft = StationDraft(identity="CP-1", description="north", registration=Registration.PENDING, heartbeat_seconds=300)

    sheet = world.services.provisioning.add(draft)

    assert (sheet.station.identity, sheet.description, sheet.created_at) == ("CP-1", "north", NOON)
    assert (sheet.station.registration, sheet.station.heartbeat_seconds) == (Registration.PENDING, 300)
    assert not sheet.is_online
    assert world.services.provisioning.find_station("CP-1") == sheet.station


def test_an_identity_is_registered_once() -> None:
    world = World()
    world.a_station("CP-1")

    with refused(Kind.CONFLICT, field="id", about="'CP-1'"):
        world.a_station("CP-1")


def test_identities_that_differ_in_case_are_different_stations() -> None:
    world = World()

    assert world.a_station("CP-1").key != world.a_station("cp-1").key


def test_an_impossible_identity_is_not_registered() -> None:
    world = World()

    with refused(Kind.INVALID, field="id"):
        world.a_station("A/B")
    assert world.services.provisioning.list(StationFilter(), ALL).items == []


@pytest.mark.parametrize("seconds", [0, -1, 86_401])
def test_a_heartbeat_interval_is_between_a_second_and_a_day(seconds: int) -> None:
    """At least one Heartbeat a day is advised (OCPP-J 1.6 §5.3)."""
    world = World()

    with refused(Kind.INVALID, field="heartbeatInterval"):
        world.a_station("CP-1", heartbeat_seconds=seconds)
    assert world.services.provisioning.find_station("CP-1") is None

    world.a_station("CP-2", heartbeat_seconds=300)
    with refused(Kind.INVALID, field="heartbeatInterval"):
        world.services.provisioning.change(
            "CP-2", description="", registration=Registration.PENDING, heartbeat_seconds=seconds
        )
    assert world.services.provisioning.get_station("CP-2").is_accepted
    assert world.changes.stations == []


def test_a_change_replaces_what_the_operator_decides_and_is_announced() -> None:
    world = World()
    station = world.a_station(heartbeat_seconds=300)

    sheet = world.services.provisioning.change(
        "CP-1", description="south", registration=Registration.REJECTED, heartbeat_seconds=None
    )

    assert sheet.description == "south"
    assert sheet.station == Station(station.key, "CP-1", Registration.REJECTED, None)
    assert world.changes.stations == ["CP-1"]


def test_a_removed_station_is_unknown_and_its_end_is_announced() -> None:
    world = World()
    station = world.a_station()
    transaction_id = world.starts(station)

    world.services.provisioning.remove("CP-1")

    assert world.services.provisioning.find_station("CP-1") is None
    assert world.changes.stations == ["CP-1"]
    assert world.services.transactions.get(transaction_id).station == "CP-1"


def test_a_station_that_was_removed_may_be_registered_again() -> None:
    world = World()
    station = world.a_station()
    world.services.provisioning.remove("CP-1")

    assert world.a_station().key == station.key


def test_what_is_not_registered_is_neither_shown_nor_changed_nor_removed() -> None:
    world = World()
    provisioning = world.services.provisioning

    with refused(Kind.NOT_FOUND, about="'CP-1'"):
        provisioning.get("CP-1")
    with refused(Kind.NOT_FOUND):
        provisioning.get_station("CP-1")
    with refused(Kind.NOT_FOUND):
        provisioning.change("CP-1", description="", registration=Registration.ACCEPTED, heartbeat_seconds=None)
    with refused(Kind.NOT_FOUND):
        provisioning.remove("CP-1")
    assert world.changes.stations == []
