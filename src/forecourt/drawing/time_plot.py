"""Draws measured values over time: an SVG text that needs no script, no font and no library."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from html import escape
from typing import Final

WIDTH: Final = 960
_SVG: Final = "http://www.w3.org/2000/svg"
_LEFT, _RIGHT, _TOP, _HEIGHT = 76, 20, 64, 240
_INNER: Final = WIDTH - _LEFT - _RIGHT
_BOTTOM: Final = _TOP + _HEIGHT
_LEGEND_TOP: Final = _BOTTOM + 64
_LEGEND_ROW: Final = 22
_MAX_TICKS: Final = 9
_DAY: Final = 86_400
_TIME_STEPS: Final = [
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200),
    *(_DAY, 2 * _DAY, 7 * _DAY),
]
_DASHES: Final = ["", "9 4", "2 3", "12 4 2 4", "5 5", "14 6"]
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

STYLE: Final = """
.time-plot { max-width: 960px; }
.time-plot { color-scheme: light dark; font: 13px system-ui, sans-serif; --ink: #1c2430; --faint: #5b6675;
  --grid: #d8dde4; --paper: #ffffff; --line-0: #0b57d0; --line-1: #b3261e; --line-2: #146c2e; --line-3: #8a4b00;
  --line-4: #6b3fa0; --line-5: #00666b; }
@media (prefers-color-scheme: dark) { .time-plot { --ink: #e6eaf0; --faint: #a4aebb; --grid: #3a4350;
  --paper: #14181f; --line-0: #8ab4f8; --line-1: #ff8a80; --line-2: #7fd88f; --line-3: #ffb869; --line-4: #cfa8ff;
  --line-5: #6fdde2; } }
.time-plot text { fill: var(--ink); } .time-plot .faint { fill: var(--faint); }
.time-plot .paper { fill: var(--paper); }
.time-plot .grid { stroke: var(--grid); } .time-plot .axis { stroke: var(--faint); }
.time-plot .name { font-size: 16px; font-weight: 600; }
.time-plot .line { fill: none; stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
.time-plot .line-0 { stroke: var(--line-0); } .time-plot .line-1 { stroke: var(--line-1); }
.time-plot .line-2 { stroke: var(--line-2); } .time-plot .line-3 { stroke: var(--line-3); }
.time-plot .line-4 { stroke: var(--line-4); } .time-plot .line-5 { stroke: var(--line-5); }
"""

POLICY: Final = (
    "default-src 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")
    + "'"
)
"""The Content-Security-Policy under which a plot that stands alone looks as it should."""


@dataclass(frozen=True, slots=True)
class TimeLine:
    """One line, in pieces: between them nothing is known. Points are seconds since 1970 (UTC) and a value."""

    name: str
    pieces: Sequence[Sequence[tuple[float, float]]]


def _plain(value: float) -> str:
    return f"{value:.6g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePlot:
    """Lines over one time. All texts are in the language of whoever looks."""

    title: str
    unit: str
    starts_at: datetime
    ends_at: datetime
    lines: Sequence[TimeLine]
    told: str
    """The same in words, for whoever does not see it."""
    time_label: str = "Time in UTC"
    zone: tzinfo = UTC
    is_from_zero: bool = False
    """The scale has its zero in any case, because values are shares of a whole; else only when it is near."""
    write: Callable[[float], str] = _plain
    """Writes a number of the scale."""


def time_plot(plot: TimePlot) -> str:
    """The plot as a file of its own, with its looks."""
    return _svg(plot, f"<style>{STYLE}</style>")


def time_plot_in_page(plot: TimePlot) -> str:
    """The plot as a part of a page, whose style sheet has the looks of the class ``time-plot``."""
    return _svg(plot, "")


@dataclass(frozen=True, slots=True)
class _Scale:
    starts: float
    ends: float
    low: float
    high: float

    def x(self, second: float) -> float:
        share = (second - self.starts) / (self.ends - self.starts)
        return round(_LEFT + _INNER * min(max(share, 0.0), 1.0), 1)

    def y(self, value: float) -> float:
        return round(_BOTTOM - _HEIGHT * (value - self.low) / (self.high - self.low), 1)


def _svg(plot: TimePlot, style: str) -> str:
    ticks = _value_ticks(plot)
    starts = plot.starts_at.timestamp()
    scale = _Scale(starts, max(plot.ends_at.timestamp(), starts + 1), ticks[0], ticks[-1])
    has_legend = len(plot.lines) > 1 or any(line.name for line in plot.lines)
    height = _LEGEND_TOP + _LEGEND_ROW * len(plot.lines) if has_legend else _BOTTOM + 56
    return "".join(
        [
            f'<svg xmlns="{_SVG}" class="time-plot" role="img" width="100%" viewBox="0 0 {WIDTH} {height}">',
            f"<title>{_text(plot.title)}</title><desc>{_text(plot.told)}</desc>{style}",
            f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
            f'<text class="name" x="{_LEFT}" y="24">{_text(plot.title)}</text>',
            f'<text class="faint" x="{_LEFT}" y="{_TOP - 12}">{_text(plot.unit)}</text>',
            *_value_axis(plot, scale, ticks),
            *_time_axis(plot, scale),
            *(_drawn(line, number, scale) for number, line in enumerate(plot.lines)),
            *(_legend(plot) if has_legend else ()),
            "</svg>",
        ]
    )


# Lines


def _drawn(line: TimeLine, number: int, scale: _Scale) -> str:
    path = "".join(_stroke(piece, scale) for piece in line.pieces if piece)
    title = f"<title>{_text(line.name)}</title>" if line.name else ""
    return f'<path {_look(number)} d="{path}">{title}</path>'


def _stroke(piece: Sequence[tuple[float, float]], scale: _Scale) -> str:
    """A point that stands alone becomes a dot."""
    points = [f"{scale.x(at)} {scale.y(value)}" for at, value in piece]
    return f"M{points[0]}" + ("".join(f"L{point}" for point in points[1:]) or "h.1")


def _look(number: int) -> str:
    """Lines differ in their dashes too, because not everybody sees colours."""
    style = number % len(_DASHES)
    dashes = f' stroke-dasharray="{_DASHES[style]}"' if _DASHES[style] else ""
    return f'class="line line-{style}"{dashes}'


# Axes


def _value_ticks(plot: TimePlot) -> list[float]:
    """Round numbers that enclose all values; 0 is among them unless the values lie far from it."""
    values = [value for line in plot.lines for piece in line.pieces for _, value in piece]
    low, high = min(values, default=0.0), max(values, default=1.0)
    if plot.is_from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if 0 <= low < 0.6 * high:
        low = 0.0
    elif high <= 0 and high > 0.6 * low:
        high = 0.0
    if high - low < 1e-9 * max(abs(high), 1.0):
        low, high = low - 1, high + 1
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * 0.999999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * number for number in range(first, max(last, first + 1) + 1)]


def _value_axis(plot: TimePlot, scale: _Scale, ticks: Sequence[float]) -> Iterator[str]:
    for value in ticks:
        y = scale.y(value)
        yield f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
        written = _text(plot.write(round(value, 9)))
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{written}</text>'


def _time_axis(plot: TimePlot, scale: _Scale) -> Iterator[str]:
    step = _time_step(scale.ends - scale.starts)
    day = ""
    for second in _time_ticks(scale, step, plot.zone):
        x = scale.x(second)
        at = _local(second, plot.zone)
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{_TOP}" y2="{_BOTTOM}"/>'
        below = 18
        anchor = "middle" if _LEFT + 30 < x < WIDTH - _RIGHT - 30 else "start" if x < WIDTH / 2 else "end"
        if step < _DAY:
            shown = f"{at:%H:%M:%S}" if step < 60 else f"{at:%H:%M}"
            yield f'<text x="{x}" y="{_BOTTOM + below}" text-anchor="{anchor}">{shown}</text>'
            below = 34
        if f"{at:%Y-%m-%d}" != day:
            day = f"{at:%Y-%m-%d}"
            yield f'<text class="faint" x="{x}" y="{_BOTTOM + below}" text-anchor="{anchor}">{day}</text>'
    yield f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{_BOTTOM}" y2="{_BOTTOM}"/>'
    yield f'<line class="axis" x1="{_LEFT}" x2="{_LEFT}" y1="{_TOP}" y2="{_BOTTOM}"/>'
    label = _text(plot.time_label)
    yield f'<text class="faint" x="{WIDTH - _RIGHT}" y="{_BOTTOM + 50}" text-anchor="end">{label}</text>'


def _time_step(seconds: float) -> int:
    found = next((one for one in _TIME_STEPS if seconds / one <= _MAX_TICKS), None)
    return found or 7 * _DAY * math.ceil(seconds / (7 * _DAY) / _MAX_TICKS)


def _time_ticks(scale: _Scale, step: int, zone: tzinfo) -> Iterator[float]:
    """When a clock in that zone shows a round time."""
    offset = _local(scale.starts, zone).utcoffset() or timedelta()
    ahead = offset.total_seconds()
    second = math.ceil((scale.starts + ahead) / step) * step - ahead
    while second <= scale.ends:
        yield second
        second += step


def _local(second: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(second, UTC).astimezone(zone)


# Words


def _legend(plot: TimePlot) -> Iterator[str]:
    for number, line in enumerate(plot.lines):
        y = _LEGEND_TOP + _LEGEND_ROW * number
        yield f'<path {_look(number)} d="M{_LEFT} {y}h44"/>'
        yield f'<text x="{_LEFT + 54}" y="{y + 4}">{_text(line.name)}</text>'


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))
