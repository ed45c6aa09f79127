"""Nothing that was asked of stations is lost or done twice, however often the system is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.stories.builders import a_station
from tests.stories.fleet import Fleet, Habits
from tests.stories.stores import STORES, store_url
from tests.stories.waiting import eventually
from tests.support.rest import Json
from tests.support.running import RunningSystem

FINAL = {"answered", "refused", "failed", "expired", "cancelled"}
MAX_ATTEMPTS = 3
CALL_SECONDS = 4.0

CHANGE = "ChangeConfiguration"
"""Not safe to repeat."""
ASK = "GetConfiguration"
"""Safe to repeat."""


@pytest.fixture(params=STORES)
def killed_system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    with store_url(request) as url:
        settings = {"FORECOURT_GATEWAY_CALL_SECONDS": f"{CALL_SECONDS}", "FORECOURT_GATEWAY_QUIET": "true"}
        system = RunningSystem(tmp_path_factory.mktemp("system"), url, settings)
        try:
            system.start()
            yield system
        finally:
            system.close()


def words(action: str, number: int) -> Json:
    """Different for every errand, so that each call is known by what it says."""
    return {"key": f"K{number}", "value": "1"} if action == CHANGE else {"key": [f"K{number}"]}


def answer(action: str, payload: Json) -> Json:
    return {"status": "Accepted"} if action == CHANGE else {"configurationKey": [], "unknownKey": payload["key"]}


class Asked:
    """Errands that were written, by number, with the call that each must become."""

    def __init__(self) -> None:
        self.calls: dict[int, tuple[str, str, str]] = {}

    def ask(self, system: RunningSystem, identity: str, action: str, number: int) -> None:
        errand = system.rest.ask(identity, action, words(action, number), delivery="whenOnline")
        call = (identity, action, json.dumps(words(action, number), sort_keys=True))
        assert errand["errand"] not in self.calls, "one number for two errands"
        self.calls[errand["errand"]] = call


def kill_gateway(system: RunningSystem) -> None:
    """SIGKILL to the stations' process alone; the supervisor starts it again."""
    os.kill(system.process_listening_on(system.stations_port), signal.SIGKILL)
    system.wait_until_ready()


def kill_all(system: RunningSystem) -> None:
    system.kill()
    system.start()


def assert_all_is_accounted_for(asked: Asked, errands: dict[int, Json], fleet: Fleet) -> Counter[str]:
    """Every errand has one end that agrees with what its station saw. What became of them, counted."""
    assert errands.keys() == asked.calls.keys(), "an errand is lost, or one came from nowhere"
    came, answered = fleet.times(), {(one.station, one.action, one.payload) for one in fleet.answered}
    assert came.keys() <= set(asked.calls.values()), "a station was sent what nobody asked for"
    ends: Counter[str] = Counter()
    for number, call in asked.calls.items():
        errand, times = errands[number], came[call]
        told = f"{call} came {times} times, answered: {call in answered}, and is told as {errand}"
        assert errand["state"] in FINAL, told
        assert times <= (1 if call[1] == CHANGE else MAX_ATTEMPTS), f"sent too often: {told}"
        assert times <= errand["attempts"], told
        if errand["state"] == "answered":
            assert call in answered, f"nobody answered: {told}"
        elif times:
            assert errand["outcomeUnknown"], f"the station may have done it: {told}"
        ends[f"{errand['state']}{', outcome unknown' if errand['outcomeUnknown'] else ''}"] += 1
    return ends


def kill_while_errands_go_out(system: RunningSystem, *, stations: int, errands: int, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    identities = [a_station(system.rest) for _ in range(stations)]
    habits = Habits(quickest=0.1, slowest=2.5, never=0.05, closes=0.1)
    asked, pause = Asked(), threading.Event()
    with Fleet(system.stations_url, identities, habits, answer, seed=seed) as fleet:
        eventually(lambda: fleet.is_whole, "all stations are connected", 60)
        with ThreadPoolExecutor(4) as pool:
            jobs = [
                pool.submit(asked.ask, system, identities[number % stations], chance.choice([CHANGE, ASK]), number)
                for number in range(errands)
            ]
            for round_number in range(rounds // 2):  # the console lives, so that each errand is asked for once
                seen = len(fleet.calls)
                eventually(lambda seen=seen: len(fleet.calls) > seen, "errands go out", 60)  # type: ignore[misc]  # a default
                pause.wait(chance.uniform(0.0, 0.8))
                kill_gateway(system)
                print(f"gateway killed {round_number + 1} times, {len(fleet.calls)} calls")
            for job in jobs:
                job.result()
        for _ in range(rounds - rounds // 2):
            pause.wait(chance.uniform(0.0, 1.5))
            kill_all(system)
            print(f"all killed, {len(fleet.calls)} calls")

        def ended() -> bool:
            return not system.rest.errands(state=["queued", "sent"])

        eventually(ended, "every errand has ended", 240)
        found = {errand["errand"]: errand for errand in system.rest.errands()}
        ends = assert_all_is_accounted_for(asked, found, fleet)
    print(f"{rounds} kills, {len(asked.calls)} errands at {stations} stations, {len(fleet.calls)} calls: {dict(ends)}")
    system.assert_clean_log()


def test_errands_survive_kills(killed_system: RunningSystem) -> None:
    kill_while_errands_go_out(killed_system, stations=10, errands=40, rounds=2, seed=1)


@pytest.mark.prove
def test_500_errands_survive_ten_kills(killed_system: RunningSystem) -> None:
    kill_while_errands_go_out(killed_system, stations=50, errands=500, rounds=10, seed=2)
