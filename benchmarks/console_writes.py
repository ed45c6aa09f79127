"""How long a write over REST takes while the stations saturate the gateway."""

from __future__ import annotations

import threading
import time

import httpx

from benchmarks.load import Measured, measure
from benchmarks.servers import Server
from forecourt_simulator.load_report import Latency, latency_of
from tests.support.running import RunningSystem

_PAUSE_SECONDS = 0.02


def beside_saturation(
    server: Server, system: RunningSystem, *, stations: int, seconds: float
) -> tuple[Latency, Measured]:
    """Register id tags one after the other while all stations send as fast as they are answered."""
    token = system.run("token", "create", f"writer-{time.monotonic_ns()}").strip()
    latencies: list[float] = []
    ended = threading.Event()

    def write() -> None:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=system.console_url, headers=headers, timeout=60, trust_env=False) as rest:
            while not ended.is_set():
                begun = time.perf_counter()
                rest.post("/api/v1/id-tags", json={"idTag": f"T{time.monotonic_ns()}"[:20]}).raise_for_status()
                latencies.append(time.perf_counter() - begun)
                time.sleep(_PAUSE_SECONDS)

    writer = threading.Thread(target=write)
    timer = threading.Timer(1.5, writer.start)  # after the stations have booted
    timer.start()
    try:
        measured = measure(server, stations=stations, rate=0, seconds=seconds)
    finally:
        ended.set()
        timer.join()
        writer.join()
    return latency_of(latencies), measured
