"""Tests of several committers and processes on one database: one start is one id, and no group blocks another."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from forecourt.domain.evse import EvseId
from forecourt.domain.presence.model import Epoch, LinkId
from forecourt.domain.provisioning.model import Registration, Station, StationDraft, StationKey
from forecourt.domain.services import Services
from forecourt.domain.transactions.model import StartReport
from forecourt.storage.database import Database
from forecourt.storage.errors import StorageError
from tests.storage.bench import Bench
from tests.storage.committing import Storage
from tests.support.clock import NOON

START = StartReport(evse=EvseId(1), id_token="Card", started_at=NOON, meter_start_wh=0)


def start(station: Station, meter: int) -> Callable[[Services], int]:
    report = replace(START, meter_start_wh=meter)
    return lambda services: services.transactions.start(station, report).transaction_id


def starts_from(database: Database, station: Station, ready: Callable[[], object]) -> list[int]:
    storage = Storage(database)
    ready()
    waiting = [storage.submit(start(station, meter)) for meter in range(40)]
    found = [one.result() for one in waiting]
    storage.close()
    return found


def test_the_same_start_from_several_threads_has_one_id(database: Database) -> None:
    bench = Bench(database)
    station = Station(bench.add_station(), "CP-1", Registration.ACCEPTED, None)
    barrier = threading.Barrier(4)
    found: list[list[int]] = []
    threads = [
        threading.Thread(target=lambda: found.append(starts_from(database, station, barrier.wait))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 4
    assert all(ids == found[0] for ids in found)
    assert len(set(found[0])) == bench.count("station_transaction") == 40
    bench.close()


def _starts_in_a_process(url: str, key: int, barrier: object, results: object) -> None:
    station = Station(StationKey(key), "CP-1", Registration.ACCEPTED, None)
    ids = starts_from(Database(url), station, barrier.wait)  # type: ignore[attr-defined]  # a multiprocessing barrier
    results.put(ids)  # type: ignore[attr-defined]  # a multiprocessing queue


def test_the_same_start_from_two_processes_has_one_id(database: Database) -> None:
    bench = Bench(database)
    key = bench.add_station()
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.SimpleQueue()
    processes = [
        context.Process(target=_starts_in_a_process, args=(database.url, key, barrier, results)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    one, other = results.get(), results.get()
    for process in processes:
        process.join(60)
    results.close()
    assert one == other
    assert len(set(one)) == bench.count("station_transaction") == 40
    bench.close()


def test_links_that_open_together_have_different_epochs(database: Database) -> None:
    bench = Bench(database)
    key = bench.add_station()
    station = Station(key, "CP-1", Registration.ACCEPTED, None)
    storages = [Storage(database) for _ in range(3)]

    def opening(link_id: LinkId) -> Callable[[Services], Epoch]:
        return lambda services: services.presence.open(station, link_id, node="n", address="a", subprotocol="ocpp1.6")

    waiting = [storages[number % 3].submit(opening(LinkId(number))) for number in range(60)]
    epochs = [one.result() for one in waiting]
    assert sorted(epochs) == list(range(1, 61))
    for storage in storages:
        storage.close()
    bench.close()


def at_once(*works: Callable[[], None]) -> list[Exception]:
    """What was raised by works that all begin together, each on its own thread."""
    barrier = threading.Barrier(len(works))
    raised: list[Exception] = []

    def run(work: Callable[[], None]) -> None:
        barrier.wait(20)
        try:
            work()
        except StorageError as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


def test_groups_that_meet_the_same_strangers_in_another_order_do_not_block_each_other(database: Database) -> None:
    """Two rows that two transactions lock in opposite order would be a deadlock, which fails a whole group."""
    one, other = Bench(database), Bench(database)
    key = one.add_station()
    tokens = [f"T{number:04}" for number in range(1500)]

    def meet(bench: Bench, order: list[str]) -> Callable[[], None]:
        def work() -> None:
            with bench.committed():
                for token in order:
                    bench.tokens.record_stranger(token, key, NOON)

        return work

    for _ in range(3):
        assert at_once(meet(one, tokens), meet(other, tokens[::-1])) == []
    one.close()
    other.close()


def test_groups_that_note_the_same_contacts_in_another_order_do_not_block_each_other(database: Database) -> None:
    one, other = Bench(database), Bench(database)
    with one.committed():
        added = [one.stations.add(StationDraft(identity=f"CP-{number}"), NOON) for number in range(1000)]
    keys = [station.key for station in added if station is not None]

    def note(bench: Bench, order: list[StationKey], minutes: int) -> Callable[[], None]:
        def work() -> None:
            with bench.committed():
                for key in order:
                    bench.stations.record_contact(key, NOON + timedelta(minutes=minutes))

        return work

    for minutes in (1, 2, 3):
        assert at_once(note(one, keys, minutes), note(other, keys[::-1], minutes)) == []
    one.close()
    other.close()
