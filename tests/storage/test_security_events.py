"""Tests of security events in the database, against the promises of SecurityStore."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forecourt.domain.configuration.model import Setting
from forecourt.domain.provisioning.model import StationKey
from forecourt.domain.security.model import SecurityEvent, SecurityEventFilter, StoredEvent
from forecourt.storage.configurations import Configurations
from tests.storage.bench import UNUSUAL_TEXTS, Bench, all_pages
from tests.support.clock import NOON

HOUR = timedelta(hours=1)


def an_event(kind: str = "ResetOrReboot", *, at: datetime = NOON, tech_info: str | None = None) -> SecurityEvent:
    return SecurityEvent(type=kind, occurred_at=at, tech_info=tech_info)


def record(
    bench: Bench, key: StationKey, *events: SecurityEvent, is_critical: bool | None = None, at: datetime = NOON
) -> None:
    with bench.committed():
        for event in events:
            bench.security.record(key, event, is_critical=is_critical, at=at)


def listed(bench: Bench, wanted: SecurityEventFilter | None = None) -> list[StoredEvent]:
    with bench.reading():
        return all_pages(lambda page: bench.security.list(wanted or SecurityEventFilter(), page), 2)


@pytest.mark.parametrize("text", UNUSUAL_TEXTS)
def test_an_event_is_kept_exactly(bench: Bench, text: str) -> None:
    key = bench.add_station()
    kind, information = text[:50], text[:255]
    record(bench, key, an_event(kind, tech_info=information), is_critical=True, at=NOON + HOUR)
    assert listed(bench) == [StoredEvent("CP-1", an_event(kind, tech_info=information or None), True, NOON + HOUR)]


@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)])
def test_any_time_is_kept(bench: Bench, at: datetime) -> None:
    key = bench.add_station()
    record(bench, key, an_event(at=at))
    assert [stored.event.occurred_at for stored in listed(bench)] == [at]


def test_an_event_that_is_told_again_is_kept_once_with_its_first_arrival(bench: Bench) -> None:
    """A04.FR.02: the station tells it until it is answered."""
    key, other = bench.add_station(), bench.add_station("CP-2")
    record(bench, key, an_event(), an_event(tech_info="a"), an_event())
    record(bench, key, an_event(tech_info="a"), an_event(), at=NOON + HOUR)
    record(bench, other, an_event())
    record(bench, key, an_event("Other"), an_event(at=NOON + HOUR))
    stored = listed(bench)
    assert len(stored) == 5
    assert {one.received_at for one in stored} == {NOON}


def test_of_two_tellings_that_are_committed_together_the_first_counts(bench: Bench) -> None:
    key = bench.add_station()
    with bench.committed():
        for hour in range(2):
            bench.security.record(key, an_event(), is_critical=None, at=NOON + hour * HOUR)
            bench.unit.keep()
    assert [stored.received_at for stored in listed(bench)] == [NOON]


def test_events_are_listed_as_they_arrived_the_last_one_first(bench: Bench) -> None:
    key = bench.add_station()
    times = [NOON + HOUR, NOON - HOUR, NOON, NOON - 2 * HOUR, NOON + 2 * HOUR]
    for at in times:
        record(bench, key, an_event(at=at))
    assert [stored.event.occurred_at for stored in listed(bench)] == times[::-1]


def test_events_are_found_by_what_they_are(bench: Bench) -> None:
    key, other = bench.add_station(), bench.add_station("CP-2")
    record(bench, key, an_event("A"), is_critical=True)
    record(bench, key, an_event("B", at=NOON + HOUR), is_critical=False)
    record(bench, other, an_event("C", at=NOON + 2 * HOUR))

    def kinds(wanted: SecurityEventFilter) -> str:
        return "".join(stored.event.type for stored in listed(bench, wanted))

    assert kinds(SecurityEventFilter()) == "CBA"
    assert kinds(SecurityEventFilter(station="CP-1")) == "BA"
    assert kinds(SecurityEventFilter(type="b")) == "B"
    assert kinds(SecurityEventFilter(is_critical=True)) == "A"
    assert kinds(SecurityEventFilter(is_critical=False)) == "CB"
    assert kinds(SecurityEventFilter(since=NOON + HOUR)) == "CB"
    assert kinds(SecurityEventFilter(until=NOON + HOUR)) == "A"


def test_it_is_remembered_that_a_station_speaks_the_extension(bench: Bench) -> None:
    key, other = bench.add_station(), bench.add_station("CP-2")
    for hour in range(2):
        with bench.committed():
            bench.security.note_extension(key, NOON + hour * HOUR)
            bench.security.note_extension(key, NOON + hour * HOUR)
    with bench.reading():
        assert bench.security.has_extension(key)
        assert not bench.security.has_extension(other)
    assert bench.count("capability") == 1


@pytest.mark.parametrize("is_unknown", [False, True])
def test_a_station_with_a_security_profile_speaks_the_extension(bench: Bench, is_unknown: bool) -> None:
    key = bench.add_station()
    setting = Setting(name="SecurityProfile", value=None, is_read_only=False, is_unknown=is_unknown, learned_at=NOON)
    with bench.committed():
        Configurations(bench.unit).put(key, [setting])
    with bench.reading():
        assert bench.security.has_extension(key) is not is_unknown
