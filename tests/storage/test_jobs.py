"""Tests of jobs and of their reports in the database, against the promises of JobStore and ReportStore."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.errands.intents import Say
from forecourt.domain.errands.model import Draft, ErrandNumber, Line, Order
from forecourt.domain.jobs.model import (
    Channel,
    Doubt,
    Job,
    JobDraft,
    JobFilter,
    JobKind,
    JobNumber,
    JobState,
    Report,
    StoredReport,
)
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import StationKey
from forecourt.storage.database import Database
from tests.storage.bench import HIGHEST, LOWEST, UNUSUAL_TEXTS, Bench, all_pages
from tests.storage.explaining import explained, uses
from tests.support.clock import NOON

HOUR = timedelta(hours=1)
LINE = Line("node", LinkId(1))
RESET = Say("Reset", '{"type":"Hard"}')


def a_draft(
    kind: JobKind = JobKind.SECURITY_LOG,
    *,
    text: str = "x",
    request_id: int | None = None,
    errand: ErrandNumber | None = None,
) -> JobDraft:
    return JobDraft(
        kind=kind,
        operation=text,
        asked_by=text,
        location=text,
        may_be_unsigned=True,
        errand=errand,
        request_id=request_id,
    )


def add(bench: Bench, key: StationKey, draft: JobDraft | None = None, state: JobState = JobState.RUNNING) -> Job:
    with bench.committed():
        number = bench.jobs.add(key, draft or a_draft(), state, NOON)
    return get(bench, number)


def get(bench: Bench, number: JobNumber) -> Job:
    with bench.reading():
        job = bench.jobs.find(number)
    assert job is not None
    return job


def put(bench: Bench, job: Job, of: JobState = JobState.RUNNING) -> bool:
    with bench.committed():
        return bench.jobs.put(job, of=of)


def ended(job: Job) -> Job:
    return replace(job, state=JobState.DONE, ended_at=NOON + HOUR)


def at_work(bench: Bench, key: StationKey, channel: Channel) -> list[JobNumber]:
    with bench.reading():
        return sorted(job.number for job in bench.jobs.at_work(key, channel))


def an_errand(bench: Bench, key: StationKey, *, action: str | None = None, minute: int = 0) -> ErrandNumber:
    """An errand; with an action it was sent at that minute."""
    draft = Draft(operation="Do", intent=RESET, shown=None)
    at = NOON + timedelta(minutes=minute)
    with bench.committed():
        bench.links.open(key, LINE.link_id, node=LINE.node, address="192.0.2.1", subprotocol="ocpp1.6", at=NOON)
        number, _ = bench.errands.add(key, draft, Order(asked_by="admin"), expires_at=NOON + 9 * HOUR, at=NOON)
        if action is not None:
            claim = bench.errands.find_claim(number)
            assert claim is not None
            assert bench.errands.send(
                claim, line=LINE, action=action, shown="{}", kept=RESET, at=at, answer_by=NOON + HOUR
            )
    return number


@pytest.mark.parametrize("text", UNUSUAL_TEXTS)
def test_a_job_is_found_as_it_was_written(bench: Bench, text: str) -> None:
    key = bench.add_station()
    job = add(bench, key, a_draft(text=text), JobState.ASKED)
    assert job == Job(
        number=job.number,
        station="CP-1",
        kind=JobKind.SECURITY_LOG,
        request_id=job.number,
        operation=text,
        errand=None,
        asked_by=text,
        location=text,
        may_be_unsigned=True,
        state=JobState.ASKED,
        reason=None,
        file_name=None,
        asked_at=NOON,
        answered_at=None,
        step=None,
        last_status=None,
        last_status_at=None,
        ended_at=None,
    )
    changed = replace(
        job,
        kind=JobKind.DIAGNOSTICS,
        request_id=None,
        errand=ErrandNumber(HIGHEST),
        state=JobState.FAILED,
        reason=text,
        file_name=text,
        answered_at=NOON + HOUR,
        step=text,
        last_status=text,
        last_status_at=NOON + 2 * HOUR,
        ended_at=NOON + 3 * HOUR,
    )
    assert put(bench, changed, of=JobState.ASKED)
    assert get(bench, job.number) == changed


def test_of_two_that_change_a_job_the_second_learns_that_it_changed(bench: Bench) -> None:
    job = add(bench, bench.add_station())
    assert put(bench, ended(job))
    assert not put(bench, replace(job, state=JobState.FAILED))
    assert get(bench, job.number).state is JobState.DONE


@pytest.mark.parametrize("kind", JobKind)
def test_only_kinds_whose_reports_have_ids_get_one(bench: Bench, kind: JobKind) -> None:
    job = add(bench, bench.add_station(), a_draft(kind))
    assert job.request_id == (job.number if kind.channel.has_request_ids else None)


@pytest.mark.parametrize("request_id", [LOWEST, -1, 0, HIGHEST])
def test_an_id_that_was_chosen_elsewhere_is_kept(bench: Bench, request_id: int) -> None:
    key = bench.add_station()
    job = add(bench, key, a_draft(request_id=request_id))
    assert job.request_id == request_id
    with bench.reading():
        assert bench.jobs.find_by_request(key, Channel.LOG, request_id) == job


def test_no_id_is_given_that_another_job_of_the_station_has(bench: Bench) -> None:
    key, other = bench.add_station(), bench.add_station("CP-2")
    first = add(bench, key)
    for ahead in (2, 3):
        add(bench, key, a_draft(JobKind.SIGNED_FIRMWARE, request_id=first.number + ahead))
    mine = add(bench, key)
    assert mine.request_id == mine.number == first.number + 4
    add(bench, other, a_draft(request_id=mine.number + 1))
    assert add(bench, other).request_id == mine.number + 2
    with bench.reading():
        taken = [job.request_id for job in all_pages(lambda page: bench.jobs.list(JobFilter(station="CP-1"), page), 10)]
    assert len(taken) == len(set(taken))


def test_the_newest_job_with_an_id_and_of_the_channel_is_found(bench: Bench) -> None:
    key, other = bench.add_station(), bench.add_station("CP-2")
    add(bench, key, a_draft(request_id=7))
    newest = add(bench, key, a_draft(JobKind.DIAGNOSTICS_LOG, request_id=7))
    update = add(bench, key, a_draft(JobKind.SIGNED_FIRMWARE, request_id=7))
    add(bench, other, a_draft(request_id=7))
    with bench.reading():
        assert bench.jobs.find_by_request(key, Channel.LOG, 7) == newest
        assert bench.jobs.find_by_request(key, Channel.SIGNED_FIRMWARE, 7) == update
        assert bench.jobs.find_by_request(key, Channel.FIRMWARE, 7) is None
        assert bench.jobs.find_by_request(key, Channel.LOG, 8) is None
        assert bench.jobs.newest(key, Channel.LOG) == newest
        assert bench.jobs.newest(key, Channel.DIAGNOSTICS) is None


def test_jobs_at_work_are_open_and_their_request_has_left(bench: Bench) -> None:
    key, other = bench.add_station(), bench.add_station("CP-2")
    running = add(bench, key)
    unknown = add(bench, key, a_draft(JobKind.DIAGNOSTICS_LOG), JobState.UNKNOWN)
    put(bench, ended(add(bench, key)))
    add(bench, key, a_draft(), JobState.ASKED)
    add(bench, key, a_draft(errand=an_errand(bench, key)), JobState.ASKED)
    sent = add(bench, key, a_draft(errand=an_errand(bench, key, action="GetLog")), JobState.ASKED)
    add(bench, key, a_draft(JobKind.SIGNED_FIRMWARE))
    add(bench, other)
    assert at_work(bench, key, Channel.LOG) == [running.number, unknown.number, sent.number]
    assert at_work(bench, key, Channel.FIRMWARE) == []


def test_what_is_at_work_is_found_in_an_index_of_open_jobs(sqlite_database: Database) -> None:
    """A station may have had any number of jobs."""
    bench = Bench(sqlite_database)
    key = bench.add_station()
    for _ in range(3):
        put(bench, ended(add(bench, key)))
    running = add(bench, key)
    with explained(bench) as plans:
        assert at_work(bench, key, Channel.LOG) == [running.number]
    bench.close()
    assert uses(plans, "job_open"), plans


def test_a_job_is_found_by_the_errand_that_carries_it(bench: Bench) -> None:
    key = bench.add_station()
    job = add(bench, key, a_draft(errand=ErrandNumber(5)))
    with bench.reading():
        assert bench.jobs.find_by_errand(ErrandNumber(5)) == job
        assert bench.jobs.find_by_errand(ErrandNumber(6)) is None


def test_jobs_are_listed_newest_first_page_by_page(bench: Bench) -> None:
    key, other = bench.add_station(), bench.add_station("CP-2")
    mine = [add(bench, key, a_draft(kind)) for kind in JobKind]
    put(bench, ended(mine[0]))
    theirs = add(bench, other)

    def numbers(wanted: JobFilter) -> list[int]:
        with bench.reading():
            return [job.number for job in all_pages(lambda page: bench.jobs.list(wanted, page), 2)]

    everything = [theirs.number, *(job.number for job in reversed(mine))]
    assert numbers(JobFilter()) == everything
    assert numbers(JobFilter(station="CP-2")) == [theirs.number]
    assert numbers(JobFilter(kind=JobKind.FIRMWARE)) == [mine[3].number]
    assert numbers(JobFilter(is_open=True)) == everything[:-1]
    assert numbers(JobFilter(is_open=False)) == [mine[0].number]
    assert numbers(JobFilter(since=NOON, until=NOON + HOUR)) == everything
    assert numbers(JobFilter(until=NOON)) == []
    assert numbers(JobFilter(since=NOON + HOUR)) == []


# Reports


def record(
    bench: Bench, key: StationKey, channel: Channel, report: Report, job: JobNumber | None = None, *doubts: Doubt
) -> None:
    with bench.committed():
        bench.job_statuses.record(key, channel, report, job=job, doubts=frozenset(doubts), at=NOON)


def test_what_a_job_reports_is_history_and_present_status(bench: Bench) -> None:
    key = bench.add_station()
    record(bench, key, Channel.FIRMWARE, Report(status="Downloading"))
    record(bench, key, Channel.SIGNED_FIRMWARE, Report(status="Installed", request_id=HIGHEST))
    record(bench, key, Channel.LOG, Report(status="Uploading"))
    record(bench, key, Channel.DIAGNOSTICS, Report(status="Uploaded"))
    with bench.reading():
        sheet = bench.stations.sheet("CP-1")
        rows = bench.connection.all("SELECT station_key, kind, status, received_at FROM job_status ORDER BY key")
    assert sheet is not None
    assert (sheet.firmware_status, sheet.diagnostics_status) == ("Installed", "Uploaded")
    assert [row[1:3] for row in rows] == [
        ("firmware", "Downloading"),
        ("signedFirmware", "Installed"),
        ("log", "Uploading"),
        ("diagnostics", "Uploaded"),
    ]
    assert {(row[0], row[3]) for row in rows} == {(key, int(NOON.timestamp() * 1_000_000))}


def test_the_newest_reports_of_a_job_are_told_oldest_first(bench: Bench) -> None:
    key = bench.add_station()
    job = add(bench, key)
    for number in range(4):
        record(bench, key, Channel.LOG, Report(status=str(number), request_id=number), job.number, *Doubt)
    record(bench, key, Channel.LOG, Report(status="other"), add(bench, key).number)
    record(bench, key, Channel.LOG, Report(status="stray"))
    with bench.reading():
        found = bench.job_statuses.of_job(job.number, 3)
    assert list(found) == [
        StoredReport(
            station="CP-1",
            channel=Channel.LOG,
            job=job.number,
            status=str(number),
            request_id=number,
            doubts=frozenset(Doubt),
            received_at=NOON,
        )
        for number in (1, 2, 3)
    ]


def test_reports_without_a_job_are_listed_newest_first_page_by_page(bench: Bench) -> None:
    key, other = bench.add_station(), bench.add_station("CP-2")
    for number in range(3):
        record(bench, key, Channel.LOG, Report(status=str(number)), None, Doubt.STRAY)
    record(bench, other, Channel.DIAGNOSTICS, Report(status="other"))
    record(bench, key, Channel.LOG, Report(status="mine"), add(bench, key).number)

    def statuses(station: str | None) -> list[str]:
        def ask(page: PageRequest) -> Page[StoredReport]:
            return bench.job_statuses.without_job(station, page)

        with bench.reading():
            return [report.status for report in all_pages(ask, 2)]

    assert statuses(None) == ["other", "2", "1", "0"]
    assert statuses("CP-1") == ["2", "1", "0"]
    assert statuses("CP-9") == []
