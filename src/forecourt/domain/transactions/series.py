"""Lines over time from what was measured: few enough points to draw, with every peak, and with gaps as gaps.

Readings come in any order and number; what is kept of them is bounded by the number of points that are drawn.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, TypeAlias

from forecourt.domain.transactions.metering import ENERGY_REGISTER, Sample

MAX_POINTS: Final = 2000
MAX_LINES: Final = 8
_BUCKETS: Final = 500
"""Parts of the time; of each the first, the lowest, the highest and the last value are kept."""
_GAP_FACTOR: Final = 3
_SHORTEST_GAP: Final = 60.0
"""Seconds without a value that are a gap at least, however often a station measures."""

Point: TypeAlias = tuple[float, float]
"""Seconds since 1970 in UTC, and the value."""

BASE_UNITS: Final[Mapping[str, tuple[str, float, float]]] = {
    "kWh": ("Wh", 1000, 0),
    "kvarh": ("varh", 1000, 0),
    "kW": ("W", 1000, 0),
    "kvar": ("var", 1000, 0),
    "kVA": ("VA", 1000, 0),
    "Celsius": ("°C", 1, 0),
    "Celcius": ("°C", 1, 0),
    "Fahrenheit": ("°C", 5 / 9, -160 / 9),
    "K": ("°C", 1, -273.15),
    "Percent": ("%", 1, 0),
}
"""Unit (OCPP 1.6 §7.45) → the unit in which it is drawn, and how it becomes that one."""

DEFAULT_UNITS: Final = {
    "Current": "A",
    "Voltage": "V",
    "Energy": "Wh",
    "Power": "W",
    "SoC": "Percent",
    "Temperature": "Celsius",
    "Frequency": "Hz",
    "RPM": "rpm",
}
"""Beginning of a measurand → the unit of a value that has none."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line. Where one piece ends and the next begins nothing was measured."""

    name: str
    """The phase and the place where it was measured; empty for the total at the outlet."""
    pieces: Sequence[Sequence[Point]]
    count: int
    """How many values it was made of."""
    lowest: float
    highest: float
    last: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is drawn of one measurand."""

    measurand: str
    unit: str
    starts_at: datetime
    ends_at: datetime
    series: Sequence[Series]
    is_derived: bool = False
    """Not measured, but worked out from the energy register."""
    outside: int = 0
    """How many values are left out, because they lie far outside of the transaction."""

    @property
    def is_empty(self) -> bool:
        return not self.series


class Line:
    """Collects the values of one line."""

    def __init__(self, starts: float, ends: float) -> None:
        self._starts = starts
        self._width = max(ends - starts, 1.0) / _BUCKETS
        self._buckets: dict[int, list[Point]] = {}
        """Of each part of the time the first, the lowest, the highest and the last value."""
        self._steps: dict[int, int] = {}
        self._before: float | None = None
        self.count = 0

    def add(self, at: float, value: float) -> None:
        """Called for every value of a transaction, so that it is quick."""
        point = (at, value)
        index = int((at - self._starts) / self._width)
        bucket = self._buckets.get(index)
        if bucket is None:
            self._buckets[index] = [point, point, point, point]
        else:
            if value < bucket[1][1]:
                bucket[1] = point
            elif value > bucket[2][1]:
                bucket[2] = point
            if point > bucket[3]:
                bucket[3] = point
            elif point < bucket[0]:
                bucket[0] = point
        before = self._before
        if before is not None and at > before:
            step = int(at - before).bit_length()
            self._steps[step] = self._steps.get(step, 0) + 1
        self._before = at
        self.count += 1

    def series(self, name: str, share: int) -> Series:
        """With at most ``share`` points."""
        together = -(-_BUCKETS * 4 // share)
        merged: dict[int, list[Point]] = {}
        for index, bucket in self._buckets.items():
            known = merged.get(index // together)
            merged[index // together] = bucket if known is None else _merged(known, bucket)
        buckets = [merged[index] for index in sorted(merged)]
        return Series(
            name,
            [*self._pieces(buckets)],
            self.count,
            min(lowest[1] for _, lowest, _, _ in buckets),
            max(highest[1] for _, _, highest, _ in buckets),
            buckets[-1][3][1],
        )

    def _pieces(self, buckets: Sequence[list[Point]]) -> Iterator[Sequence[Point]]:
        gap = self._gap()
        piece: list[Point] = []
        for bucket in buckets:
            if piece and bucket[0][0] - piece[-1][0] > gap:
                yield piece
                piece = []
            piece += sorted(set(bucket))
        yield piece

    def _gap(self) -> float:
        """Seconds: some times what is usual between two values. It is known to the next power of two."""
        if sum(self._steps.values()) < 3:
            return float("inf")
        half, seen = sum(self._steps.values()) / 2, 0
        for step, count in sorted(self._steps.items()):
            seen += count
            if seen >= half:
                return max(_SHORTEST_GAP, _GAP_FACTOR * 2.0**step)
        return float("inf")


def _merged(one: list[Point], other: list[Point]) -> list[Point]:
    return [
        min(one[0], other[0]),
        one[1] if one[1][1] <= other[1][1] else other[1],
        one[2] if one[2][1] >= other[2][1] else other[2],
        max(one[3], other[3]),
    ]


def drawn(lines: Mapping[str, Line]) -> list[Series]:
    """All lines of a plot, with at most MAX_POINTS points together."""
    full = {name: line for name, line in lines.items() if line.count}
    share = MAX_POINTS // max(len(full), 1)
    return [line.series(name, share) for name, line in sorted(full.items())]


def values(samples: Iterable[Sample], measurand: str) -> Iterator[tuple[str, str, float]]:
    """Line, unit and value of what was sampled of a measurand, in the unit in which it is drawn."""
    for sample in samples:
        if sample.format == "SignedData" or (sample.measurand or ENERGY_REGISTER) != measurand:
            continue
        try:
            value = float(sample.value)
        except ValueError:
            continue
        if not -1e15 < value < 1e15:  # also false for NaN
            continue
        name, unit, factor, offset = _drawn_as(measurand, sample.phase, sample.location, sample.unit)
        yield name, unit, value * factor + offset


@functools.lru_cache(1000)
def _drawn_as(
    measurand: str, phase: str | None, location: str | None, unit: str | None
) -> tuple[str, str, float, float]:
    given = unit or next((one for start, one in DEFAULT_UNITS.items() if measurand.startswith(start)), "")
    base, factor, offset = BASE_UNITS.get(given, (given, 1, 0))
    place = None if location == "Outlet" else location
    return " ".join(part for part in (phase, place) if part), base, factor, offset


def mean_power(pieces: Iterable[Sequence[Point]]) -> list[Sequence[Point]]:
    """Watts from an energy register in Wh: what was charged between two values, divided by the time."""
    steps: list[Sequence[Point]] = []
    for piece in pieces:
        step: list[Point] = []
        for (at, energy), (then, more) in pairwise(piece):
            if then > at and more >= energy:
                watts = (more - energy) * 3600 / (then - at)
                step += [(at, watts), (then, watts)]
        if step:
            steps.append(step)
    return steps


def moment_of(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
