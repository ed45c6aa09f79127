"""What a load run found: latencies, rates and errors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec
from rich.console import Console
from rich.table import Table


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Latencies in milliseconds, measured from the intended moment of sending to the answer."""

    count: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float


class LoadReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one run; everything but ``cpu_us_per_message`` is about the time after the warm-up."""

    stations: int
    wanted_rate: float
    """Messages per second that were to be sent; 0 for a closed loop."""
    achieved_rate: float
    """Messages per second that were answered."""
    seconds: float
    latency: Latency
    by_action: dict[str, Latency]
    errors: dict[str, int]
    """What went wrong → how often, warm-up included; empty when every message had a CALLRESULT."""
    unsent: int
    """Messages that were due but never left, because their station still waited for an earlier answer."""
    lag_p99_ms: float
    """How late the generator itself was; latencies contain this, so a large value spoils them."""
    cpu_us_per_message: float
    """CPU of this process in microseconds per answered message."""

    def to_json(self) -> str:
        return msgspec.json.format(msgspec.json.encode(self)).decode()


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of values in rising order: the least value that ``share`` of all do not exceed."""
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def latency_of(seconds: Sequence[float]) -> Latency:
    ordered = sorted(seconds)
    p50, p90, p99, top = (round(percentile(ordered, share) * 1000, 3) for share in (0.5, 0.9, 0.99, 1.0))
    return Latency(count=len(ordered), p50_ms=p50, p90_ms=p90, p99_ms=p99, max_ms=top)


def print_report(report: LoadReport, console: Console) -> None:
    table = Table("message", "answers", "p50 ms", "p90 ms", "p99 ms", "max ms")
    rows: Mapping[str, Latency] = {**report.by_action, "all": report.latency}
    for name, latency in rows.items():
        figures = (latency.p50_ms, latency.p90_ms, latency.p99_ms, latency.max_ms)
        table.add_row(name, str(latency.count), *(f"{figure:.2f}" for figure in figures))
    console.print(table)
    wanted = f"{report.wanted_rate:.0f} wanted" if report.wanted_rate else "as fast as answers came"
    console.print(
        f"{report.achieved_rate:.0f} messages/s ({wanted}) from {report.stations} stations for {report.seconds:g} s; "
        f"the generator took {report.cpu_us_per_message:.1f} µs of CPU per message and was "
        f"{report.lag_p99_ms:.2f} ms late at p99"
    )
    if report.unsent:
        console.print(f"{report.unsent} messages never left: their stations still waited for earlier answers")
    for reason, count in sorted(report.errors.items()):
        console.print(f"{count} × {reason}")
    if not report.errors:
        console.print("no errors")
