"""Drives a server with the load generator, which runs in a process of its own on another core."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

import msgspec

from benchmarks.machine import OTHER_CORE, cpu_seconds
from benchmarks.servers import Server
from forecourt_simulator.load_report import LoadReport


@dataclass(frozen=True)
class Measured:
    """What a run found, and what it cost the server."""

    report: LoadReport
    cpu_us: float
    """CPU of the server's process per answered message, in microseconds."""


def measure(server: Server, *, stations: int, rate: float, seconds: float) -> Measured:
    """One run. With rate 0 every station sends as soon as it was answered."""
    before = cpu_seconds(server.pid)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "forecourt_simulator", "load", "--json", "--url", server.url),
            *("--count", str(stations), "--rate", str(rate), "--seconds", str(seconds), "--warm-up", "1"),
        ],
        stdout=subprocess.PIPE,
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, {OTHER_CORE}),
    )
    spent = cpu_seconds(server.pid) - before
    report = msgspec.json.decode(done.stdout, type=LoadReport)
    if report.errors:
        print(f"  errors from {server.name}: {report.errors}")
    answered = report.achieved_rate * (seconds + 1)
    return Measured(report, 1e6 * spent / answered)
