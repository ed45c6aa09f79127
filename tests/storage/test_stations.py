"""Tests of stations in the database, against the promises of StationStore."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forecourt.domain.availability.model import EvseStatus, StatusReport
from forecourt.domain.evse import EvseId
from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import (
    BootFacts,
    Registration,
    StationDraft,
    StationFilter,
    StationKey,
    StationSheet,
    UnknownStation,
)
from forecourt.storage.errors import RowRefused
from tests.storage.bench import UNUSUAL_TEXTS, Bench, all_pages
from tests.support.clock import NOON

FACTS = BootFacts(
    vendor="Vendor",
    model="Model",
    serial_number="S-1",
    box_serial_number="B-1",
    firmware_version="1.0",
    iccid="8944",
    imsi="2620",
    meter_type="MT",
    meter_serial_number="M-1",
)


def sheet(bench: Bench, identity: str = "CP-1") -> StationSheet:
    with bench.reading():
        found = bench.stations.sheet(identity)
    assert found is not None
    return found


def identities(bench: Bench, wanted: StationFilter | None = None, limit: int = 100) -> list[str]:
    with bench.reading():
        found = all_pages(lambda page: bench.stations.sheets(wanted or StationFilter(), page), limit)
    return [one.station.identity for one in found]


def test_a_new_station_is_found_as_it_was_written_down(bench: Bench) -> None:
    draft = StationDraft(
        identity="CP-1", description="by the gate", registration=Registration.PENDING, heartbeat_seconds=300
    )
    with bench.committed():
        added = bench.stations.add(draft, NOON)
    with bench.reading():
        found = bench.stations.find("CP-1")
    assert found is not None
    assert found == added
    assert (found.identity, found.registration, found.heartbeat_seconds) == ("CP-1", Registration.PENDING, 300)
    assert sheet(bench) == StationSheet(
        station=found,
        description="by the gate",
        created_at=NOON,
        is_online=False,
        last_seen_at=None,
        booted_at=None,
        facts=None,
        firmware_status=None,
        diagnostics_status=None,
    )


def test_an_identity_is_taken_once(bench: Bench) -> None:
    key = bench.add_station()
    with bench.committed():
        assert bench.stations.add(StationDraft(identity="CP-1", description="another"), NOON) is None
    assert sheet(bench).station.key == key
    assert sheet(bench).description == ""


@pytest.mark.parametrize(
    "identity",
    ['it\'s "one"', "🔌" * 255, "100%_\\", "?", "%s", "Ünïcödé", "a" * 255, "with space", "0", "None"],
)
def test_any_identity_is_kept_exactly(bench: Bench, identity: str) -> None:
    bench.add_station("other")
    bench.add_station(identity)
    assert sheet(bench, identity).station.identity == identity
    assert set(identities(bench, limit=1)) == {"other", identity}


def test_identities_differ_by_case_and_are_never_taken_for_a_part(bench: Bench) -> None:
    keys = {identity: bench.add_station(identity) for identity in ("SN1", "sn1", "SN10", "SN1 ")}
    assert len(set(keys.values())) == 4
    assert {identity: sheet(bench, identity).station.key for identity in keys} == keys


@pytest.mark.parametrize("text", UNUSUAL_TEXTS)
def test_any_description_is_kept_exactly(bench: Bench, text: str) -> None:
    with bench.committed():
        bench.stations.add(StationDraft(identity="CP-1", description=text), NOON)
    assert sheet(bench).description == text


@pytest.mark.parametrize(
    "at",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_any_time_is_kept_to_the_microsecond(bench: Bench, at: datetime) -> None:
    with bench.committed():
        added = bench.stations.add(StationDraft(identity="CP-1"), at)
        assert added is not None
        bench.stations.record_boot(added.key, FACTS, at)
    found = sheet(bench)
    assert (found.created_at, found.booted_at, found.last_seen_at) == (at, at, at)


def test_what_the_operator_decides_is_replaced(bench: Bench) -> None:
    key = bench.add_station()
    with bench.committed():
        bench.stations.change(
            key, description="new", group="north", registration=Registration.REJECTED, heartbeat_seconds=None
        )
    found = sheet(bench)
    assert (found.description, found.group, found.station.registration) == ("new", "north", Registration.REJECTED)
    assert found.station.heartbeat_seconds is None
    assert found.created_at == NOON


@pytest.mark.parametrize("facts", [FACTS, BootFacts(vendor="V", model="M")])
def test_a_boot_records_what_the_station_says_of_itself(bench: Bench, facts: BootFacts) -> None:
    key = bench.add_station()
    with bench.committed():
        bench.stations.record_boot(key, FACTS, NOON - timedelta(days=1))
    with bench.committed():
        bench.stations.record_boot(key, facts, NOON)
    found = sheet(bench)
    assert found.facts == facts
    assert found.booted_at == found.last_seen_at == NOON


def test_the_newest_contact_stays(bench: Bench) -> None:
    key = bench.add_station()
    for minutes in (5, 9, 7):
        with bench.committed():
            bench.stations.record_contact(key, NOON + timedelta(minutes=minutes))
    assert sheet(bench).last_seen_at == NOON + timedelta(minutes=9)
    with bench.committed():
        for minutes in (11, 13, 12):
            bench.stations.record_contact(key, NOON + timedelta(minutes=minutes))
    assert sheet(bench).last_seen_at == NOON + timedelta(minutes=13)


def test_a_removed_station_is_no_more(bench: Bench) -> None:
    key = bench.add_station()
    with bench.committed():
        bench.stations.remove(key, NOON)
    with bench.reading():
        assert bench.stations.find("CP-1") is None
        assert bench.stations.sheet("CP-1") is None
    assert identities(bench) == []


def test_a_station_that_comes_back_has_its_key_and_its_history(bench: Bench) -> None:
    key = bench.add_station()
    status = EvseStatus(StatusReport(place=EvseId(1), status="Available", error_code="NoError"), NOON)
    with bench.committed():
        bench.stations.record_boot(key, FACTS, NOON)
        bench.availability.record(key, status)
    with bench.committed():
        bench.stations.remove(key, NOON)
    later = NOON + timedelta(days=1)
    with bench.committed():
        back = bench.stations.add(StationDraft(identity="CP-1", description="again", heartbeat_seconds=5), later)
    assert back is not None
    assert back.key == key
    found = sheet(bench)
    assert (found.description, found.created_at, found.station.heartbeat_seconds) == ("again", later, 5)
    assert (found.facts, found.evses) == (FACTS, (status,))
    with bench.committed():
        assert bench.stations.add(StationDraft(identity="CP-1"), later) is None


def test_a_key_is_never_used_again(bench: Bench) -> None:
    first = bench.add_station("CP-1")
    with bench.committed():
        bench.connection.execute("DELETE FROM station WHERE key = ?", (first,))
    assert bench.add_station("CP-2") > first


# Lists


def test_pages_follow_one_another_without_gaps(bench: Bench) -> None:
    names = [f"CP-{number:02}" for number in range(10)]
    for name in reversed(names):
        bench.add_station(name)
    for limit in (1, 3, 5, 10, 11):
        assert identities(bench, limit=limit) == names
    with bench.reading():
        assert bench.stations.sheets(StationFilter(), PageRequest(10)).next_after is None


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("%", ["50%"]),
        ("_", ["A_B"]),
        ("\\", ["back\\slash"]),
        ("/", []),
        ("'", ["O'Neil"]),
        ("a_b", ["A_B"]),
        ("o'n", ["O'Neil"]),
        ("", ["50%", "A_B", "AxB", "O'Neil", "back\\slash"]),
    ],
)
def test_a_search_has_no_special_characters_and_no_case(bench: Bench, search: str, found: list[str]) -> None:
    for name in ("50%", "A_B", "AxB", "O'Neil", "back\\slash"):
        bench.add_station(name)
    assert sorted(identities(bench, StationFilter(search=search))) == found


@pytest.mark.parametrize("search", ["cp-1", "GATE", "Vend", "mode", "s-1"])
def test_a_search_looks_at_the_name_the_description_and_the_maker(bench: Bench, search: str) -> None:
    bench.add_station("other")
    with bench.committed():
        added = bench.stations.add(StationDraft(identity="CP-1", description="by the gate"), NOON)
        assert added is not None
        bench.stations.record_boot(added.key, FACTS, NOON)
    assert identities(bench, StationFilter(search=search)) == ["CP-1"]


def test_filters_are_combined(bench: Bench) -> None:
    for number, registration in enumerate([*Registration, *Registration]):
        with bench.committed():
            added = bench.stations.add(StationDraft(identity=f"CP-{number}", registration=registration), NOON)
            assert added is not None
            if number < 3:
                bench.links.open(added.key, LinkId(number), node="n", address="a", subprotocol="ocpp1.6", at=NOON)
    accepted, online = Registration.ACCEPTED, StationFilter(is_online=True)
    assert identities(bench, online) == ["CP-0", "CP-1", "CP-2"]
    assert identities(bench, StationFilter(is_online=False)) == ["CP-3", "CP-4", "CP-5"]
    assert identities(bench, replace(online, registration=accepted)) == ["CP-0"]
    assert identities(bench, StationFilter(registration=accepted), limit=1) == ["CP-0", "CP-3"]
    assert identities(bench, StationFilter("cp-3", accepted, False)) == ["CP-3"]
    assert identities(bench, StationFilter("cp-3", accepted, True)) == []


# Strangers


def a_stranger(identity: str, *, last: datetime = NOON, attempts: int = 1) -> UnknownStation:
    return UnknownStation(identity, "192.0.2.1", "ocpp1.6, ocpp2.0.1", NOON, last, attempts)


def strangers(bench: Bench) -> list[UnknownStation]:
    with bench.reading():
        return all_pages(bench.stations.strangers, 2)


def record(bench: Bench, *several: UnknownStation, keep: int = 100) -> None:
    with bench.committed():
        bench.stations.record_strangers(several, keep)


def test_attempts_of_a_stranger_add_up(bench: Bench) -> None:
    record(bench, a_stranger("X"))
    later = NOON + timedelta(hours=1)
    moved = UnknownStation("X", "192.0.2.2", "", later, later, 4)
    record(bench, moved)
    assert strangers(bench) == [replace(moved, first_seen_at=NOON, attempts=5)]


def test_attempts_within_one_group_add_up(bench: Bench) -> None:
    later = NOON + timedelta(hours=1)
    record(bench, a_stranger("X", attempts=2), UnknownStation("X", "192.0.2.2", "", later, later, 3))
    assert strangers(bench) == [UnknownStation("X", "192.0.2.2", "", NOON, later, 5)]


def test_only_the_strangers_seen_last_are_kept(bench: Bench) -> None:
    for number in range(9):
        record(bench, a_stranger(f"X{number}", last=NOON + timedelta(seconds=number)), keep=5)
    record(bench, keep=5)
    assert [one.identity for one in strangers(bench)] == ["X4", "X5", "X6", "X7", "X8"]


def test_a_stranger_can_be_forgotten_once(bench: Bench) -> None:
    record(bench, a_stranger("X"), a_stranger("Y"))
    with bench.committed():
        assert bench.stations.forget_stranger("X")
        assert not bench.stations.forget_stranger("X")
    assert [one.identity for one in strangers(bench)] == ["Y"]


@pytest.mark.parametrize("key", [0, -1, 2**62])
def test_a_contact_of_no_station_is_refused(bench: Bench, key: int) -> None:
    with pytest.raises(RowRefused, match=r"(?i)foreign key"), bench.committed():
        bench.stations.record_contact(StationKey(key), NOON)
