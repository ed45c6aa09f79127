"""Tests of tickets and received files in the database, against the promises of FileStore."""

from __future__ import annotations

import threading
from datetime import timedelta

from forecourt.domain.files.model import (
    Arrival,
    Carrier,
    Direction,
    FileFilter,
    FileNumber,
    Kept,
    ReceivedFile,
    TicketNumber,
)
from forecourt.domain.files.store import TicketDraft
from forecourt.domain.jobs.model import JobDraft, JobKind, JobNumber, JobState
from forecourt.domain.provisioning.model import StationKey
from forecourt.storage.database import Database
from forecourt.storage.files import FileRecords
from tests.storage.bench import UNUSUAL_TEXTS, Bench, all_pages
from tests.support.clock import NOON

HOUR = timedelta(hours=1)
DRAFT = JobDraft(kind=JobKind.SECURITY_LOG, operation="CollectLog", asked_by="admin", location="http://h/")


def a_draft(digest: str = "d", *, job: JobNumber | None = None, uses: int = 1, name: str = "log") -> TicketDraft:
    return TicketDraft(
        direction=Direction.UPLOAD,
        digest=digest,
        job=job,
        file=None,
        name=name,
        max_bytes=10**12,
        uses=uses,
        ends_at=NOON + HOUR,
    )


def kept(name: str) -> Kept:
    return Kept(name=name, size=10**10, sha256="s" + name, sha384="", sha512="")


def an_arrival(name: str = "log.zip", address: str = "192.0.2.1") -> Arrival:
    return Arrival(name=name, address=address, carrier=Carrier.FTPS)


def test_a_ticket_is_found_by_its_digest_with_the_state_of_its_job(bench: Bench) -> None:
    files = FileRecords(bench.unit)
    key = bench.add_station("CP-1")
    with bench.committed():
        job = bench.jobs.add(key, DRAFT, JobState.RUNNING, NOON)
        number = files.add_ticket(key, a_draft("one", job=job), NOON)
        files.add_ticket(key, a_draft("two"), NOON)
    with bench.committed():
        found = files.find_ticket("one")
        assert found is not None
        assert (found.number, found.station, found.job, found.job_state) == (number, "CP-1", job, JobState.RUNNING)
        assert (found.max_bytes, found.uses_left, found.ends_at) == (10**12, 1, NOON + HOUR)
        other = files.find_ticket("two")
        assert other is not None
        assert (other.job, other.job_state) == (None, None)
        assert files.find_ticket("three") is None


def test_a_file_takes_station_and_job_from_its_ticket(bench: Bench) -> None:
    files = FileRecords(bench.unit)
    key = bench.add_station("CP-1")
    with bench.committed():
        job = bench.jobs.add(key, DRAFT, JobState.RUNNING, NOON)
        ticket = files.add_ticket(key, a_draft(job=job), NOON)
        number = files.add(ticket, kept("received/1"), an_arrival(), NOON + HOUR)
    expected = ReceivedFile(
        number=number,
        station="CP-1",
        job=job,
        stored_as="received/1",
        name="log.zip",
        size=10**10,
        sha256="sreceived/1",
        received_at=NOON + HOUR,
        address="192.0.2.1",
        carrier=Carrier.FTPS,
    )
    with bench.committed():
        assert files.find(number) == expected
        assert files.with_ticket(ticket) == expected
        assert files.with_ticket(TicketNumber(99)) is None
        assert files.find(FileNumber(99)) is None


def test_unusual_texts_come_back_as_they_were(bench: Bench) -> None:
    files = FileRecords(bench.unit)
    key = bench.add_station("CP-1")
    with bench.committed():
        numbers = []
        for index, text in enumerate(UNUSUAL_TEXTS):
            ticket = files.add_ticket(key, a_draft(str(index), name=text), NOON)
            numbers.append(files.add(ticket, kept(str(index)), an_arrival(text, text), NOON))
    with bench.committed():
        found = [files.find(number) for number in numbers]
        assert [one.name for one in found if one] == UNUSUAL_TEXTS


def test_files_are_listed_newest_first_page_by_page_and_filtered(bench: Bench) -> None:
    files = FileRecords(bench.unit)
    keys = [bench.add_station("CP-1"), bench.add_station("CP-2")]
    with bench.committed():
        jobs = [bench.jobs.add(key, DRAFT, JobState.RUNNING, NOON) for key in keys]
        for index in range(7):
            ticket = files.add_ticket(keys[index % 2], a_draft(str(index), job=jobs[index % 2]), NOON)
            files.add(ticket, kept(str(index)), an_arrival(), NOON + index * HOUR)

    def listed(wanted: FileFilter) -> list[str]:
        with bench.committed():
            found = all_pages(lambda page: files.list(wanted, page), limit=2)
        return [one.stored_as for one in found]

    assert listed(FileFilter()) == list("6543210")
    assert listed(FileFilter(station="CP-2")) == list("531")
    assert listed(FileFilter(job=jobs[0])) == list("6420")
    assert listed(FileFilter(since=NOON + 2 * HOUR, until=NOON + 4 * HOUR)) == list("32")


def test_the_oldest_are_removed_a_part_at_a_time(bench: Bench) -> None:
    files = FileRecords(bench.unit)
    key = bench.add_station("CP-1")
    with bench.committed():
        for index in range(5):
            ticket = files.add_ticket(key, a_draft(str(index)), NOON)
            files.add(ticket, kept(str(index)), an_arrival(), NOON + index * HOUR)
    with bench.committed():
        assert files.has_older(NOON + HOUR)
        assert not files.has_older(NOON)
        assert files.remove_older(NOON + 4 * HOUR, 3) == 3
        assert files.known(["0", "2", "3", "4", "x"]) == {"3", "4"}
        assert files.remove_older(NOON + 4 * HOUR, 3) == 1
        assert files.known([str(n) for n in range(1200)]) == {"4"}


def test_tickets_are_removed_after_their_end(bench: Bench) -> None:
    files = FileRecords(bench.unit)
    key = bench.add_station("CP-1")
    with bench.committed():
        files.add_ticket(key, a_draft("one"), NOON)
    with bench.committed():
        files.remove_tickets(ended_before=NOON + HOUR)
        assert files.find_ticket("one") is not None
        files.remove_tickets(ended_before=NOON + 2 * HOUR)
        assert files.find_ticket("one") is None


def test_of_two_nodes_at_once_one_takes_the_last_use_of_a_ticket(postgresql_database: Database) -> None:
    """READ COMMITTED: the second waits for the first, and then finds nothing left."""
    benches = [Bench(postgresql_database), Bench(postgresql_database)]
    stores = [FileRecords(bench.unit) for bench in benches]
    try:
        key: StationKey = benches[0].add_station("CP-1")
        with benches[0].committed():
            ticket = stores[0].add_ticket(key, a_draft(), NOON)
        taken: list[bool] = []

        def second() -> None:
            with benches[1].committed():
                taken.append(stores[1].use_ticket(ticket))

        other = threading.Thread(target=second)
        with benches[0].committed():
            assert stores[0].use_ticket(ticket)
            other.start()
            other.join(0.3)
            assert taken == [], "it waits"
        other.join(10)
        assert taken == [False]
    finally:
        for bench in benches:
            bench.close()
