"""Tests of the committer: groups, rows with a key, rings, and that an answer which left is on disk."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest

from forecourt.domain.provisioning.model import Station, StationDraft, UnknownStation
from forecourt.domain.services import Services
from forecourt.domain.transactions.model import StopReport
from forecourt.storage.committer import MAX_GROUP, AnyJob, Committer, Job
from forecourt.storage.database import Database
from tests.storage.bench import Bench
from tests.storage.committing import Recorded, Storage, Waiting, services_builder
from tests.storage.works import (
    ALWAYS,
    Refused,
    Work,
    about_stations,
    change,
    everything,
    nothing,
    number_beyond_64_bits,
    seen,
    start,
    status,
    then_fail,
    transfer,
)
from tests.support.clock import NOON

# Groups


def test_all_that_waits_is_committed_once_and_released_after_that(storage: Storage, station: Station) -> None:
    with storage.one_group():
        waiting = [storage.submit(everything(station, number)) for number in range(5)]
    assert [one.error for one in waiting] == [None] * 5
    storage.close()
    assert storage.log == [
        "begin",
        "write 5 event",
        "write 5 vendor_message",
        "write 5 status_history",
        "write 1 evse_status",
        "commit",
        "release 5",
    ]


def test_a_group_is_done_in_the_order_in_which_it_came(bench: Bench, storage: Storage, station: Station) -> None:
    order: list[int] = []
    with storage.one_group():
        for number in range(20):

            def work(services: Services, number: int = number) -> None:
                everything(station, number)(services)
                order.append(number)

            storage.submit(work)
    storage.close()
    assert order == list(range(20))
    assert seen(bench) == (order, [str(number) for number in order], ["19"])


def test_a_group_has_a_limit(storage: Storage, station: Station) -> None:
    with storage.one_group():
        waiting = [storage.submit(transfer(station, "x")) for _ in range(MAX_GROUP + 10)]
    assert all(one.error is None for one in waiting)
    storage.close()
    assert [line for line in storage.log if line.startswith("release")] == [f"release {MAX_GROUP}", "release 10"]


def test_later_work_of_a_group_sees_what_earlier_work_wrote_at_once(storage: Storage, station: Station) -> None:
    with storage.one_group():
        first, again = storage.submit(start(station, 7)), storage.submit(start(station, 7))
    assert first.result() == again.result()


def test_what_was_released_is_seen_by_others(bench: Bench, storage: Storage, station: Station) -> None:
    """The answer to a station is a fact that is on disk."""
    at_release: list[list[int]] = []
    ended = threading.Event()

    def done(job: Job[int]) -> None:
        at_release.append(seen(bench)[0])
        ended.set()

    before_commit: list[list[int]] = []

    def work(services: Services) -> int:
        identifier = start(station, 1)(services)
        before_commit.append(seen(bench)[0])
        return identifier

    storage.committer.submit(Job(work, done))
    assert ended.wait(20)
    assert (before_commit, at_release) == ([[]], [[1]])


def test_closing_finishes_what_was_submitted(bench: Bench, storage: Storage, station: Station) -> None:
    waiting = [storage.submit(start(station, number)) for number in range(2 * MAX_GROUP)]
    storage.close()
    assert all(one.error is None for one in waiting)
    assert len(seen(bench)[0]) == 2 * MAX_GROUP


# Rows with a key


def test_the_last_of_one_group_replaces_the_others(bench: Bench, storage: Storage, station: Station) -> None:
    with storage.one_group():
        for word in ("Preparing", "Charging", "Finishing"):
            storage.submit(status(station, word))
    storage.do(status(station, "Available"))
    assert seen(bench)[2] == ["Available"]
    assert bench.count("status_history") == 4


@pytest.mark.parametrize("is_one_group", [True, False])
def test_the_newest_contact_counts_within_and_across_groups(
    bench: Bench, storage: Storage, station: Station, is_one_group: bool
) -> None:
    def note(minutes: int) -> Work:
        contact = (station.key, NOON + timedelta(minutes=minutes))
        return lambda services: services.provisioning.record_contacts([contact])

    works = [note(minutes) for minutes in (5, 9, 7)]
    together(storage, works, is_one_group=is_one_group)
    with bench.reading():
        sheet = bench.stations.sheet("CP-1")
    assert sheet is not None
    assert sheet.last_seen_at == NOON + timedelta(minutes=9)


@pytest.mark.parametrize("is_one_group", [True, False])
def test_attempts_of_strangers_add_up_within_and_across_groups(
    bench: Bench, storage: Storage, station: Station, is_one_group: bool
) -> None:
    def meet(services: Services) -> None:
        services.authorization.authorize(station, "Nobody's")
        services.provisioning.record_strangers([UnknownStation("X", "192.0.2.1", "", NOON, NOON, 2)])

    together(storage, [meet, then_fail(meet), meet, meet], is_one_group=is_one_group)
    with bench.reading():
        assert [one.attempts for one in bench.tokens.strangers(ALWAYS).items] == [3]
        assert [one.attempts for one in bench.stations.strangers(ALWAYS).items] == [6]


def together(storage: Storage, works: list[Work], *, is_one_group: bool) -> None:
    """Do works in one group, or each in its own."""
    waiting: list[Waiting[object]] = []
    if is_one_group:
        with storage.one_group():
            waiting = [storage.submit(work) for work in works]
    else:
        for work in works:
            waiting.append(storage.submit(work))
            assert waiting[-1].error is None or isinstance(waiting[-1].error, Refused)
    assert all(one.error is None or isinstance(one.error, Refused) for one in waiting)


def test_a_repeated_stop_is_no_second_doubt(bench: Bench, storage: Storage, station: Station) -> None:
    """The stop that was stored in this group is known to the one that repeats it."""
    identifier = storage.do(start(station, 0))
    report = StopReport(transaction_id=identifier, stopped_at=NOON, meter_stop_wh=5, reason="Local")
    with storage.one_group():
        for _ in range(2):
            storage.submit(lambda services: services.transactions.stop(station, report))
    storage.close()
    assert bench.count("doubtful_stop") == 0


# Rings


def test_others_are_told_of_changes_that_were_committed(storage: Storage, station: Station) -> None:
    storage.do(lambda services: services.provisioning.add(StationDraft(identity="CP-2")))
    with storage.one_group():
        waiting = [
            storage.submit(work)
            for work in (change("CP-1"), then_fail(change("CP-2")), number_beyond_64_bits(station), change("CP-2"))
        ]
        rings_before = list(storage.rings)
    assert [one.error is None for one in waiting] == [True, False, False, True]
    storage.close()
    assert (about_stations(rings_before), about_stations(storage.rings)) == ([], ["station CP-1", "station CP-2"])


def test_a_bell_that_fails_keeps_no_answer_back(database: Database) -> None:
    def fails(_topics: Sequence[str]) -> None:
        raise OSError(24, "Too many open files")

    released: list[AnyJob] = []
    committer = Committer(
        "rings",
        connection=Recorded(database.connect(), []),
        build=services_builder(),
        release=released.extend,
        announce=fails,
    )
    for number in range(2):
        draft = StationDraft(identity=f"CP-{number}")
        committer.submit(Job(partial(_add_and_remove, draft), nothing))
    committer.close()
    assert [job.error for job in released] == [None, None]


def _add_and_remove(draft: StationDraft, services: Services) -> None:
    services.provisioning.add(draft)
    services.provisioning.remove(draft.identity)
