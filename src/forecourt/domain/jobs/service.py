"""Everything that can happen to a job (security whitepaper N01, L01; OCPP 1.6 §4.4, §4.5, §5.9, §5.19)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.errands.model import Errand, ErrandNumber, ErrandState, Failure
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import conflict, not_found
from forecourt.domain.events.kinds import Kind as Told
from forecourt.domain.events.service import Events
from forecourt.domain.jobs.flows import IDLE, is_expected, reported
from forecourt.domain.jobs.model import (
    Answer,
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
from forecourt.domain.jobs.store import JobStore, ReportStore
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.redaction import without_credentials, without_tokens

MAX_HISTORY: Final = 1000
"""How many reports of one job are shown; a station may send any number."""

_UNANSWERED: Final = frozenset({JobState.ASKED, JobState.UNKNOWN})


class Jobs:
    """What uploads of logs and updates of firmware have in common."""

    def __init__(
        self, store: JobStore, reports: ReportStore, errands: Errands, clock: Clock, *, events: Events
    ) -> None:
        self._store = store
        self._reports = reports
        self._errands = errands
        self._clock = clock
        self._events = events

    # Asking, for the rooms that ask

    def add(self, station: Station, draft: JobDraft) -> JobNumber:
        """Write down a job that a station is about to be asked for."""
        return self._add(station, draft, JobState.ASKED)

    def carried_by(self, number: JobNumber, errand: ErrandNumber, *, kind: JobKind | None = None) -> None:
        """This errand carries it; with ``kind``, in another way than before."""

        def change(job: Job) -> Job:
            new = job.kind if kind is None else kind
            kept = job.request_id if new.channel.has_request_ids else None
            return replace(job, errand=errand, kind=new, request_id=kept)

        self._change(number, change)

    def not_carried(
        self, number: JobNumber, errand: ErrandNumber, failure: Failure, *, reason: str | None = None
    ) -> None:
        """The station was not asked, or gave no usable answer. A job that may have begun all the same stays open."""
        now = self._clock.now()
        is_cancelled = self._errands.get(errand).state is ErrandState.CANCELLED
        end = JobState.CANCELLED if is_cancelled else JobState.FAILED

        def change(job: Job) -> Job:
            if job.state not in _UNANSWERED:
                return job  # it has reported already
            if failure.is_outcome_unknown:
                return replace(job, state=JobState.UNKNOWN, reason=failure.reason)
            return replace(job, state=end, reason=reason or failure.reason, ended_at=now)

        self._change(number, change)

    # What stations answer

    def hear(self, station: Station, answer: Answer, errand: ErrandNumber) -> None:
        """Take in the answer to an errand, also to one that was sent exactly as an operator wrote it. Raises
        DomainError NOT_FOUND when there is no such errand."""
        asked = self._errands.get(errand)
        job = self._store.find_by_errand(errand)
        if job is not None:
            number = job.number
        elif answer.refusal is not None:
            return
        else:
            draft = JobDraft(
                kind=answer.kind,
                operation=asked.operation,
                asked_by=asked.asked_by,
                location=answer.location,
                errand=errand,
                request_id=answer.request_id,
            )
            self._end_namesake(station, draft)
            number = self._add(station, draft, JobState.ASKED)
        self._change(number, lambda job: self._answered(job, answer))
        if answer.replaces_others:
            self._supersede_others(station, answer.kind.channel, number, asked)
        elif answer.begins and not answer.kind.channel.has_request_ids:
            self._follow_newest(station, answer.kind.channel, number, asked)

    def _answered(self, job: Job, answer: Answer) -> Job:
        now = self._clock.now()
        is_awaited = job.state in _UNANSWERED
        named = None if answer.file_name is None else without_tokens(answer.file_name)  # some repeat the location
        job = replace(job, answered_at=now, file_name=named)
        if not is_awaited:
            return job  # it has reported already
        if answer.refusal is not None:
            reason = f"The station answered {answer.refusal}."
            return replace(job, state=JobState.REFUSED, reason=reason, ended_at=now)
        if answer.is_empty:
            reason = "The station named no file: it has nothing to upload."
            return replace(job, state=JobState.EMPTY, reason=reason, ended_at=now)
        return replace(job, state=JobState.RUNNING, reason=None, ended_at=None)

    def _end_namesake(self, station: Station, draft: JobDraft) -> None:
        """An id that is given out again belongs to the newer job from then on."""
        if draft.request_id is None:
            return
        old = self._store.find_by_request(station.key, draft.kind.channel, draft.request_id)
        if old is not None and old.state.is_open:
            self._supersede(old.number, "Its request id was used again for another job.")

    def _supersede_others(self, station: Station, channel: Channel, number: JobNumber, asked: Errand) -> None:
        for other in self._store.at_work(station.key, channel):
            if other.number != number and not self._is_asked_later(other, asked):
                self._supersede(other.number, f"The station gave it up for the job {number}.")

    def _follow_newest(self, station: Station, channel: Channel, number: JobNumber, asked: Errand) -> None:
        """The older reports do not say which job they are about, so that of one station one update and one upload
        can be followed (OCPP 1.6 §4.4, §4.5)."""
        for other in self._store.at_work(station.key, channel):
            if other.number == number:
                continue
            if not self._is_asked_later(other, asked):
                self._supersede(other.number, _not_followed(number))
            elif other.state is JobState.RUNNING:
                self._supersede(number, _not_followed(other.number))

    def _is_asked_later(self, job: Job, asked: Errand) -> bool:
        """True when a job was sent to the station after this errand, whose answer is late then."""
        errand = None if job.errand is None else self._errands.get(job.errand)
        if errand is None or errand.sent_at is None or asked.sent_at is None:
            return False
        return (errand.sent_at, errand.number) > (asked.sent_at, asked.number)

    def _supersede(self, number: JobNumber, reason: str) -> None:
        now = self._clock.now()

        def change(job: Job) -> Job:
            if not job.state.is_open:
                return job
            return replace(job, state=JobState.SUPERSEDED, reason=reason, ended_at=now)

        self._change(number, change)

    # What stations report

    def report(self, station: Station, channel: Channel, report: Report) -> None:
        """Record any status in any order: a station reports what it does, it does not ask."""
        now = self._clock.now()
        job, doubts = self._job_of(station, channel, report)
        if job is not None:
            if not is_expected(job, report):
                doubts |= {Doubt.UNEXPECTED}
            self._change(job.number, lambda found: reported(found, report, now))
        number = None if job is None else job.number
        self._reports.record(station.key, channel, report, job=number, doubts=doubts, at=now)

    def _job_of(self, station: Station, channel: Channel, report: Report) -> tuple[Job | None, frozenset[Doubt]]:
        if report.request_id is not None and channel.has_request_ids:
            job = self._store.find_by_request(station.key, channel, report.request_id)
            return job, frozenset() if job is not None else frozenset({Doubt.STRAY})
        if report.meaning == IDLE:
            return None, frozenset()
        doubts = frozenset({Doubt.WITHOUT_REQUEST_ID}) if channel.has_request_ids else frozenset[Doubt]()
        return self._only_one_at_work(station, channel), doubts

    def _only_one_at_work(self, station: Station, channel: Channel) -> Job | None:
        """The job that a report without an id can only be about, or None when there are several or none."""
        jobs = self._store.at_work(station.key, channel)
        if jobs:
            return jobs[0] if len(jobs) == 1 else None
        newest = self._store.newest(station.key, channel)
        return newest if newest is not None and newest.state is JobState.EMPTY else None

    # What people do

    def give_up(self, number: JobNumber, by: str) -> Job:
        """Stop following a job; the station is not told. Raises DomainError NOT_FOUND, or CONFLICT when it has ended
        or while its errand is under way. One whose errand ended unnoticed would otherwise be followed for ever."""
        job = self.get(number)
        is_under_way = job.errand is not None and not self._errands.get(job.errand).state.is_final
        if job.state is JobState.ASKED and is_under_way:
            raise conflict("The station has not answered yet; cancel the errand {} instead.", job.errand)
        if not job.state.is_open:
            raise conflict("The job {} has ended already: it is {}.", number, job.state.value)
        now = self._clock.now()
        self._change(
            number,
            lambda job: replace(job, state=JobState.CANCELLED, reason=f"Given up by {by}.", ended_at=now),
        )
        return self.get(number)

    # Questions

    def find(self, number: JobNumber) -> Job | None:
        return self._store.find(number)

    def get(self, number: JobNumber) -> Job:
        job = self._store.find(number)
        if job is None:
            raise not_found("There is no job {}.", number)
        return job

    def list(self, wanted: JobFilter, page: PageRequest) -> Page[Job]:
        return self._store.list(wanted, page)

    def history(self, number: JobNumber) -> Sequence[StoredReport]:
        """The newest reports of a job, oldest first; at most `MAX_HISTORY`."""
        return self._reports.of_job(number, MAX_HISTORY)

    def stray_reports(self, station: str | None, page: PageRequest) -> Page[StoredReport]:
        """Reports that belong to no job, newest first."""
        return self._reports.without_job(station, page)

    # Inside

    def _add(self, station: Station, draft: JobDraft, state: JobState) -> JobNumber:
        safe = replace(draft, location=without_credentials(draft.location))
        return self._store.add(station.key, safe, state, self._clock.now())

    def _change(self, number: JobNumber, change: Callable[[Job], Job]) -> None:
        """Change a job, looking again when another process has changed its state meanwhile."""
        is_changed = False
        while not is_changed:
            job = self.get(number)
            changed = change(job)
            is_changed = self._store.put(changed, of=job.state)
            if is_changed and job.state.is_open and not changed.state.is_open:
                self._tell_end(changed)

    def _tell_end(self, job: Job) -> None:
        data = {
            "job": int(job.number),
            "kind": job.kind.value,
            "operation": job.operation,
            "outcome": job.state.value,
            "reason": job.reason,
            "fileName": job.file_name,
        }
        self._events.tell_of_station(Told.JOB_ENDED, job.station, data)


def _not_followed(newer: JobNumber) -> str:
    return f"Reports of this kind do not say which job they are about; they count for the newer job {newer} now."
