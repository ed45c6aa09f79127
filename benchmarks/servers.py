"""The servers that are measured: this system, and the peers it is compared with. Each runs on one core."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from benchmarks.machine import SERVER_CORE, pin
from tests.support.ports import free_port
from tests.support.running import RunningSystem

TAG = "LOAD"
STATIONS = [f"LOAD-{number:04d}" for number in range(1, 5002)]
_START_SECONDS = 30.0
_SETTINGS: Final = {
    "FORECOURT_GATEWAY_MESSAGES_PER_SECOND": "0",
    "FORECOURT_GATEWAY_UPGRADES_PER_SECOND": "2000",
    "FORECOURT_GATEWAY_UPGRADES_WAITING": "10000",
    "FORECOURT_LOG_LEVEL": "warning",
    "FORECOURT_GATEWAY_QUIET": "true",
}


@dataclass(frozen=True)
class Server:
    """One running server: where stations connect, and the process whose CPU and memory count."""

    name: str
    url: str
    pid: int


@contextlib.contextmanager
def forecourt(
    database_url: str | None = None,
    *,
    settings: Mapping[str, str] | None = None,
    name: str = "forecourt",
    security_profile: int = 0,
) -> Iterator[tuple[Server, RunningSystem]]:
    """This system as `forecourt serve` runs it, with durable commits; its limits on rates are lifted, but for what
    `settings` says of them. All stations but the last have the security profile; that one has none."""
    with tempfile.TemporaryDirectory(prefix="forecourt-bench-") as folder:
        system = RunningSystem(Path(folder), database_url, settings={**_SETTINGS, **(settings or {})})
        system.start()
        try:
            _register(system, security_profile)
            yield _pinned(system, name), system
        finally:
            system.close()


@contextlib.contextmanager
def started_again(former: RunningSystem, *, settings: Mapping[str, str], name: str) -> Iterator[Server]:
    """A system on SQLite with the data that it has, stopped and started again with other settings."""
    former.terminate()
    system = RunningSystem(former.data.parent, settings={**_SETTINGS, **settings})
    system.start()
    try:
        yield _pinned(system, name)
    finally:
        system.close()


@contextlib.contextmanager
def peer(module: str, name: str, *arguments: str, scheme: str = "ws") -> Iterator[Server]:
    """A peer of this package, started with its port and these arguments."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", f"benchmarks.{module}", str(port), *arguments])
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _listens(port):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} did not start within {_START_SECONDS:.0f} s")
            time.sleep(0.05)
        pin(process.pid, SERVER_CORE)
        yield Server(name, f"{scheme}://127.0.0.1:{port}", process.pid)
    finally:
        process.kill()
        process.wait()


def _pinned(system: RunningSystem, name: str) -> Server:
    gateway = system.process_listening_on(system.stations_port)
    pin(gateway, SERVER_CORE)
    return Server(name, f"{system.stations_url}/ocpp", gateway)


def _register(system: RunningSystem, security_profile: int) -> None:
    token = system.run("token", "create", "benchmarks").strip()
    with httpx.Client(base_url=system.console_url, headers={"Authorization": f"Bearer {token}"}, timeout=300) as rest:
        tag = {"idTag": TAG, "maxActiveTransactions": None}
        rest.post("/api/v1/id-tags", json=tag).raise_for_status()
        stations = [{"id": identity, "securityProfile": security_profile} for identity in STATIONS]
        stations[-1]["securityProfile"] = 0
        rest.post("/api/v1/stations/batch", json={"items": stations}).raise_for_status()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True
