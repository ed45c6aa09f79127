"""Draws limits over time as steps: an SVG text that needs no script, no font and no library."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Final, TypeAlias

from forecourt.drawing.audience import EVERYBODY, Audience

WIDTH: Final = 960
_SVG: Final = "http://www.w3.org/2000/svg"
_LEFT, _RIGHT, _TOP, _HEIGHT = 76, 24, 82, 260
_INNER: Final = WIDTH - _LEFT - _RIGHT
_BOTTOM: Final = _TOP + _HEIGHT
_LEGEND_TOP: Final = _BOTTOM + 66
_LEGEND_ROW: Final = 22
_MAX_NAME: Final = 90
_MAX_TICKS: Final = 12
_END: Final = datetime(9999, 12, 30, tzinfo=UTC)
_LETTER: Final = 8
"""The width of a letter, on the safe side."""

_Labels: TypeAlias = list[tuple[int, str]]
"""What is written at which second."""

_MAX_TOLD: Final = 24
"""How many steps are told in words; beyond that nobody listens."""

_LEAST_RATE: Final = 1e-6

_TIME_STEPS: Final = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800]
_DASHES: Final = ["9 4", "2 3", "12 4 2 4", "5 5", "14 6", "7 3 2 3 2 3"]
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

STYLE: Final = """
.step-plot { max-width: 960px; }
.step-plot { color-scheme: light dark; font: 13px system-ui, sans-serif;
  --ink: var(--plot-ink, #1c2430); --faint: var(--plot-faint, #5b6675); --grid: var(--plot-grid, #d8dde4);
  --paper: var(--plot-paper, #ffffff); --result: var(--plot-result, #0b57d0);
  --line-0: #b3261e; --line-1: #146c2e; --line-2: #8a4b00; --line-3: #6b3fa0; --line-4: #00666b; --line-5: #7d2560; }
@media (prefers-color-scheme: dark) { .step-plot {
  --ink: var(--plot-ink, #e6eaf0); --faint: var(--plot-faint, #a4aebb); --grid: var(--plot-grid, #3a4350);
  --paper: var(--plot-paper, #14181f); --result: var(--plot-result, #8ab4f8);
  --line-0: #ff8a80; --line-1: #7fd88f; --line-2: #ffb869; --line-3: #cfa8ff; --line-4: #6fdde2; --line-5: #ff9fd2; } }
.step-plot text { fill: var(--ink); } .step-plot .faint { fill: var(--faint); }
.step-plot .paper { fill: var(--paper); } .step-plot .grid { stroke: var(--grid); stroke-width: 1; }
.step-plot .axis { stroke: var(--faint); stroke-width: 1; } .step-plot .name { font-size: 16px; font-weight: 600; }
.step-plot .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.step-plot .result { stroke: var(--result); stroke-width: 4; }
.step-plot .under { stroke-width: 8; stroke-opacity: .45; } .step-plot .area { fill: var(--result); opacity: .14; }
.step-plot .line-0 { stroke: var(--line-0); } .step-plot .line-1 { stroke: var(--line-1); }
.step-plot .line-2 { stroke: var(--line-2); } .step-plot .line-3 { stroke: var(--line-3); }
.step-plot .line-4 { stroke: var(--line-4); } .step-plot .line-5 { stroke: var(--line-5); }
"""

POLICY: Final = (
    "default-src 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")
    + "'"
)
"""The Content-Security-Policy under which a plot looks as it should."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: from each second on its limit holds, and None is no limit. The result is drawn broad, and filled."""

    name: str
    steps: Sequence[tuple[int, float | None]]
    is_result: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Lines over one time. Without a start its times count from the start of charging."""

    title: str
    note: str = ""
    unit: str
    seconds: int
    starts_at: datetime | None
    lines: Sequence[Line]
    audience: Audience = EVERYBODY


def step_plot(plot: Plot) -> str:
    """The plot as SVG; every text in it may hold anything, and so may every time."""
    return _svg(plot, f"<style>{STYLE}</style>")


def step_plot_in_page(plot: Plot) -> str:
    """The plot as a part of a page, whose style sheet has the looks of the class ``step-plot``."""
    return _svg(plot, "")


def _svg(plot: Plot, style: str) -> str:
    if plot.starts_at is not None and plot.starts_at > _END - timedelta(seconds=plot.seconds):
        plot = replace(plot, starts_at=None)
    ticks = _rate_ticks(max((rate for line in plot.lines for _, rate in line.steps if rate is not None), default=0))
    scale = _Scale(max(plot.seconds, 1), ticks[-1])
    height = _LEGEND_TOP + _LEGEND_ROW * len(plot.lines) + 6
    frame = f'width="100%" viewBox="0 0 {WIDTH} {height}"'
    return "".join(
        [
            f'<svg xmlns="{_SVG}" class="step-plot" role="img" {frame}>',
            f"<title>{_text(plot.title)}</title><desc>{_text(_told(plot))}</desc>{style}",
            f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
            f'<text class="name" x="{_LEFT}" y="26">{_text(_short(plot.title, 58))}</text>',
            f'<text class="faint" x="{_LEFT}" y="46">{_text(_short(plot.note, 120))}</text>',
            *_rate_axis(plot, scale, ticks),
            *_time_axis(plot, scale),
            *(_drawn(plot, number, scale) for number in _in_order(plot)),
            *_unlimited(plot, scale),
            *_legend(plot),
            "</svg>",
        ]
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    seconds: int
    highest: float

    def x(self, second: float) -> float:
        return round(_LEFT + _INNER * min(max(second, 0), self.seconds) / self.seconds, 2)

    def y(self, rate: float) -> float:
        return round(_BOTTOM - _HEIGHT * rate / self.highest, 2)


# Lines


def _in_order(plot: Plot) -> list[int]:
    """Results first, so that thin lines lie on top of them."""
    return sorted(range(len(plot.lines)), key=lambda number: not plot.lines[number].is_result)


def _drawn(plot: Plot, number: int, scale: _Scale) -> str:
    line = plot.lines[number]
    path = "".join(_strokes(line, scale))
    title = f"<title>{_text(line.name)}</title>"
    if not line.is_result:
        return f'<path {_look(plot, number)} d="{path}">{title}</path>'
    area = "".join(
        f"M{scale.x(start)} {_BOTTOM}V{scale.y(rate)}H{scale.x(end)}V{_BOTTOM}Z"
        for start, end, rate in _pieces(line, scale.seconds)
        if rate is not None
    )
    return f'<path class="area" d="{area}"/><path {_look(plot, number)} d="{path}">{title}</path>'


def _strokes(line: Line, scale: _Scale) -> Iterator[str]:
    is_drawing = False
    for start, end, rate in _pieces(line, scale.seconds):
        if rate is not None:
            y = scale.y(rate)
            yield f"{f'V{y}' if is_drawing else f'M{scale.x(start)} {y}'}H{scale.x(end)}"
        is_drawing = rate is not None


def _pieces(line: Line, seconds: int) -> Iterator[tuple[int, int, float | None]]:
    ends = [start for start, _ in line.steps[1:]] + [seconds]
    for (start, rate), end in zip(line.steps, ends, strict=False):
        if start < min(end, seconds):
            yield max(start, 0), min(end, seconds), rate


def _unlimited(plot: Plot, scale: _Scale) -> Iterator[str]:
    """Says where nothing limits, because a gap might be taken for a limit of 0."""
    told = _text(_no_limit(plot))
    for line in [line for line in plot.lines if line.is_result or len(plot.lines) == 1][:1]:
        for start, end, rate in _pieces(line, scale.seconds):
            left, right = scale.x(start), scale.x(end)
            if rate is None and right - left > 60:
                middle = round((left + right) / 2, 1)
                yield f'<text class="faint" x="{middle}" y="{_TOP + 16}" text-anchor="middle">{told}</text>'


# Axes


def _rate_ticks(highest: float) -> list[float]:
    """From 0 to a round number that is not below the highest rate. OCPP counts rates in tenths (7.8)."""
    if highest < _LEAST_RATE:
        return [0, 1]
    raw = highest * 1.05 / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * 0.999999)
    return [step * number for number in range(math.ceil(highest * 1.05 / step - 1e-9) + 1)]


def _rate_axis(plot: Plot, scale: _Scale, ticks: Sequence[float]) -> Iterator[str]:
    is_kilo = plot.unit.startswith("W") and ticks[-1] >= 2000
    unit = f"k{plot.unit}" if is_kilo else plot.unit
    yield f'<text class="faint" x="{_LEFT}" y="{_TOP - 12}">{_text(unit)}</text>'
    for rate in ticks:
        y = scale.y(rate)
        yield f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
        shown = _number(rate / 1000 if is_kilo else rate)
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.2f}" text-anchor="end">{shown}</text>'


def _time_axis(plot: Plot, scale: _Scale) -> Iterator[str]:
    step = next((one for one in _TIME_STEPS if plot.seconds / one <= _MAX_TICKS), 0)
    if not step:
        step = 604_800 * math.ceil(plot.seconds / 604_800 / _MAX_TICKS)
    begin = None if plot.starts_at is None else plot.starts_at.astimezone(plot.audience.zone)
    offset = 0 if begin is None else _to_round_time(begin, step)
    seconds = range(offset, scale.seconds + 1, step)
    for x in map(scale.x, seconds):
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{_TOP}" y2="{_BOTTOM}"/>'
    times, days = _time_labels(begin, seconds, step)
    yield from _apart(times, scale, 18)
    yield from _apart(days, scale, 34 if times else 18)
    yield f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{_BOTTOM}" y2="{_BOTTOM}"/>'
    yield f'<line class="axis" x1="{_LEFT}" x2="{_LEFT}" y1="{_TOP}" y2="{_BOTTOM}"/>'
    say = plot.audience.say
    about = say("Time in %(zone)s") % {"zone": plot.audience.zone_name}
    if begin is None:
        about = say("Hours and minutes since the start of charging")
    yield f'<text class="faint" x="{WIDTH - _RIGHT}" y="{_BOTTOM + 50}" text-anchor="end">{_text(about)}</text>'


def _to_round_time(starts_at: datetime, step: int) -> int:
    """Seconds to the next time at which a clock shows a round number."""
    midnight = starts_at.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = (starts_at - midnight).total_seconds()
    return math.ceil(passed / min(step, 86_400)) * min(step, 86_400) - math.floor(passed)


def _time_labels(starts_at: datetime | None, seconds: range, step: int) -> tuple[_Labels, _Labels]:
    """What is written below the axis: times, and the days on which they lie."""
    if starts_at is None:
        return [
            (second, f"+{second // 86_400} d" if step >= 86_400 else f"+{_clock(second)}") for second in seconds
        ], []
    times, days, day = [], [], ""
    for second in seconds:
        at = (starts_at.astimezone(UTC) + timedelta(seconds=second)).astimezone(starts_at.tzinfo)
        if step < 86_400:
            times.append((second, f"{at:%H:%M}"))
        if f"{at:%Y-%m-%d}" != day:
            day = f"{at:%Y-%m-%d}"
            days.append((second, day))
    return times, days


def _apart(labels: _Labels, scale: _Scale, distance: int) -> Iterator[str]:
    """Without those that would be written over the one before."""
    last = -math.inf
    for second, text in labels:
        width = _LETTER * len(text)
        x = min(max(scale.x(second), width / 2), WIDTH - width / 2)
        if x - last >= width:
            last = x
            yield f'<text x="{x}" y="{_BOTTOM + distance}" text-anchor="middle">{_text(text)}</text>'


def _clock(second: int) -> str:
    return f"{second // 3600}:{second % 3600 // 60:02}"


# Words


def _legend(plot: Plot) -> Iterator[str]:
    for number, line in enumerate(plot.lines):
        y = _LEGEND_TOP + _LEGEND_ROW * number
        yield f'<path {_look(plot, number)} d="M{_LEFT} {y}h44"/>'
        yield f'<text x="{_LEFT + 54}" y="{y + 4}">{_text(_short(line.name))}</text>'


def _look(plot: Plot, number: int) -> str:
    """Lines differ in their dashes too, because not everybody sees colours. A result lies under what it came from."""
    if plot.lines[number].is_result:
        return f'class="line result{" under" if len(plot.lines) > 1 else ""}"'
    style = number % len(_DASHES)
    return f'class="line line-{style}" stroke-dasharray="{_DASHES[style]}"'


def _told(plot: Plot) -> str:
    return " ".join([plot.note, *(_told_line(plot, line) for line in plot.lines)]).strip()


def _told_line(plot: Plot, line: Line) -> str:
    pieces = list(_pieces(line, plot.seconds))
    told = [
        f"{_moment(plot, start)} {_no_limit(plot) if rate is None else f'{_number(rate)} {plot.unit}'}"
        for start, _, rate in pieces[:_MAX_TOLD]
    ]
    if len(pieces) > _MAX_TOLD:
        told.append(plot.audience.say("and %(count)s more steps") % {"count": len(pieces) - _MAX_TOLD})
    return f"{line.name}: {'; '.join(told)}."


def _no_limit(plot: Plot) -> str:
    return plot.audience.say("no limit")


def _moment(plot: Plot, second: int) -> str:
    say = plot.audience.say
    if plot.starts_at is not None:
        at = plot.starts_at.astimezone(UTC) + timedelta(seconds=second)
        return say("from %(time)s") % {"time": plot.audience.moment(at, with_seconds=True)}
    return say("after %(time)s") % {"time": _length(second)} if second else say("at first")


def _length(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return " ".join(part for part in (f"{minutes} min" if minutes else "", f"{rest} s" if rest else "") if part)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _short(text: str, limit: int = _MAX_NAME) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))
