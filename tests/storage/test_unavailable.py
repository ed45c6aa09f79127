"""Tests of a database that is locked, gone or restarted: nothing half-done is kept, and all goes on by itself."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from forecourt.domain.evse import EvseId
from forecourt.domain.provisioning.model import Station, StationDraft
from forecourt.domain.services import Services
from forecourt.domain.transactions.metering import Reading, Sample
from forecourt.domain.transactions.model import StartReport
from forecourt.storage import sqlite
from forecourt.storage.database import Database
from forecourt.storage.errors import RowRefused, StorageError, Unavailable
from tests.storage.bench import Bench
from tests.storage.committing import Storage
from tests.storage.outages import crash, end_all_sessions, out_of_order
from tests.support.clock import NOON


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)


@pytest.fixture
def station(storage: Storage) -> Station:
    return storage.do(lambda services: services.provisioning.add(StationDraft(identity="CP-1"))).station


def start(station: Station, meter: int, storage: Storage) -> int:
    report = StartReport(evse=EvseId(1), id_token="Card", started_at=NOON, meter_start_wh=meter)
    return storage.do(lambda services: services.transactions.start(station, report).transaction_id)


def test_a_group_fails_as_a_whole_and_nothing_of_it_is_kept(
    database: Database, storage: Storage, station: Station
) -> None:
    def work(services: Services) -> None:
        report = StartReport(evse=EvseId(1), id_token="Card", started_at=NOON, meter_start_wh=1)
        services.transactions.start(station, report)

    with storage.one_group():
        waiting = [storage.submit(work) for _ in range(3)]
        storage.log.clear()
        # The group that holds the thread has begun already: it ends before the outage does.
    assert all(one.error is None for one in waiting)
    with out_of_order(database):
        failed = [storage.submit(work) for _ in range(3)]
        errors = [one.error for one in failed]
    assert all(isinstance(error, Unavailable) for error in errors)
    bench = Bench(database)
    assert bench.count("station_transaction") == 1
    bench.close()


def test_the_committer_goes_on_by_itself(database: Database, storage: Storage, station: Station) -> None:
    first = start(station, 1, storage)
    for _ in range(2):
        with out_of_order(database):
            for meter in (2, 3):
                with pytest.raises(Unavailable):
                    start(station, meter, storage)
    later = [start(station, meter, storage) for meter in (2, 3)]
    assert [first, *later] == sorted({first, *later})
    bench = Bench(database)
    assert bench.count("station_transaction") == 3
    bench.close()


def test_a_session_that_was_ended_while_nothing_was_done_harms_nobody(
    postgresql_database: Database,
) -> None:
    """An idle connection may be lost at any time: the database is there, so no station should be told otherwise."""
    storage = Storage(postgresql_database)
    storage.do(lambda services: services.provisioning.add(StationDraft(identity="CP-1")))
    end_all_sessions(postgresql_database.url)
    storage.do(lambda services: services.provisioning.add(StationDraft(identity="CP-2")))
    storage.close()


def test_a_session_that_ends_in_the_middle_of_a_group_fails_the_group(postgresql_database: Database) -> None:
    storage = Storage(postgresql_database)

    def work(services: Services) -> None:
        services.provisioning.add(StationDraft(identity="CP-1"))
        end_all_sessions(postgresql_database.url)

    assert isinstance(storage.submit(work).error, Unavailable)
    assert storage.do(lambda services: services.provisioning.find_station("CP-1")) is None
    storage.close()


def test_what_was_answered_survives_a_crash_of_the_server(postgresql_database: Database) -> None:
    storage = Storage(postgresql_database)
    station = storage.do(lambda services: services.provisioning.add(StationDraft(identity="CP-1"))).station
    answered = [start(station, meter, storage) for meter in range(20)]
    crash(postgresql_database.url)
    storage.submit(lambda services: services.provisioning.find_station("CP-1")).error  # noqa: B018  # may fail or not
    answered.append(start(station, 20, storage))
    assert answered == sorted(set(answered))
    storage.close()
    bench = Bench(postgresql_database)
    with bench.reading():
        rows = bench.connection.all("SELECT id FROM station_transaction ORDER BY id")
    bench.close()
    assert [row[0] for row in rows] == answered


def test_readers_are_not_disturbed_by_a_writer(database: Database) -> None:
    writer, reader = Bench(database), Bench(database)
    with writer.committed():
        writer.stations.add(StationDraft(identity="CP-1"), NOON)
        with reader.reading():
            assert reader.stations.find("CP-1") is None
    with reader.reading():
        assert reader.stations.find("CP-1") is not None
    writer.close()
    reader.close()


def test_a_reader_sees_one_state_however_long_it_reads(database: Database) -> None:
    writer, reader = Bench(database), Bench(database)
    with reader.reading():
        assert reader.stations.find("CP-1") is None
        writer.add_station("CP-1")
        assert reader.stations.find("CP-1") is None
    writer.close()
    reader.close()


def test_a_connection_beyond_repair_is_opened_anew(database: Database) -> None:
    bench = Bench(database)
    bench.add_station("CP-1")
    bench.connection._raw.close()  # type: ignore[attr-defined]  # as a driver does that has lost its server or file
    bench.connection.rollback()
    assert bench.add_station("CP-2") > 0
    bench.close()


def test_a_rollback_never_raises_even_when_the_file_cannot_be_opened(sqlite_database: Database) -> None:
    connection = sqlite_database.connect()
    folder = sqlite_database.path.parent
    away = folder.with_name("away")
    connection.begin()
    connection._raw.close()  # type: ignore[attr-defined]  # as a driver does that has lost its file
    shutil.move(folder, away)
    connection.rollback()
    with pytest.raises(Unavailable):
        connection.begin()
    connection.rollback()
    shutil.move(away, folder)
    connection.begin()
    connection.rollback()
    connection.close()


def test_a_turn_is_given_back_when_the_database_is_locked(sqlite_database: Database) -> None:
    one, other = sqlite_database.connect(), sqlite_database.connect()
    with out_of_order(sqlite_database):
        with pytest.raises(Unavailable):
            one.begin()
        with pytest.raises(Unavailable):
            other.begin()
    for connection in (one, other):
        connection.begin()
        connection.rollback()
        connection.close()


def test_a_full_disk_is_unavailable_and_keeps_nothing(sqlite_database: Database) -> None:
    storage = Storage(sqlite_database)
    station = storage.do(lambda services: services.provisioning.add(StationDraft(identity="CP-1"))).station
    inner = storage.committer._connection._inner._raw  # type: ignore[attr-defined]  # SQLite's own limit of size
    (pages,) = inner.execute("PRAGMA page_count").fetchone()

    def limit(count: int) -> None:
        storage.do(lambda _services: None)
        inner.execute(f"PRAGMA max_page_count = {count}")

    limit(pages)
    readings = [Reading(NOON, [Sample("x" * 1_000_000, None, None, None, None, None, None)])]

    def record(services: Services) -> None:
        services.transactions.record_readings(station, EvseId(1), None, readings)

    assert isinstance(storage.submit(record).error, Unavailable)
    limit(1_000_000)
    assert start(station, 1, storage) > 0
    storage.close()
    bench = Bench(sqlite_database)
    assert (bench.count("meter_value"), bench.count("station_transaction")) == (0, 1)
    bench.close()


def test_every_commit_is_synchronised_to_disk(database: Database) -> None:
    connection = database.connect()
    connection.begin()
    if database.is_sqlite:
        settings = [connection.one(f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "foreign_keys")]
        assert settings == [("wal",), (2,), (1,)]
    else:
        assert connection.one("SHOW synchronous_commit") == ("on",)
    connection.rollback()
    connection.close()


@pytest.mark.parametrize("sql", ["SELECT 1 FROM no_such_table", "SELECT ("])
def test_whatever_the_driver_raises_is_a_storage_error(database: Database, sql: str) -> None:
    connection = database.connect()
    connection.begin()
    with pytest.raises(StorageError):
        connection.all(sql)
    connection.rollback()
    connection.begin()
    with pytest.raises(RowRefused):
        connection.execute("INSERT INTO account (name, password_hash) VALUES (?, ?)", ("a", None))
    connection.rollback()
    connection.close()


@pytest.mark.parametrize("place", ["missing/a.db", "."])
def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path, place: str) -> None:
    with pytest.raises(Unavailable):
        Database(f"sqlite:///{tmp_path / place}").connect()


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"something else " * 1000)
    with pytest.raises(Unavailable, match=r"a\.db"):
        Database(f"sqlite:///{tmp_path / 'a.db'}").connect()


def test_a_lock_of_another_program_is_waited_for(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup or a shell knows nothing of our turns."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 10.0)
    storage = Storage(sqlite_database)
    with sqlite3.connect(sqlite_database.path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = storage.submit(lambda services: services.provisioning.add(StationDraft(identity="CP-1")))
        other.execute("ROLLBACK")
    other.close()
    assert waiting.error is None
    storage.close()
