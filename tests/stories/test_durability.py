"""What was answered is on disk: proved by killing, freezing, locking and filling whatever the system stands on."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.stories.builders import a_station, a_tag
from tests.stories.ledger import Ledger, Load
from tests.stories.lock_holder import write_lock_held
from tests.stories.moments import ago
from tests.stories.waiting import eventually
from tests.stories.wire import Wire
from tests.support.running import RunningSystem

STATIONS = 6
GOING_AWAY = 1001
EXIT_SECONDS = 15.0
WATCH_SECONDS = 2.0
"""How long a store that cannot write is watched for a success that must not come."""


def kill_again_and_again(system: RunningSystem, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    load = Load(system, STATIONS)
    for _ in range(rounds):
        load.begin()
        load.wait_for(chance.randrange(20, 600), "the load is answered")
        system.kill()
        load.end()
        system.start()
    load.begin()
    load.wait_for(200, "work goes on after the last crash")
    load.end()
    load.assert_kept()
    assert sum(len(ledger.promised.stops) for ledger in load.ledgers) > rounds
    print(f"{rounds} crashes, {load.answered()} answered messages, 0 missing, 0 doubled")
    system.assert_clean_log()


def test_nothing_that_was_answered_is_lost_in_a_crash(own_system: RunningSystem) -> None:
    kill_again_and_again(own_system, rounds=3, seed=1)


@pytest.mark.prove
def test_nothing_that_was_answered_is_lost_in_twenty_crashes(own_system: RunningSystem) -> None:
    kill_again_and_again(own_system, rounds=20, seed=2)


def assert_nothing_succeeds(wire: Wire, ledger: Ledger, call_id: str) -> None:
    """A start that is sent now gets no answer for a while, or the CALLERROR InternalError: never a success."""
    start = {"connectorId": 9, "idTag": ledger.tag, "meterStart": 0, "timestamp": ago(minutes=1)}
    wire.send([2, call_id, "StartTransaction", start])
    try:
        answer = wire.answer_to(call_id, WATCH_SECONDS)
    except TimeoutError:
        return
    assert answer[0] == 4, f"answered without being stored: {answer}"
    assert answer[2] == "InternalError"


def assert_recovers(system: RunningSystem, ledger: Ledger, wire: Wire) -> None:
    """The same link works again by itself, and nothing that was answered is missing, also after a crash."""
    done = len(ledger.promised)
    eventually(lambda: ledger.step(wire) and len(ledger.promised) >= done + 6, "the station is served again", 60)
    eventually(system.is_ready, "the system says that it is ready", 60)
    ledger.assert_kept(system.rest)
    system.kill()
    system.start()
    ledger.assert_kept(system.rest)


def test_a_locked_database_lets_no_answer_out(sqlite_system: RunningSystem) -> None:
    """Another process (a backup, a curious person) holds SQLite's write lock."""
    ledger = Ledger(sqlite_system.rest)
    with Wire(sqlite_system.stations_url, ledger.identity) as wire:
        eventually(lambda: ledger.step(wire) and len(ledger.promised) >= 12, "the station is served")
        with write_lock_held(sqlite_system.data / "forecourt.db") as holder:
            assert_nothing_succeeds(wire, ledger, "while locked")
            holder.let_go()
        assert_recovers(sqlite_system, ledger, wire)


def test_a_frozen_process_with_the_lock_lets_no_answer_out(sqlite_system: RunningSystem) -> None:
    """It cannot let go, so only its end frees the database."""
    ledger = Ledger(sqlite_system.rest)
    with Wire(sqlite_system.stations_url, ledger.identity) as wire:
        eventually(lambda: ledger.step(wire) and len(ledger.promised) >= 12, "the station is served")
        with write_lock_held(sqlite_system.data / "forecourt.db") as holder:
            holder.freeze()
            assert_nothing_succeeds(wire, ledger, "while frozen")
            holder.die()
        assert_recovers(sqlite_system, ledger, wire)


