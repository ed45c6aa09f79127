"""What a storm found: how long until all were back, who was refused, and what it cost."""

from __future__ import annotations

import msgspec
from rich.console import Console


class StormRound(msgspec.Struct, frozen=True, kw_only=True):
    """One storm. Times count from its beginning, for every station."""

    back: int
    missing: int
    """Stations that were not back when the round was given up."""
    seconds: float
    """Until the last one was back, or until the round was given up."""
    p50_seconds: float
    p99_seconds: float
    handshakes_per_second: float
    """Stations that came back per second; the handshakes of refused attempts come on top."""
    attempts: int
    refusals: dict[str, int]
    """HTTP status → how often."""
    failures: dict[str, int]
    """What else went wrong → how often."""
    retries_as_told: int
    """Refusals that said how long to wait (Retry-After), and were obeyed."""
    lost: int
    """Connections that the server or the network ended after they were open."""
    cpu_seconds: float
    """CPU of this process."""


class StormReport(msgspec.Struct, frozen=True, kw_only=True):
    stations: int
    rounds: list[StormRound]

    @property
    def is_complete(self) -> bool:
        """True when every station came back in every round."""
        return not any(one.missing for one in self.rounds)

    def to_json(self) -> str:
        return msgspec.json.format(msgspec.json.encode(self)).decode()


def print_storm(report: StormReport, console: Console) -> None:
    for number, one in enumerate(report.rounds, start=1):
        who = "all" if not one.missing else f"{one.back} of {report.stations}"
        console.print(
            f"round {number}: {who} back after {one.seconds:.2f} s (p50 {one.p50_seconds:.2f} s, "
            f"p99 {one.p99_seconds:.2f} s), {one.handshakes_per_second:.0f} a second, in {one.attempts} attempts; "
            f"the generator took {one.cpu_seconds:.2f} s of CPU"
        )
        for status, count in sorted(one.refusals.items()):
            console.print(f"  {count} × refused with HTTP status {status}")
        for reason, count in sorted(one.failures.items()):
            console.print(f"  {count} × {reason}")
        if one.retries_as_told:
            console.print(f"  {one.retries_as_told} × came again after the time that the server asked for")
        if one.lost:
            console.print(f"  {one.lost} × lost the connection again")
