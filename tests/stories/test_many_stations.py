"""One request to a thousand stations: each is asked once, none waits for another, and nothing else is sent."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.stories.builders import fresh_identity
from tests.stories.fleet import Fleet, Habits
from tests.stories.stores import STORES, store_url
from tests.stories.waiting import eventually
from tests.support.rest import Json
from tests.support.running import RunningSystem

SLOWEST = 2.0
CHANGE = {"key": "MeterValueSampleInterval", "value": "60"}


@pytest.fixture(params=STORES)
def large_system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    with store_url(request) as url, RunningSystem(tmp_path_factory.mktemp("system"), url).at_work() as system:
        yield system


def answer(_action: str, _payload: Json) -> Json:
    return {"status": "Accepted"}


def ask_all(system: RunningSystem, stations: int) -> None:
    identities = [fresh_identity() for _ in range(stations)]
    for identity in identities:
        system.rest.add_station(identity)
    with Fleet(system.stations_url, identities, Habits(slowest=SLOWEST), answer, seed=1) as fleet:
        eventually(lambda: fleet.is_whole, "all stations are connected", 120)
        eventually(lambda: len(system.rest.connections()) == stations, "all links are on record", 60)
        assert fleet.calls == [], "nobody asked for anything yet"
        began = time.monotonic()
        batch = system.rest.ask_many("ChangeConfiguration", {"all": True}, CHANGE)
        written = time.monotonic() - began
        eventually(lambda: bool(system.rest.batch(batch["batch"])["finished"]), "all have answered", 60)
        took = time.monotonic() - began
        counts = system.rest.batch(batch["batch"])["counts"]
        first, last = fleet.calls[0].at - began, fleet.calls[-1].at - began
        print(
            f"{stations} stations: written in {written:.2f} s, first call after {first:.2f} s, last after {last:.2f} s,"
            f" all finished after {took:.2f} s (the slowest station answers after {SLOWEST:.1f} s)"
        )
        assert counts["answered"] == batch["total"] == stations, counts
        assert sorted(call.station for call in fleet.calls) == sorted(identities), "each was asked once"
        assert {call.action for call in fleet.calls} == {"ChangeConfiguration"}, "nobody asked for a follow-up"
        assert took < stations * SLOWEST / 4, "one after the other they would take twice as long"


def test_fifty_stations_are_asked_at_once(large_system: RunningSystem) -> None:
    ask_all(large_system, 50)


@pytest.mark.prove
def test_a_thousand_stations_are_asked_at_once(large_system: RunningSystem) -> None:
    ask_all(large_system, 1000)
