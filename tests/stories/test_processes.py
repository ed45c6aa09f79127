"""The processes of one node: each may die alone, and none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from tests.stories.builders import a_station
from tests.stories.waiting import eventually
from tests.stories.wire import Wire
from tests.support.rest import Rest
from tests.support.running import RunningSystem


def test_roles_end_when_their_supervisor_is_killed(sqlite_system: RunningSystem) -> None:
    """Or the ports stay taken, and the next start fails."""
    identity = a_station(sqlite_system.rest)
    with Wire(sqlite_system.stations_url, identity) as wire:
        wire.assert_alive()
        os.kill(sqlite_system.pid, signal.SIGKILL)
        sqlite_system.wait_for_exit()
        wire.wait_until_closed()
    sqlite_system.start()
    with Wire(sqlite_system.stations_url, identity) as wire:
        wire.assert_alive()


def test_a_role_that_dies_is_started_again(own_system: RunningSystem) -> None:
    identity = a_station(own_system.rest)
    for port in (own_system.stations_port, own_system.console_port, own_system.files_port):
        old = own_system.process_listening_on(port)
        os.kill(old, signal.SIGKILL)
        wait_for_another_process(own_system, old)
        with Wire(own_system.stations_url, identity) as wire:
            wire.assert_alive()
            assert own_system.rest.station(identity)["online"] is True
    assert own_system.terminate() == 0


def wait_for_another_process(system: RunningSystem, old: int) -> None:
    eventually(lambda: old not in system.processes() and system.is_ready(), "another process has taken over", 30)


def test_a_token_of_the_command_line_opens_the_door(sqlite_system: RunningSystem) -> None:
    """The command works on the database while the system runs, and prints the token and nothing else."""
    printed = sqlite_system.run("token", "create", "from a terminal")
    assert printed == printed.strip() + "\n"
    rest = Rest(sqlite_system.console_url, printed.strip())
    try:
        assert rest.stations() == sqlite_system.rest.stations()
    finally:
        rest.close()


def test_a_second_system_on_the_same_data_is_refused(sqlite_system: RunningSystem) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "forecourt", "serve"],
        env=sqlite_system.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode not in (0, -signal.SIGTERM)
    assert "Traceback" not in second.stderr
    assert second.stderr.strip(), "a refusal says why"
    assert sqlite_system.is_ready()
