"""Tests of the committer: what fails alone, and what collides with another writer."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from forecourt.domain.authorization.model import IdToken, TokenFilter
from forecourt.domain.data_transfer.model import Vendor
from forecourt.domain.errors import DomainError
from forecourt.domain.provisioning.model import Registration, Station, StationDraft, StationKey, UnknownStation
from forecourt.domain.services import Services
from forecourt.storage.committer import TRIES, AnyJob, Committer, Job
from forecourt.storage.connection import Connection
from forecourt.storage.database import Database
from forecourt.storage.errors import Collided, RowRefused
from tests.storage.bench import Bench
from tests.storage.committing import Recorded, Storage, services_builder
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


def test_a_refusal_of_the_business_is_passed_on_as_it_is(storage: Storage) -> None:
    def work(services: Services) -> None:
        services.authorization.add(IdToken(id_token="Other"))
        services.provisioning.get_station("nobody")

    with pytest.raises(DomainError, match="nobody"):
        storage.do(work)
    assert storage.do(lambda services: services.authorization.list(TokenFilter(), ALWAYS)).items == []


# Collisions


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

    committer.submit(Job(wait, nothing))
    entered.wait(10)
    for identity in identities:
        committer.submit(Job(added(connection, identity), nothing))
    go_on.set()
    committer.close()
    assert [job.error is None for job in released] == [True, is_stored, True, True]
    assert all(job.error is None or isinstance(job.error, Collided) for job in released)
    told = identities if is_stored else identities[1:]
    assert about_stations(rings) == [f"station {identity}" for identity in told]
