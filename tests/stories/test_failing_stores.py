"""Stores that fill up, freeze or restart under the system: no success without a commit, and recovery by itself."""

from __future__ import annotations

import os
import pwd
import random
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from tests.stories.ledger import Ledger, Load
from tests.stories.waiting import eventually
from tests.stories.wire import Wire
from tests.support.components import not_run
from tests.support.postgresql import INSTALL_COMMAND, PostgresqlServer, find_binaries, running_postgresql
from tests.support.running import RunningSystem

WATCH_SECONDS = 3.0
CRASHES = 5
_FULL_MEGABYTES = 12


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with room for little more than an empty database."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={_FULL_MEGABYTES}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        not_run("the right to mount a small file system", "run the tests as root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Takes the last byte that is free."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            pass
    return filler


def test_a_full_disk_is_answered_with_an_internal_error(small_disk: Path) -> None:
    system = RunningSystem(small_disk)
    try:
        system.log = small_disk.parent / "forecourt.log"
        system.start()
        ledger = Ledger(system.rest)
        with Wire(system.stations_url, ledger.identity) as wire:
            eventually(lambda: ledger.step(wire) and len(ledger.promised) >= 12, "the station is served")
            filler = fill(small_disk)
            eventually(lambda: not ledger.step(wire), "the full disk shows", 60)
            for _ in range(10):
                ledger.step(wire)
            assert {refusal[2] for refusal in ledger.refusals} == {"InternalError"}
            filler.unlink()
            done = len(ledger.promised)
            eventually(lambda: ledger.step(wire) and len(ledger.promised) >= done + 12, "it is served again", 60)
        ledger.assert_kept(system.rest)
        system.kill()
        system.start()
        ledger.assert_kept(system.rest)
    finally:
        system.close()


@pytest.fixture(scope="module")
def own_postgresql() -> Iterator[PostgresqlServer]:
    """A server that the stories may freeze and restart."""
    binaries = find_binaries()
    if binaries is None:
        not_run("PostgreSQL", INSTALL_COMMAND)
    with running_postgresql(binaries) as server:
        data = data_of(server)
        yield server
        _pg_ctl(data, "stop", "fast")  # after a restart it is no child of the tests any more


@pytest.fixture(scope="module")
def postgresql_system(
    own_postgresql: PostgresqlServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSystem]:
    system = RunningSystem(tmp_path_factory.mktemp("system"), own_postgresql.create_database())
    try:
        system.start()
        yield system
        assert system.terminate() == 0
    finally:
        system.close()


def test_a_frozen_postgresql_lets_no_answer_out(
    own_postgresql: PostgresqlServer, postgresql_system: RunningSystem
) -> None:
    system = postgresql_system
    ledger = Ledger(system.rest)
    with Wire(system.stations_url, ledger.identity) as wire:
        eventually(lambda: ledger.step(wire) and len(ledger.promised) >= 12, "the station is served")
        with frozen(own_postgresql):
            start = {"connectorId": 9, "idTag": ledger.tag, "meterStart": 0, "timestamp": "2025-01-01T10:00:00Z"}
            wire.send([2, "frozen", "StartTransaction", start])
            with pytest.raises(TimeoutError):
                wire.answer_to("frozen", WATCH_SECONDS)
        answer = wire.answer_to("frozen")
        assert answer[0] == 3, "the start is stored as soon as the database wakes up"
        done = len(ledger.promised)
        eventually(lambda: ledger.step(wire) and len(ledger.promised) >= done + 12, "it is served again", 60)
        eventually(system.is_ready, "the system says that it is ready")
    assert system.rest.transaction(answer[2]["transactionId"])["startTimestamp"] == start["timestamp"]
    system.rest.change_tag(ledger.tag, note="the console is served again, too")


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_of_postgresql_is_survived(
    own_postgresql: PostgresqlServer, postgresql_system: RunningSystem, mode: str
) -> None:
    """`fast` is what an update of the package does, `immediate` is a crash."""
    load = Load(postgresql_system, stations=4)
    load.begin()
    try:
        load.wait_for(100, "the load is answered")
        _pg_ctl(data_of(own_postgresql), "restart", mode)
        load.wait_for(200, "the stations are served again on their links")
    finally:
        load.end()
    eventually(postgresql_system.is_ready, "the system says that it is ready")
    load.assert_kept()
    refused = {refusal[2] for ledger in load.ledgers for refusal in ledger.refusals}
    assert refused <= {"InternalError"}


def test_nothing_that_was_answered_dies_with_postgresql(
    own_postgresql: PostgresqlServer, postgresql_system: RunningSystem
) -> None:
    """Frozen in the middle of its work and killed there: an answer that did not wait for the commit shows now."""
    chance = random.Random(3)
    load = Load(postgresql_system, stations=4)
    load.begin()
    try:
        for _ in range(CRASHES):
            load.wait_for(chance.randrange(10, 60), "the load is answered")
            data = data_of(own_postgresql)
            with frozen(own_postgresql) as processes:
                load.wait_until_silent()
                kill(processes)
            _pg_ctl(data, "restart", "immediate")
            load.wait_for(10, "the stations are served again on their links")
    finally:
        load.end()
    load.assert_kept()


@contextmanager
def frozen(server: PostgresqlServer) -> Iterator[list[int]]:
    """All processes of the server, stopped in their tracks; the first stops first and can start or bury none."""
    postmaster = int((data_of(server) / "postmaster.pid").read_text().split()[0])
    processes = [postmaster]
    try:
        os.kill(postmaster, signal.SIGSTOP)
        eventually(lambda: state(postmaster) == "T", "the postmaster stands still")
        processes += children(postmaster)
        for pid in processes[1:]:
            os.kill(pid, signal.SIGSTOP)
        yield processes
    finally:
        for pid in reversed(processes):
            with suppress(ProcessLookupError):  # the test has killed it
                os.kill(pid, signal.SIGCONT)


def state(pid: int) -> str:
    """As proc(5) has it: "T" is stopped."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat[stat.rindex(")") + 2]


def kill(processes: list[int]) -> None:
    """Returns when all of them are gone."""
    for pid in processes:
        os.kill(pid, signal.SIGKILL)
    for pid in processes:
        with suppress(ChildProcessError):  # somebody else's child, who takes note of its end
            os.waitpid(pid, 0)
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes), "the processes are gone")


def children(parent: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue  # ended meanwhile
        if re.search(rf"^PPid:\t{parent}$", text, re.MULTILINE):
            found.append(int(status.parent.name))
    return found


def data_of(server: PostgresqlServer) -> Path:
    with psycopg.connect(f"postgresql://postgres@127.0.0.1:{server.port}/postgres") as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return Path(row[0])


def _pg_ctl(data: Path, command: str, mode: str) -> None:
    binaries = find_binaries()
    assert binaries is not None
    owner = pwd.getpwuid(data.stat().st_uid)
    log = data.parent / "restarted.log"
    words = [str(binaries / "pg_ctl"), command, "--wait", f"--mode={mode}", f"--pgdata={data}", f"--log={log}"]
    if command == "stop":
        words.pop()
    # As before: nobody but root can, or need, take the name of the data's owner.
    uid, gid = (owner.pw_uid, owner.pw_gid) if os.geteuid() == 0 else (None, None)
    subprocess.run(words, cwd=data.parent, check=True, stdout=subprocess.DEVNULL, timeout=60, user=uid, group=gid)
