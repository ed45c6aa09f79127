"""Tests of what decides at the door in the database, against the promises of AdmissionStore."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from forecourt.domain.admission.model import (
    Access,
    KeyForm,
    Leniency,
    Password,
    PasswordNumber,
    PasswordState,
    SecurityProfile,
    Upgrade,
    UpgradeState,
)
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import StationDraft, StationFilter
from forecourt.storage.admission import AdmissionRecords
from forecourt.storage.database import Database
from tests.storage.bench import HIGHEST, UNUSUAL_TEXTS, Bench
from tests.storage.explaining import explained
from tests.support.clock import NOON

EDGE = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
UPGRADE = Upgrade(
    profile=SecurityProfile.TLS_CERTIFICATE,
    state=UpgradeState.ACCEPTED,
    errand=ErrandNumber(HIGHEST),
    since=EDGE,
    asked_by="ada",
    restarts=True,
    may_be_taken=True,
    pins_serial=True,
)
PASSWORD = Password(
    number=PasswordNumber(0),
    hashed="sha256$00$00",
    state=PasswordState.OFFERED,
    is_generated=True,
    form=None,
    made_at=NOON,
    errand=None,
    asked_by="ada",
)


@pytest.fixture
def records(bench: Bench) -> AdmissionRecords:
    return AdmissionRecords(bench.unit)


def put(bench: Bench, records: AdmissionRecords, key: int, access: Access) -> None:
    with bench.committed():
        records.hold(key)
        records.put(key, access)


def test_a_station_without_a_row_has_profile_0(bench: Bench, records: AdmissionRecords) -> None:
    key = bench.add_station()
    with bench.reading():
        caller = records.find("CP-1")
        assert caller is not None
        assert (caller.station.key, caller.access) == (key, Access())
        assert records.access(key) == Access()
        assert records.kept_profile("CP-1") is None


def test_nobody_and_a_removed_station_are_not_found(bench: Bench, records: AdmissionRecords) -> None:
    key = bench.add_station()
    put(bench, records, key, Access(profile=SecurityProfile.TLS_BASIC))
    with bench.committed():
        bench.stations.remove(key, NOON)
    with bench.reading():
        assert records.find("CP-1") is None
        assert records.find("CP-2") is None
        assert records.kept_profile("CP-1") is SecurityProfile.TLS_BASIC


@pytest.mark.parametrize(
    "access",
    [
        Access(profile=SecurityProfile.BASIC),
        Access(profile=SecurityProfile.TLS_BASIC, upgrade=UPGRADE, has_own_certificate=True),
        Access(
            upgrade=replace(UPGRADE, errand=None, restarts=False, may_be_taken=False, pins_serial=False, since=NOON)
        ),
        Access(fingerprint="ab" * 32),
        Access(leniencies=frozenset(Leniency), serial_number="SN 1"),
        *[Access(serial_number=text, trusted_organisations=(text, "x"), presented=text) for text in UNUSUAL_TEXTS],
    ],
)
def test_access_is_kept_exactly(bench: Bench, records: AdmissionRecords, access: Access) -> None:
    key = bench.add_station()
    put(bench, records, key, access)
    with bench.reading():
        assert records.access(key) == access


def test_holding_changes_nothing(bench: Bench, records: AdmissionRecords) -> None:
    key = bench.add_station()
    access = Access(profile=SecurityProfile.TLS_BASIC, upgrade=UPGRADE)
    put(bench, records, key, access)
    with bench.committed():
        assert records.hold(key) == access
    with bench.reading():
        assert records.access(key) == access


def test_passwords_are_kept_exactly_and_in_the_order_in_which_they_were_made(
    bench: Bench, records: AdmissionRecords
) -> None:
    key, other = bench.add_station(), bench.add_station("CP-2")
    wanted: list[Password] = []
    with bench.committed():
        for state in PasswordState:
            password = replace(PASSWORD, state=state, hashed=f"hash of {state}", is_withdrawn=len(wanted) == 3)
            wanted.append(replace(password, number=records.add_password(key, password)))
            records.add_password(other, password)
        changed = replace(wanted[0], form=KeyForm.HEX_TEXT, errand=ErrandNumber(HIGHEST), is_generated=False)
        records.put_password(changed)
        records.remove_password(wanted[1].number)
    with bench.reading():
        caller = records.find("CP-1")
        assert caller is not None
        assert caller.access.passwords == (changed, *wanted[2:])
        assert len(records.access(other).passwords) == len(PasswordState)


def test_the_number_of_a_password_is_never_used_again(bench: Bench, records: AdmissionRecords) -> None:
    key = bench.add_station()
    with bench.committed():
        first = records.add_password(key, PASSWORD)
        records.remove_password(first)
    with bench.committed():
        assert records.add_password(key, PASSWORD) > first


def test_a_station_that_comes_back_has_what_it_had(bench: Bench, records: AdmissionRecords) -> None:
    key = bench.add_station()
    access = Access(profile=SecurityProfile.TLS_CERTIFICATE, has_own_certificate=True)
    put(bench, records, key, access)
    with bench.committed():
        number = records.add_password(key, PASSWORD)
        bench.stations.remove(key, NOON)
    with bench.committed():
        bench.stations.add(StationDraft(identity="CP-1"), NOON)
    with bench.reading():
        caller = records.find("CP-1")
        assert caller is not None
        assert caller.access == replace(access, passwords=(replace(PASSWORD, number=number),))


def test_stations_are_listed_with_their_profile_and_by_it(bench: Bench, records: AdmissionRecords) -> None:
    bench.add_station("CP-0")
    put(bench, records, bench.add_station("CP-1"), Access(profile=SecurityProfile.BASIC))
    put(bench, records, bench.add_station("CP-2"), Access(profile=SecurityProfile.TLS_BASIC))
    with bench.reading():
        everything = bench.stations.sheets(StationFilter(), PageRequest(10)).items
        assert [int(sheet.security_profile) for sheet in everything] == [0, 1, 2]
        for profile in SecurityProfile:
            found = bench.stations.sheets(StationFilter(security_profile=profile), PageRequest(10)).items
            assert [sheet.security_profile for sheet in found] == ([profile] if profile < 3 else [])


def test_the_question_of_every_handshake_is_one_and_looks_everything_up(
    sqlite_database: Database,
) -> None:
    bench = Bench(sqlite_database)
    records = AdmissionRecords(bench.unit)
    key = bench.add_station()
    put(bench, records, key, Access(profile=SecurityProfile.BASIC))
    with bench.committed():
        for _ in range(4):
            records.add_password(key, PASSWORD)
    with bench.reading(), explained(bench) as plans:
        caller = records.find("CP-1")
    bench.close()
    assert caller is not None
    assert len(caller.access.passwords) == 4
    assert len(plans) == 1
    assert "SCAN" not in plans[0]
    assert "TEMP B-TREE" not in plans[0], "nothing has to be sorted"
    assert "INDEX password_of_station (" in plans[0]


def test_of_two_that_change_at_once_the_later_sees_what_the_earlier_did(postgresql_database: Database) -> None:
    """With SQLite there is one writer anyway."""
    first, second, watcher = (Bench(postgresql_database) for _ in range(3))
    key = first.add_station()
    seen: list[Access] = []

    def look() -> None:
        with second.committed():
            seen.append(AdmissionRecords(second.unit).hold(key))

    thread = threading.Thread(target=look)
    with first.committed():
        AdmissionRecords(first.unit).hold(key)
        thread.start()
        _wait_for_a_lock(watcher)
        AdmissionRecords(first.unit).put(key, Access(profile=SecurityProfile.BASIC))
    thread.join(20)
    for bench in (first, second, watcher):
        bench.close()
    assert seen == [Access(profile=SecurityProfile.BASIC)]


def _wait_for_a_lock(watcher: Bench) -> None:
    """Return when somebody waits for a row that another one has."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with watcher.reading():
            row = watcher.connection.one(waiting)
        if row is not None and row[0]:
            return
    raise AssertionError("nobody waited")
