"""Percentiles are of the nearest rank, and a report says what it measured."""

from __future__ import annotations

import json
import math
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from forecourt_simulator.load_report import LoadReport, latency_of, percentile, print_report


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1.0), (0.5, 50.0), (0.9, 90.0), (0.99, 99.0), (0.991, 100.0), (1.0, 100.0)]
)
def test_percentiles_of_one_to_a_hundred(share: float, value: float) -> None:
    assert percentile([float(number) for number in range(1, 101)], share) == value


@given(values=st.lists(st.floats(0.0, 10.0), min_size=1, max_size=50), share=st.floats(0.0, 1.0))
def test_a_percentile_is_a_value_that_enough_others_do_not_exceed(values: list[float], share: float) -> None:
    found = percentile(sorted(values), share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


def test_nothing_measured_has_no_percentile() -> None:
    assert math.isnan(percentile([], 0.5))


def a_report(**changes: object) -> LoadReport:
    latency = latency_of([0.001, 0.002, 0.004])
    fields: dict[str, object] = {
        "stations": 2,
        "wanted_rate": 100.0,
        "achieved_rate": 99.5,
        "seconds": 3.0,
        "latency": latency,
        "by_action": {"Heartbeat": latency},
        "errors": {},
        "unsent": 0,
        "lag_p99_ms": 0.4,
        "cpu_us_per_message": 11.2,
    }
    return LoadReport(**{**fields, **changes})  # type: ignore[arg-type] # built from a table of defaults


def test_latencies_are_told_in_milliseconds() -> None:
    latency = latency_of([0.004, 0.001, 0.002])
    assert (latency.count, latency.p50_ms, latency.p99_ms, latency.max_ms) == (3, 2.0, 4.0, 4.0)


def test_a_report_for_people_names_rate_latency_and_errors() -> None:
    page = StringIO()
    print_report(a_report(errors={"MeterValues: InternalError": 3}, unsent=2), Console(file=page, width=160))
    for part in ("Heartbeat", "4.00", "100 messages/s (100 wanted)", "3 × MeterValues: InternalError", "2 messages"):
        assert part in page.getvalue()


def test_a_report_for_programs_is_json() -> None:
    report = json.loads(a_report().to_json())
    assert report["latency"]["p50_ms"] == 2.0
    assert report["achieved_rate"] == 99.5


def test_a_report_without_answers_is_still_json() -> None:
    report = json.loads(a_report(latency=latency_of([])).to_json())
    assert report["latency"] == {"count": 0, "p50_ms": None, "p90_ms": None, "p99_ms": None, "max_ms": None}
