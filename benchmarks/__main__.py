"""Measures this system beside its peers in one run, and prints figures and ratios: ``python -m benchmarks``.

Shared machines are noisy: compare the ratios of one run, not the figures of two.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
from collections.abc import Iterator

from benchmarks import idle
from benchmarks.commands import beside_load
from benchmarks.console_writes import beside_saturation
from benchmarks.files import print_files
from benchmarks.load import Measured, measure
from benchmarks.machine import CORES
from benchmarks.pages import print_pages
from benchmarks.servers import forecourt, peer
from benchmarks.signing import print_signing
from benchmarks.storm import print_storms
from tests.support.postgresql import INSTALL_COMMAND, find_binaries, running_postgresql

COUNTS = (1, 100, 1000)
ROUNDS = 3
COMMAND_RATE = 1000
_NONE_KEPT = {"FORECOURT_GATEWAY_MESSAGES": "none"}
"""Without the log of messages, to see what that costs."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="short runs, for a first look")
    quick = arguments.parse_args().quick
    seconds, rounds = (3.0, 1) if quick else (8.0, ROUNDS)
    print(f"cores: {len(CORES)}; the server has one of them, the load and everything else the other")
    saturated = _throughput(seconds, rounds)
    _latency(saturated, seconds)
    _console(seconds)
    _commands(seconds)
    _idle(1000 if quick else 5000)
    print_storms(500 if quick else 5000)
    print_signing(2.0 if quick else 8.0, rounds)
    print_files(20 if quick else 60)
    print_pages(0.01 if quick else 1.0)


def _throughput(seconds: float, rounds: int) -> dict[int, float]:
    """As fast as answers come; the median of some rounds, the servers taking turns."""
    print("\nthroughput, 70 % MeterValues (about 850 bytes), 15 % StatusNotification, 10 % Heartbeat, 5 % sessions")
    print(f"{'stations':>9} {'server':<22} {'messages/s':>11} {'CPU µs/message':>15} {'p99 ms':>8}   CPU against echo")
    best: dict[int, float] = {}
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(peer("echo_server", "bare echo")),
            stack.enter_context(forecourt())[0],
            stack.enter_context(forecourt(settings=_NONE_KEPT, name="forecourt, no log"))[0],
            stack.enter_context(peer("router_server", "ocpp package, no store")),
        ]
        for count in COUNTS:
            runs: dict[str, list[Measured]] = {server.name: [] for server in servers}
            for _round in range(rounds):
                for server in servers:
                    runs[server.name].append(measure(server, stations=count, rate=0, seconds=seconds))
            echo = _median_cpu(runs["bare echo"])
            for name, measured in runs.items():
                rate = statistics.median(one.report.achieved_rate for one in measured)
                late = statistics.median(one.report.latency.p99_ms for one in measured)
                cpu = _median_cpu(measured)
                print(f"{count:>9} {name:<22} {rate:>11,.0f} {cpu:>15.1f} {late:>8.1f}   {cpu / echo:.1f}×")
            best[count] = statistics.median(one.report.achieved_rate for one in runs["forecourt"])
    return best


def _median_cpu(measured: list[Measured]) -> float:
    return statistics.median(one.cpu_us for one in measured)


def _latency(saturated: dict[int, float], seconds: float) -> None:
    """An open loop at half of the rate just seen: latency counts from the intended moment of sending."""
    print("\nlatency at half of that rate, from the intended moment of sending")
    print(f"{'stations':>9} {'messages/s':>11} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8} {'generator late at p99':>22}")
    with forecourt() as (server, _system):
        for count in COUNTS[1:]:
            report = measure(server, stations=count, rate=saturated[count] / 2, seconds=seconds).report
            late = report.latency
            print(
                f"{count:>9} {report.achieved_rate:>11,.0f} {late.p50_ms:>8.1f} {late.p99_ms:>8.1f} {late.max_ms:>8.1f}"
                f" {report.lag_p99_ms:>19.1f} ms"
            )


def _console(seconds: float) -> None:
    print("\na write over REST beside 100 stations that saturate the gateway")
    print(f"{'store':<12} {'writes':>7} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8} {'gateway messages/s':>19}")
    for name, database_url in _stores():
        with forecourt(database_url) as (server, system):
            writes, gateway = beside_saturation(server, system, stations=100, seconds=seconds)
            print(
                f"{name:<12} {writes.count:>7} {writes.p50_ms:>8.1f} {writes.p99_ms:>8.1f} {writes.max_ms:>8.1f}"
                f" {gateway.report.achieved_rate:>19,.0f}"
            )


def _commands(seconds: float) -> None:
    print(f"\na command over REST to one station and its answer, beside 100 that send {COMMAND_RATE:,} messages/s")
    print(f"{'store':<12} {'commands':>9} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8} {'gateway messages/s':>19}")
    for name, database_url in _stores():
        with forecourt(database_url) as (server, system):
            trips, gateway = beside_load(server, system, stations=100, rate=COMMAND_RATE, seconds=2 * seconds)
            print(
                f"{name:<12} {trips.count:>9} {trips.p50_ms:>8.1f} {trips.p99_ms:>8.1f} {trips.max_ms:>8.1f}"
                f" {gateway.report.achieved_rate:>19,.0f}"
            )


def _stores() -> Iterator[tuple[str, str | None]]:
    yield "SQLite", None
    binaries = find_binaries()
    if binaries is None:
        print(f"PostgreSQL   not run: it is not installed; {INSTALL_COMMAND}")
        return
    with running_postgresql(binaries) as server:
        yield "PostgreSQL", server.create_database()


def _idle(count: int) -> None:
    with forecourt() as (server, _system):
        found = asyncio.run(idle.measure_idle(server, count))
    print(
        f"\n{count} idle stations: {found.bytes_per_station / 1024:.1f} KB each; longest pause of the loop"
        f" {found.pause_coming_ms:.1f} ms while they came, {found.pause_there_ms:.1f} ms while they were there"
    )


if __name__ == "__main__":
    main()