def test_a_console_that_freezes_while_it_writes_loses_nothing(own_system: RunningSystem) -> None:
    """It may hold a lock of the database or not; the stations' process must never answer what it has not stored."""
    console = own_system.process_listening_on(own_system.console_port)
    enough = threading.Event()

    def write() -> None:
        while not enough.is_set():
            a_tag(own_system.rest)

    load = Load(own_system, STATIONS)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        load.begin()
        try:
            for _ in range(5):
                load.wait_for(50, "the load is answered")
                os.kill(console, signal.SIGSTOP)
                enough.wait(0.5)  # long enough for both processes to want the database
                os.kill(console, signal.SIGCONT)
        finally:
            enough.set()
        writing.result()
    load.end()
    load.assert_kept()
    own_system.assert_clean_log()


def test_a_lock_that_lasts_is_answered_with_an_internal_error(sqlite_system: RunningSystem) -> None:
    """A station gives up after about 30 s; before that it is told to send again, and then it is served."""
    rest = sqlite_system.rest
    identity, tag = a_station(rest), a_tag(rest)
    start = {"connectorId": 1, "idTag": tag, "meterStart": 0, "timestamp": ago(minutes=1)}
    with Wire(sqlite_system.stations_url, identity) as wire:
        wire.assert_alive()
        with write_lock_held(sqlite_system.data / "forecourt.db") as holder:
            answer = wire.call("StartTransaction", start)
            assert answer[0] == 4
            assert answer[2] == "InternalError"
            assert answer[3]
            holder.let_go()
        eventually(lambda: wire.call("StartTransaction", start)[0] == 3, "the start is taken", 60)
    assert len(rest.transactions(stationId=identity)) == 1


def test_a_stop_signal_ends_everything_in_good_order(own_system: RunningSystem) -> None:
    """What a service manager does at every update: SIGTERM, and 15 s."""
    rest = own_system.rest
    identities = [a_station(rest) for _ in range(5)]
    tag = a_tag(rest, maxActiveTransactions=None)
    wires = [Wire(own_system.stations_url, identity) for identity in identities]
    for wire in wires:
        for number in range(1, 6):
            start = {"connectorId": number, "idTag": tag, "meterStart": 0, "timestamp": ago(minutes=1)}
            wire.send([2, str(number), "StartTransaction", start])
    for wire in wires:
        wire.flush()
    began = time.monotonic()
    own_system.ask_to_stop()
    promised = {}
    for identity, wire in zip(identities, wires, strict=True):
        frames, code = wire.wait_until_closed()
        assert code == GOING_AWAY
        assert [frame[0] for frame in frames] == [3] * 5, "an exchange that was open was not finished"
        promised[identity] = {frame[2]["transactionId"] for frame in frames}
    assert own_system.wait_for_exit(EXIT_SECONDS) == 0
    assert time.monotonic() - began < EXIT_SECONDS
    own_system.start()
    for identity in identities:
        assert {entry["transactionId"] for entry in rest.transactions(stationId=identity)} == promised[identity]
        assert rest.station(identity)["online"] is False
        with Wire(own_system.stations_url, identity) as wire:
            wire.assert_alive()
    own_system.assert_clean_log()


def test_an_exchange_that_waits_for_the_disk_is_finished_before_the_stop(sqlite_system: RunningSystem) -> None:
    rest = sqlite_system.rest
    identity, tag = a_station(rest), a_tag(rest)
    with Wire(sqlite_system.stations_url, identity) as wire:
        wire.assert_alive()
        with write_lock_held(sqlite_system.data / "forecourt.db") as holder:
            start = {"connectorId": 1, "idTag": tag, "meterStart": 0, "timestamp": ago(minutes=1)}
            wire.send([2, "open", "StartTransaction", start])
            wire.flush()
            sqlite_system.ask_to_stop()
            holder.let_go()
        frames, code = wire.wait_until_closed()
    assert [frame[:2] for frame in frames] == [[3, "open"]]
    assert code == GOING_AWAY
    assert sqlite_system.wait_for_exit(EXIT_SECONDS) == 0
    sqlite_system.start()
    assert [entry["transactionId"] for entry in rest.transactions(stationId=identity)] == [
        frames[0][2]["transactionId"]
    ]


def test_a_stop_under_load_loses_nothing(own_system: RunningSystem) -> None:
    load = Load(own_system, STATIONS)
    load.begin()
    load.wait_for(300, "the load is answered")
    assert own_system.terminate() == 0
    load.end()
    own_system.start()
    load.assert_kept()
    own_system.assert_clean_log()
