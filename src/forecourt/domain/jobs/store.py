"""What jobs need from storage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.jobs.model import (
    Channel,
    Doubt,
    Job,
    JobDraft,
    JobFilter,
    JobNumber,
    JobState,
    Report,
    StoredReport,
)
from forecourt.domain.paging import Page, PageRequest


class JobStore(Protocol):
    """Jobs of all stations."""

    def add(self, station_key: int, draft: JobDraft, state: JobState, at: datetime) -> JobNumber:
        """Write a job down. A kind whose reports have ids gets one, when the draft has none, that no other job of the
        station has."""
        ...

    def put(self, job: Job, *, of: JobState) -> bool:
        """Write what may change of a job. False when its state is no longer ``of``."""
        ...

    def find(self, number: JobNumber) -> Job | None: ...

    def find_by_errand(self, errand: ErrandNumber) -> Job | None: ...

    def find_by_request(self, station_key: int, channel: Channel, request_id: int) -> Job | None:
        """The newest one with this id."""
        ...

    def at_work(self, station_key: int, channel: Channel) -> Sequence[Job]:
        """Open jobs whose request has left for the station."""
        ...

    def newest(self, station_key: int, channel: Channel) -> Job | None: ...

    def list(self, wanted: JobFilter, page: PageRequest) -> Page[Job]:
        """Newest first."""
        ...


class ReportStore(Protocol):
    """Every report of every station."""

    def record(
        self,
        station_key: int,
        channel: Channel,
        report: Report,
        *,
        job: JobNumber | None,
        doubts: frozenset[Doubt],
        at: datetime,
    ) -> None:
        """Add to the history; becomes the station's present status."""
        ...

    def of_job(self, job: JobNumber, limit: int) -> Sequence[StoredReport]:
        """The newest ones of a job, oldest first."""
        ...

    def without_job(self, station: str | None, page: PageRequest) -> Page[StoredReport]:
        """Reports that belong to no job, newest first."""
        ...
