"""The servers that are measured: this system, and the peers it is compared with. Each runs on one core."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.machine import SERVER_CORE, free_port, pin
from tests.support.running import RunningSystem

TAG = "LOAD"
STATIONS = [f"LOAD-{number:04d}" for number in range(1, 5002)]
_START_SECONDS = 30.0


@dataclass(frozen=True)
class Server:
    """One running server: where stations connect, and the process whose CPU and memory count."""

    name: str
    url: str
    pid: int


@contextlib.contextmanager
def forecourt(database_url: str | None = None) -> Iterator[tuple[Server, RunningSystem]]:
    """This system as `forecourt serve` runs it, with durable commits; only its limits on rates are lifted."""
    with tempfile.TemporaryDirectory(prefix="forecourt-bench-") as folder:
        system = RunningSystem(
            Path(folder),
            database_url,
            settings={
                "FORECOURT_GATEWAY_MESSAGES_PER_SECOND": "0",
                "FORECOURT_GATEWAY_UPGRADES_PER_SECOND": "2000",
                "FORECOURT_GATEWAY_UPGRADES_WAITING": "10000",
                "FORECOURT_LOG_LEVEL": "warning",
                "FORECOURT_GATEWAY_QUIET": "true",
            },
        )
        system.start()
        try:
            _register(system)
            gateway = system.process_listening_on(system.stations_port)
            pin(gateway, SERVER_CORE)
            yield Server("forecourt", f"{system.stations_url}/ocpp", gateway), system
        finally:
            system.close()


@contextlib.contextmanager
def peer(module: str, name: str) -> Iterator[Server]:
    """A peer of this package."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", f"benchmarks.{module}", str(port)])
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(port):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} did not start within {_START_SECONDS:.0f} s")
            time.sleep(0.05)
        pin(process.pid, SERVER_CORE)
        yield Server(name, f"ws://127.0.0.1:{port}", process.pid)
    finally:
        process.kill()
        process.wait()


def _register(system: RunningSystem) -> None:
    token = system.run("token", "create", "benchmarks").strip()
    with httpx.Client(base_url=system.console_url, headers={"Authorization": f"Bearer {token}"}, timeout=300) as rest:
        tag = {"idTag": TAG, "maxActiveTransactions": None}
        rest.post("/api/v1/id-tags", json=tag).raise_for_status()
        stations = [{"id": identity} for identity in STATIONS]
        rest.post("/api/v1/stations/batch", json={"items": stations}).raise_for_status()


def _answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/", timeout=2, trust_env=False)
    except httpx.TransportError:
        return False
    return True
