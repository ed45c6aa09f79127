"""Measured values as SVG."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
import zoneinfo
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forecourt.drawing.time_plot import POLICY, STYLE, TimeLine, TimePlot, time_plot, time_plot_in_page

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
START = NOON.timestamp()
PLOT = TimePlot(
    title="Power (kW)",
    unit="kW",
    starts_at=NOON,
    ends_at=NOON + timedelta(hours=2),
    lines=[TimeLine("", [[(START, 1), (START + 3600, 11)], [(START + 7200, 4)]])],
    told="Three values.",
)
SPACE = "{http://www.w3.org/2000/svg}"


def drawn(plot: TimePlot) -> ET.Element:
    return ET.fromstring(time_plot(plot))  # our own


def texts(plot: TimePlot) -> list[str]:
    return [element.text or "" for element in drawn(plot).iter(f"{SPACE}text")]


def paths(plot: TimePlot) -> list[str]:
    return [path.get("d", "") for path in drawn(plot).iter(f"{SPACE}path")]


def test_a_plot_has_a_title_units_and_the_same_in_words() -> None:
    root = drawn(PLOT)
    assert root.get("role") == "img"
    assert (root.findtext(f"{SPACE}title"), root.findtext(f"{SPACE}desc")) == ("Power (kW)", "Three values.")
    assert {"Power (kW)", "kW", "Time in UTC"} <= set(texts(PLOT))


def test_pieces_are_not_joined_and_a_lonely_value_is_a_dot() -> None:
    (path,) = paths(PLOT)
    assert re.fullmatch(r"M\S+ \S+L\S+ \S+M\S+ \S+h\.1", path)


def test_the_scale_begins_at_zero_unless_values_lie_far_from_it() -> None:
    assert {"0", "12.5"} <= set(texts(PLOT))
    volts = replace(PLOT, lines=[TimeLine("", [[(START, 229), (START + 60, 233)]])])
    assert "0" not in texts(volts)
    assert {"229", "233"} <= set(texts(volts))


def test_a_scale_of_shares_always_has_its_zero() -> None:
    plot = replace(PLOT, lines=[TimeLine("", [[(START, 10), (START + 60, 11)]])])
    assert "0" not in texts(plot)
    assert "0" in texts(replace(plot, is_from_zero=True))


@pytest.mark.parametrize("value", [0, 5, -3, 1e12, 1e-6])
def test_a_value_that_never_changes_has_a_scale(value: float) -> None:
    plot = replace(PLOT, lines=[TimeLine("", [[(START, value), (START + 60, value)]])])
    assert len(texts(plot)) > 4
    assert "nan" not in time_plot(plot)


def test_times_are_those_of_the_zone_and_round() -> None:
    zone = zoneinfo.ZoneInfo("Asia/Kolkata")
    shown = texts(replace(PLOT, zone=zone, time_label="Time in Asia/Kolkata"))
    assert {"17:30", "18:00", "2026-03-01", "Time in Asia/Kolkata"} <= set(shown)


@pytest.mark.parametrize("seconds", [0, 1, 45, 3600, 86_400, 40 * 86_400, 5000 * 86_400])
def test_any_length_of_time_has_a_few_labels(seconds: int) -> None:
    shown = texts(replace(PLOT, ends_at=NOON + timedelta(seconds=seconds)))
    assert 6 <= len(shown) < 40


def test_several_lines_have_a_legend_and_differ_without_colours() -> None:
    lines = [TimeLine(name, [[(START, 1), (START + 60, 2)]]) for name in ("L1", "L2")]
    plot = replace(PLOT, lines=lines)
    assert {"L1", "L2"} <= set(texts(plot))
    dashes = {path.get("stroke-dasharray") for path in drawn(plot).iter(f"{SPACE}path")}
    assert len(dashes) == 2


def test_texts_may_hold_anything() -> None:
    nasty = "</svg><script>\x00\x07&"
    plot = replace(PLOT, title=nasty, told=nasty, unit=nasty, lines=[TimeLine(nasty, [[(START, 1)]])])
    assert "<script>" not in time_plot(plot)
    assert drawn(plot).findtext(f"{SPACE}title") == "</svg><script>\ufffd\ufffd&"


def test_the_looks_stand_in_the_file_and_not_in_the_page() -> None:
    assert f"<style>{STYLE}</style>" in time_plot(PLOT)
    assert "sha256-" in POLICY
    assert "style" not in time_plot_in_page(PLOT)


def test_a_plot_without_values_is_empty_and_whole() -> None:
    assert paths(replace(PLOT, lines=[])) == []
