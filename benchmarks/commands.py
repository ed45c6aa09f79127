"""How long a command takes, REST → station → REST, beside stations that send at a steady rate."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator

import httpx

from benchmarks.load import Measured, measure
from benchmarks.servers import Server
from forecourt.dialects.v16.messages.change_availability import CHANGE_AVAILABILITY, ChangeAvailabilityResponse
from forecourt_simulator.load_report import Latency, latency_of
from forecourt_simulator.testing import NothingCame, ScriptedStation
from tests.support.running import RunningSystem

_COMMANDED = "LOAD-5000"
_PAUSE_SECONDS = 0.01
_BODY = {"connectorId": 1, "type": "Operative"}


def beside_load(
    server: Server, system: RunningSystem, *, stations: int, rate: float, seconds: float
) -> tuple[Latency, Measured]:
    """Send one command after the other to a station that answers at once, while others send ``rate`` messages/s."""
    token = system.run("token", "create", f"commander-{time.monotonic_ns()}").strip()
    latencies: list[float] = []
    ended = threading.Event()

    def command() -> None:
        headers = {"Authorization": f"Bearer {token}"}
        address = f"/api/v1/stations/{_COMMANDED}/operations/ChangeAvailability?wait=30"
        with httpx.Client(base_url=system.console_url, headers=headers, timeout=60, trust_env=False) as rest:
            while not ended.is_set():
                begun = time.perf_counter()
                answer = rest.post(address, json=_BODY).raise_for_status().json()
                latencies.append(time.perf_counter() - begun)
                if answer["state"] != "answered":
                    raise RuntimeError(f"a command ended as {answer['state']}: {answer['reason']}")
                time.sleep(_PAUSE_SECONDS)

    commander = threading.Thread(target=command)
    with _answering(server.url):
        timer = threading.Timer(1.5, commander.start)  # after the stations have booted
        timer.start()
        try:
            measured = measure(server, stations=stations, rate=rate, seconds=seconds)
        finally:
            ended.set()
            timer.join()
            commander.join()
    return latency_of(latencies), measured


@contextlib.contextmanager
def _answering(url: str) -> Iterator[None]:
    """A station that accepts every ChangeAvailability."""
    loop = asyncio.new_event_loop()
    ready, ended = threading.Event(), asyncio.Event()

    async def answer() -> None:
        async with await ScriptedStation.connect(url, _COMMANDED) as station:
            ready.set()
            while not ended.is_set():
                with contextlib.suppress(NothingCame):
                    asked = await station.expect(CHANGE_AVAILABILITY, seconds=0.5)
                    await asked.answer(ChangeAvailabilityResponse(status="Accepted"))

    thread = threading.Thread(target=loop.run_until_complete, args=(answer(),))
    thread.start()
    ready.wait(30)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
