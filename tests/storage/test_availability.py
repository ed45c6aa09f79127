"""Tests of reported states in the database: AvailabilityStore, FirmwareStore and DiagnosticsStore."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from forecourt.domain.availability.model import EvseStatus, StatusReport
from forecourt.domain.evse import WHOLE_STATION, EvseId, Place
from forecourt.domain.paging import PageRequest
from tests.storage.bench import UNUSUAL_TEXTS, Bench, all_pages
from tests.support.clock import NOON

FIRST = EvseId(1)


def a_status(status: str = "Available", place: Place = FIRST, *, minutes: int = 0) -> EvseStatus:
    return EvseStatus(StatusReport(place=place, status=status, error_code="NoError"), NOON + timedelta(minutes=minutes))


def record(bench: Bench, key: int, *several: EvseStatus) -> None:
    with bench.committed():
        for status in several:
            bench.availability.record(key, status)


def present(bench: Bench, key: int) -> list[EvseStatus]:
    with bench.reading():
        return list(bench.availability.present(key))


def history(bench: Bench, key: int, place: Place | None = None, limit: int = 2) -> Sequence[EvseStatus]:
    with bench.reading():
        return all_pages(lambda page: bench.availability.history(key, place, page), limit)


@pytest.mark.parametrize("text", [*UNUSUAL_TEXTS, None])
def test_a_report_is_kept_exactly(bench: Bench, text: str | None) -> None:
    key = bench.add_station()
    report = StatusReport(
        place=EvseId(2**63 - 1),
        status="Faulted",
        error_code=text or "OtherError",
        info=text,
        vendor_id=text,
        vendor_error_code=text,
        reported_at=None if text is None else datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    )
    status = EvseStatus(report, NOON)
    record(bench, key, status)
    assert present(bench, key) == [status]
    assert history(bench, key) == [status]


def test_the_newest_report_of_each_place_is_the_present_one(bench: Bench) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    charging, late = a_status("Charging", minutes=5), a_status("Preparing", minutes=4)
    station, second = a_status("Unavailable", WHOLE_STATION), a_status("Reserved", EvseId(2))
    record(bench, key, a_status(), second, station)
    record(bench, key, charging)
    record(bench, key, late)
    assert present(bench, key) == [station, charging, second]
    assert present(bench, other) == []
    assert history(bench, key, EvseId(1)) == [late, charging, a_status()]


def test_the_newest_report_within_one_group_is_the_present_one(bench: Bench) -> None:
    key = bench.add_station()
    charging = a_status("Charging", minutes=5)
    record(bench, key, a_status(), charging, a_status("Preparing", minutes=4))
    assert present(bench, key) == [charging]
    assert len(history(bench, key)) == 3


@pytest.mark.parametrize("is_one_group", [True, False])
def test_of_two_reports_of_one_moment_the_later_one_counts(bench: Bench, is_one_group: bool) -> None:
    key = bench.add_station()
    both = [a_status("Preparing"), a_status("Charging")]
    for group in [both] if is_one_group else [[both[0]], [both[1]]]:
        record(bench, key, *group)
    assert present(bench, key) == [both[1]]


def test_the_history_is_newest_first_and_of_one_station(bench: Bench) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    mine = [a_status(str(number), WHOLE_STATION if number % 2 else EvseId(1)) for number in range(7)]
    for status in mine:
        record(bench, key, status)
        record(bench, other, a_status("other"))
    assert history(bench, key) == mine[::-1]
    assert history(bench, key, WHOLE_STATION, limit=1) == mine[5::-2]
    assert history(bench, key, EvseId(9)) == []


@pytest.mark.parametrize("after", ["nonsense", "-1", "0", "9" * 40, "1.5"])
def test_a_position_that_no_list_gave_asks_for_nothing(bench: Bench, after: str) -> None:
    key = bench.add_station()
    record(bench, key, a_status())
    with bench.reading():
        assert bench.availability.history(key, None, PageRequest(10, after)).items == []
