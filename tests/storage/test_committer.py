"""Tests of the committer: groups, what fails alone, and that an answer which left is on disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from forecourt.domain.authorization.model import IdToken, TokenFilter
from forecourt.domain.availability.model import StatusReport
from forecourt.domain.data_transfer.model import TransferStatus, Vendor, VendorMessage
from forecourt.domain.errors import DomainError
from forecourt.domain.evse import EvseId
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import Registration, Station, StationDraft, StationKey, UnknownStation
from forecourt.domain.services import Services
from forecourt.domain.transactions.model import StartReport, StopReport
from forecourt.storage.committer import MAX_GROUP, TRIES, AnyJob, Committer, Job
from forecourt.storage.connection import Connection
from forecourt.storage.database import Database
from forecourt.storage.errors import Collided, RowRefused
from tests.storage.bench import Bench
from tests.storage.committing import Recorded, Storage, Waiting, services_builder
from tests.support.clock import NOON

Work = Callable[[Services], object]

START = StartReport(evse=EvseId(1), id_token="Card", started_at=NOON, meter_start_wh=0)
ALWAYS = PageRequest(1000)


class Refused(Exception):
    """What a work may raise."""


@pytest.fixture
def station(storage: Storage) -> Station:
    def work(services: Services) -> Station:
        services.data_transfer.put_vendor(Vendor("V"))
        services.authorization.add(IdToken(id_token="Card", max_active_transactions=None))
        return services.provisioning.add(StationDraft(identity="CP-1")).station

    return storage.do(work)


def transfer(station: Station, text: str) -> Callable[[Services], TransferStatus]:
    """An appended row."""
    return lambda services: services.data_transfer.receive(station, VendorMessage("V", None, text))


def start(station: Station, meter: int) -> Callable[[Services], int]:
    """A row that is written at once."""
    report = replace(START, meter_start_wh=meter)
    return lambda services: services.transactions.start(station, report).transaction_id


def status(station: Station, word: str) -> Callable[[Services], None]:
    """A row with a key, which replaces the one before."""
    report = StatusReport(place=EvseId(1), status=word, error_code="NoError")
    return lambda services: services.availability.report(station, report)


def everything(station: Station, number: int) -> Callable[[Services], None]:
    def work(services: Services) -> None:
        start(station, number)(services)
        transfer(station, str(number))(services)
        status(station, str(number))(services)

    return work


def then_fail(work: Work) -> Work:
    def failing(services: Services) -> None:
        work(services)
        raise Refused

    return failing


def seen(bench: Bench) -> tuple[list[int], list[str | None], list[str]]:
    """Meters of starts, data of messages and present statuses that another connection sees, in order."""
    with bench.reading():
        meters = [row[0] for row in bench.connection.all("SELECT meter_start_wh FROM station_transaction ORDER BY id")]
        data = [row[0] for row in bench.connection.all("SELECT data FROM vendor_message ORDER BY key")]
        words = [row[0] for row in bench.connection.all("SELECT status FROM evse_status ORDER BY station_key, evse")]
    return meters, data, words


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


# What fails alone


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("kind", [start, transfer, status, everything])
def test_a_work_that_raises_is_taken_back_alone(
    bench: Bench, storage: Storage, station: Station, position: int, kind: Callable[..., Work]
) -> None:
    bad = then_fail(kind(station, 99 if kind in (start, everything) else "99"))
    kept = [number for number in range(3) if number != position]
    with storage.one_group():
        waiting = [storage.submit(bad if number == position else everything(station, number)) for number in range(3)]
    assert [isinstance(one.error, Refused) for one in waiting] == [number == position for number in range(3)]
    assert seen(bench) == (kept, [str(number) for number in kept], [str(kept[-1])])
    storage.close()
    assert storage.log[-2:] == ["commit", "release 3"]


def test_work_after_one_that_was_taken_back_does_not_see_it(storage: Storage, station: Station) -> None:
    with storage.one_group():
        storage.submit(then_fail(lambda services: services.provisioning.add(StationDraft(identity="CP-2"))))
        found = storage.submit(lambda services: services.provisioning.find_station("CP-2"))
    assert found.result() is None


def text_with_nul(station: Station) -> Work:
    return transfer(station, "a\x00b")


def number_beyond_64_bits(station: Station) -> Work:
    return start(station, 2**63)


def key_of_nobody(_station: Station) -> Work:
    stranger = Station(StationKey(987_654_321), "X", Registration.ACCEPTED, None)
    return transfer(stranger, "x")


def key_of_nobody_at_once(_station: Station) -> Work:
    stranger = Station(StationKey(987_654_321), "X", Registration.ACCEPTED, None)
    return start(stranger, 1)


def lone_surrogate(station: Station) -> Work:
    """Bytes of an HTTP header that are no UTF-8 become such text."""
    return transfer(station, "\udcff")


def lone_surrogate_of_a_stranger(_station: Station) -> Work:
    stranger = UnknownStation("X", "192.0.2.1", "ocpp\udcff", NOON, NOON, 1)
    return lambda services: services.provisioning.record_strangers([stranger])


REFUSED = [number_beyond_64_bits, key_of_nobody, key_of_nobody_at_once, lone_surrogate, lone_surrogate_of_a_stranger]


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("bad", REFUSED)
def test_a_row_that_the_database_refuses_fails_alone(
    bench: Bench, storage: Storage, station: Station, bad: Callable[[Station], Work], position: int
) -> None:
    kept = [number for number in range(3) if number != position]
    with storage.one_group():
        waiting = [
            storage.submit(bad(station) if number == position else everything(station, number)) for number in range(3)
        ]
    errors = [one.error for one in waiting]
    assert isinstance(errors[position], RowRefused)
    assert [errors[number] for number in kept] == [None, None]
    assert seen(bench) == (kept, [str(number) for number in kept], [str(kept[-1])])


@pytest.mark.parametrize("bad", REFUSED)
def test_a_refused_row_that_is_alone_harms_nobody_after_it(
    bench: Bench, storage: Storage, station: Station, bad: Callable[[Station], Work]
) -> None:
    assert isinstance(storage.submit(bad(station)).error, RowRefused)
    assert storage.do(start(station, 1)) > 0
    assert seen(bench)[0] == [1]


def test_several_refused_rows_of_one_group_fail_and_no_more(bench: Bench, storage: Storage, station: Station) -> None:
    works: list[Work] = [bad(station) for bad in REFUSED]
    with storage.one_group():
        waiting = [storage.submit(work) for number in range(3) for work in [everything(station, number), *works]]
    errors = [one.error for one in waiting]
    assert [error is None for error in errors] == [True, *[False] * len(works)] * 3
    assert seen(bench)[0] == [0, 1, 2]


def test_text_with_nul_fails_alone_on_postgresql(postgresql_database: Database) -> None:
    """PostgreSQL cannot store U+0000 in a text; SQLite can."""
    storage, bench = Storage(postgresql_database), Bench(postgresql_database)
    station = storage.do(lambda services: services.provisioning.add(StationDraft(identity="CP-1"))).station
    storage.do(lambda services: services.data_transfer.put_vendor(Vendor("V")))
    with storage.one_group():
        waiting = [
            storage.submit(work) for work in (everything(station, 0), text_with_nul(station), everything(station, 2))
        ]
    assert isinstance(waiting[1].error, RowRefused)
    assert [waiting[0].error, waiting[2].error] == [None, None]
    assert seen(bench) == ([0, 2], ["0", "2"], ["2"])
    storage.close()
    bench.close()


def test_a_refused_row_does_not_hide_what_others_of_its_group_raised(storage: Storage, station: Station) -> None:
    with storage.one_group():
        refused = storage.submit(then_fail(start(station, 1)))
        storage.submit(number_beyond_64_bits(station))
        kept = storage.submit(start(station, 2))
    assert isinstance(refused.error, Refused)
    assert kept.result() > 0


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


# Rings


def change(identity: str) -> Work:
    return lambda services: services.provisioning.change(
        identity, description="", registration=Registration.PENDING, heartbeat_seconds=None
    )


def about_stations(rings: Sequence[str]) -> list[str]:
    """Without those of the outbox, in which events of stations stand as well."""
    return [ring for ring in rings if ring != "outbox"]


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


def test_a_repeated_stop_is_no_second_doubt(bench: Bench, storage: Storage, station: Station) -> None:
    """The stop that was stored in this group is known to the one that repeats it."""
    identifier = storage.do(start(station, 0))
    report = StopReport(transaction_id=identifier, stopped_at=NOON, meter_stop_wh=5, reason="Local")
    with storage.one_group():
        for _ in range(2):
            storage.submit(lambda services: services.transactions.stop(station, report))
    storage.close()
    assert bench.count("doubtful_stop") == 0


def test_a_refusal_of_the_business_is_passed_on_as_it_is(storage: Storage) -> None:
    def work(services: Services) -> None:
        services.authorization.add(IdToken(id_token="Other"))
        services.provisioning.get_station("nobody")

    with pytest.raises(DomainError, match="nobody"):
        storage.do(work)
    assert storage.do(lambda services: services.authorization.list(TokenFilter(), ALWAYS)).items == []


class CollidesOnce(Recorded):
    """A connection whose first commit is ended in favour of another writer."""

    def commit(self) -> None:
        if "collision" not in self._log:
            self._log.append("collision")
            raise Collided("deadlock detected")
        super().commit()


def test_what_was_raised_in_an_attempt_that_collided_does_not_count(database: Database) -> None:
    """Otherwise a work that the second attempt stores would be answered as failed."""
    attempts: list[int] = []
    released: list[AnyJob] = []

    def fails_at_first(_services: Services) -> str:
        attempts.append(1)
        if len(attempts) == 1:
            raise Refused
        return "stored"

    committer = Committer(
        "collides",
        connection=CollidesOnce(database.connect(), []),
        build=services_builder(),
        release=released.extend,
        announce=lambda _topics: None,
    )
    committer.submit(Job(fails_at_first, lambda _job: None))
    committer.close()
    [job] = released
    assert (job.error, job.result, len(attempts)) == (None, "stored", 2)


class Colliding(Recorded):
    """A connection whose commits are ended in favour of another writer as long as two works are in them; the first
    work collides alone as well, so often."""

    def __init__(self, connection: Connection, log: list[str], *, alone: int = 0) -> None:
        super().__init__(connection, log)
        self.done: list[str] = []
        self._alone = alone

    def begin(self) -> None:
        self.done.clear()
        super().begin()

    def commit(self) -> None:
        if len(self.done) > 1:
            raise Collided("deadlock detected")
        if self.done == ["CP-0"] and self._alone:
            self._alone -= 1
            raise Collided("deadlock detected")
        super().commit()


def added(connection: Colliding, identity: str) -> Work:
    def work(services: Services) -> None:
        connection.done.append(identity)
        services.provisioning.add(StationDraft(identity=identity))
        change(identity)(services)

    return work


@pytest.mark.parametrize(("alone", "is_stored"), [(0, True), (TRIES - 1, True), (TRIES, False)])
def test_a_group_that_collides_is_done_one_by_one_and_only_who_collides_for_ever_fails(
    database: Database, alone: int, is_stored: bool
) -> None:
    connection = Colliding(database.connect(), [], alone=alone)
    released: list[AnyJob] = []
    rings: list[str] = []
    committer = Committer(
        "collides", connection=connection, build=services_builder(), release=released.extend, announce=rings.extend
    )
    identities = [f"CP-{number}" for number in range(3)]
    entered, go_on = threading.Event(), threading.Event()

    def wait(_services: Services) -> None:
        entered.set()
        go_on.wait(10)

    committer.submit(Job(wait, _nothing))
    entered.wait(10)
    for identity in identities:
        committer.submit(Job(added(connection, identity), _nothing))
    go_on.set()
    committer.close()
    assert [job.error is None for job in released] == [True, is_stored, True, True]
    assert all(job.error is None or isinstance(job.error, Collided) for job in released)
    told = identities if is_stored else identities[1:]
    assert about_stations(rings) == [f"station {identity}" for identity in told]


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
        committer.submit(Job(partial(_add_and_remove, draft), _nothing))
    committer.close()
    assert [job.error for job in released] == [None, None]


def _nothing(_job: Job[None]) -> None:
    """The release of this test tells."""


def _add_and_remove(draft: StationDraft, services: Services) -> None:
    services.provisioning.add(draft)
    services.provisioning.remove(draft.identity)
