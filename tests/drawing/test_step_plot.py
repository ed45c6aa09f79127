"""Tests of plots: well-formed whatever is in them, without scripts, and true to their limits."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecourt.drawing.audience import Audience
from forecourt.drawing.step_plot import POLICY, STYLE, WIDTH, Line, Plot, step_plot
from tests.support.clock import NOON

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<script>alert(1)</script> \"'&]]> \x00\x01\x1f\ufffe"


def a_plot(
    *lines: Line,
    title: str = "Limits",
    note: str = "",
    unit: str = "A per phase",
    seconds: int = 3600,
    starts_at: datetime | None = NOON,
) -> Plot:
    return Plot(title=title, note=note, unit=unit, seconds=seconds, starts_at=starts_at, lines=lines)


def a_line(*steps: tuple[int, float | None], name: str = "Limit", is_result: bool = True) -> Line:
    return Line(name, steps, is_result)


def read(plot: Plot) -> ET.Element:
    return ET.fromstring(step_plot(plot))


def texts(plot: Plot) -> list[str]:
    return [element.text or "" for element in read(plot).iter(f"{SVG}text")]


def drawn(plot: Plot) -> list[str]:
    """The lines of the plot, without those of its legend."""
    return [path.get("d", "") for path in read(plot).iter(f"{SVG}path") if path.find(f"{SVG}title") is not None]


def test_a_plot_has_a_title_and_says_its_limits_in_words() -> None:
    plot = a_plot(a_line((0, 16.0), (600, None), (1200, 6.5)), title="Night", note="As told.")
    root = read(plot)
    assert root.get("role") == "img"
    assert [root[0].tag, root[1].tag] == [f"{SVG}title", f"{SVG}desc"]
    assert root[0].text == "Night"
    assert root[1].text == (
        "As told. Limit: from 2026-01-01 12:00:00 UTC 16 A per phase; from 2026-01-01 12:10:00 UTC no limit;"
        " from 2026-01-01 12:20:00 UTC 6.5 A per phase."
    )


def test_no_text_can_become_anything_but_text() -> None:
    plot = a_plot(a_line((0, 1.0), name=EVIL), title=EVIL, note=EVIL, unit=EVIL)
    root = read(plot)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "title", "desc", "style", "rect", "line", "path", "text")
    }
    assert "alert(1)" in str(root[0].text)
    assert "http" not in step_plot(a_plot(a_line((0, 1.0)))).replace(SVG[1:-1], ""), "nothing is loaded"


def test_the_style_is_the_one_that_the_policy_allows() -> None:
    [style] = read(a_plot()).iter(f"{SVG}style")
    assert style.text == STYLE
    assert "prefers-color-scheme: dark" in STYLE
    assert "script-src" not in POLICY
    assert "default-src 'none'" in POLICY


def test_a_step_is_drawn_as_a_step() -> None:
    [path] = drawn(a_plot(a_line((0, 10.0), (1800, 20.0))))
    assert path == "M76.0 238.0H506.0V134.0H936.0"


def test_a_time_without_a_limit_is_a_gap_that_is_named() -> None:
    plot = a_plot(a_line((0, 10.0), (1200, None), (2400, 5.0)))
    [path] = drawn(plot)
    assert path.count("M") == 2
    assert texts(plot).count("no limit") == 1


def test_lines_differ_in_more_than_their_colour() -> None:
    lines = [a_line((0, float(number)), name=f"Line {number}", is_result=number == 0) for number in range(6)]
    plot = a_plot(*lines)
    dashes = {path.get("stroke-dasharray") for path in read(plot).iter(f"{SVG}path") if path.get("class") != "area"}
    assert len(dashes) == 6
    assert [text for text in texts(plot) if text.startswith("Line")] == [line.name for line in lines]


@pytest.mark.parametrize(
    ("highest", "top"), [(16.0, "20"), (32.0, "40"), (0.3, "0.4"), (0.0, "1"), (63.0, "80"), (6.0, "8")]
)
def test_the_axis_of_limits_ends_at_a_round_number_above_them(highest: float, top: str) -> None:
    ticks = [float(text) for text in texts(a_plot(a_line((0, highest)))) if re.fullmatch(r"[\d.]+", text)]
    assert ticks[0] == 0
    assert max(ticks) == float(top)
    assert len(ticks) <= 8


def test_thousands_of_watts_are_shown_as_kilowatts() -> None:
    found = texts(a_plot(a_line((0, 11_000.0)), unit="W"))
    assert "kW" in found
    assert "12.5" in found


def test_times_are_those_of_a_clock_with_the_day() -> None:
    found = texts(a_plot(a_line((0, 1.0)), seconds=86_400, starts_at=NOON + timedelta(minutes=17)))
    assert [text for text in found if re.fullmatch(r"\d\d:\d\d", text)][:2] == ["14:00", "16:00"]
    assert [text for text in found if "-01-0" in text] == ["2026-01-01", "2026-01-02"]
    assert "Time in UTC" in found


def test_times_of_a_relative_schedule_count_from_its_start() -> None:
    found = texts(a_plot(a_line((0, 1.0)), seconds=5400, starts_at=None))
    assert [text for text in found if text.startswith("+")][:3] == ["+0:00", "+0:10", "+0:20"]


@pytest.mark.parametrize("seconds", [60, 3600, 12 * 3600, 86_400, 11 * 86_400, 86 * 86_400, 5000 * 86_400])
@pytest.mark.parametrize("minutes", [0, 17, 11 * 60 + 50, 11 * 60 + 59])
@pytest.mark.parametrize("is_relative", [False, True])
def test_no_time_is_written_over_another(seconds: int, minutes: int, is_relative: bool) -> None:
    starts_at = None if is_relative else NOON + timedelta(minutes=minutes)
    plot = a_plot(a_line((0, 1.0)), seconds=seconds, starts_at=starts_at)
    rows: dict[str, list[tuple[float, str]]] = {}
    for element in read(plot).iter(f"{SVG}text"):
        if element.get("text-anchor") == "middle":
            rows.setdefault(element.get("y", ""), []).append((float(element.get("x", "")), element.text or ""))
    assert rows
    for labels in rows.values():
        for (x, _), (next_x, text) in itertools.pairwise(labels):
            assert next_x - x >= 8 * len(text)


def test_a_label_without_room_is_left_out() -> None:
    found = texts(a_plot(a_line((0, 1.0)), seconds=86_400, starts_at=NOON + timedelta(hours=11, minutes=50)))
    assert [text for text in found if "-01-0" in text] == ["2026-01-02"]
    found = texts(a_plot(a_line((0, 1.0)), seconds=12 * 3600, starts_at=NOON + timedelta(hours=11)))
    assert [text for text in found if "-01-0" in text] == ["2026-01-01"], "midnight has no room beside it"


def test_a_plot_is_as_wide_as_its_place_and_no_wider_than_it_was_drawn() -> None:
    root = read(a_plot(a_line((0, 1.0))))
    assert (root.get("width"), root.get("height")) == ("100%", None)
    assert root.get("viewBox", "").startswith(f"0 0 {WIDTH} ")
    assert root.get("style") is None, "the policy lets no style in but that of the sheet"
    assert f"max-width: {WIDTH}px" in STYLE


def test_words_and_times_are_those_of_whom_it_is_drawn_for() -> None:
    viewer = Audience("<{}>".format, ZoneInfo("Asia/Kolkata"), "Asia/Kolkata")
    plot = replace(a_plot(a_line((0, 1.0), (43_200, None)), seconds=86_400), audience=viewer)
    assert {"18:00", "2026-01-02", "<no limit>", "<Time in Asia/Kolkata>"} <= set(texts(plot))
    assert "<from 2026-01-01 17:30:00 Asia/Kolkata> 1 A per phase" in (read(plot)[1].text or "")


def test_a_clock_that_is_set_back_within_a_plot_shows_what_it_shows() -> None:
    begins = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight in Berlin, where an hour comes twice that night
    viewer = Audience(zone=ZoneInfo("Europe/Berlin"), zone_name="Europe/Berlin")
    plot = replace(a_plot(a_line((0, 1.0)), seconds=5 * 3600, starts_at=begins), audience=viewer)
    assert [text for text in texts(plot) if re.fullmatch(r"0\d:00", text)] == [
        *("00:00", "01:00", "02:00", "02:00", "03:00", "04:00")
    ]


@pytest.mark.parametrize("rate", [5e-324, 1e-300, 1e-7])
def test_a_rate_that_is_next_to_nothing_is_drawn_as_zero(rate: float) -> None:
    plot = a_plot(a_line((0, rate)))
    assert drawn(plot) == drawn(a_plot(a_line((0, 0.0))))


steps = st.lists(
    st.tuples(st.integers(-10, 10**7), st.none() | st.floats(0, 1e9)),
    min_size=0,
    max_size=8,
    unique_by=lambda one: one[0],
).map(lambda found: tuple(sorted(found, key=lambda one: one[0])))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.builds(Line, st.text(), steps, st.booleans()), max_size=4),
    st.text(),
    st.integers(1, 2**31),
    st.none() | st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31)),  # noqa: DTZ001  # the zone follows
)
def test_every_plot_can_be_read_and_stays_inside_its_frame(
    lines: list[Line], title: str, seconds: int, starts_at: datetime | None
) -> None:
    begin = None if starts_at is None else starts_at.replace(tzinfo=NOON.tzinfo)
    plot = a_plot(*lines, title=title, seconds=seconds, starts_at=begin)
    text = step_plot(plot)
    assert len(text) < 100_000
    for path in drawn(plot):
        across = [float(number) for number in re.findall(r"[MH]([\d.]+)", path)]
        assert all(0 <= x <= WIDTH for x in across)
        assert across == sorted(across)
