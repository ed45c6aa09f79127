"""The storage thread: takes every unit of work that waits, does them all, commits once, then releases the answers.

An answer that was released is a fact that is on disk. No timer is needed: while one group is being committed the
next one gathers, so that latency is one to two commits and a busy system commits in larger groups.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Final, Generic, TypeVar

import structlog

from forecourt.domain.services import Services
from forecourt.storage.connection import Connection
from forecourt.storage.errors import Collided, RowRefused, StorageError
from forecourt.storage.unit_of_work import Unit

MAX_GROUP: Final = 256
"""Bounds how long the first of a group waits for the last, and how many answers are released at once."""

Result = TypeVar("Result")

_log = structlog.get_logger(__name__)


class Job(Generic[Result]):
    """A unit of work on its way: afterwards either ``error`` is set, or ``result`` is and it is on disk."""

    __slots__ = ("done", "error", "result", "work")

    result: Result

    def __init__(self, work: Callable[[Services], Result], done: Callable[[Job[Result]], None]) -> None:
        self.work = work
        self.done = done
        """Called where the committer's ``release`` says, once, with this job."""
        self.error: Exception | None = None


AnyJob = Job[Any]  # jobs of all results wait in one queue


class Committer:
    """One storage thread with its connection, its unit of work and its services."""

    def __init__(
        self,
        name: str,
        *,
        connection: Connection,
        build: Callable[[Unit], Services],
        release: Callable[[Sequence[AnyJob]], None],
        announce: Callable[[Sequence[str]], None],
    ) -> None:
        self._connection = connection
        self._unit = Unit(connection)
        self._services = build(self._unit)
        self._release = release
        self._announce = announce
        self._queue: SimpleQueue[AnyJob | None] = SimpleQueue()
        self._is_troubled = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: AnyJob) -> None:
        """Have a job done, after all that were submitted before it."""
        self._queue.put(job)

    def close(self) -> None:
        """Do what was submitted, then stop. Waits for the thread."""
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        is_open = True
        while is_open:
            group = [self._queue.get()]
            group += [self._queue.get() for _ in range(min(self._queue.qsize(), MAX_GROUP - 1))]
            is_open = None not in group
            jobs = [job for job in group if job is not None]
            if jobs:
                self._do(jobs)

    def _do(self, jobs: list[AnyJob]) -> None:
        try:
            self._commit_or_separate(jobs)
            self._is_troubled = False
        except Exception as error:  # whatever it is, every job of the group must hear of it
            self._fail(jobs, error)
        rings = self._unit.rings
        self._unit.forget()
        self._release(jobs)
        if rings:
            try:
                self._announce(rings)
            except Exception:  # what was committed is true whether or not anybody hears of it
                _log.exception("bell_failed")

    def _commit_or_separate(self, jobs: list[AnyJob]) -> None:
        try:
            try:
                self._commit(jobs)
            except Collided:
                self._roll_back()
                self._commit(jobs)
        except RowRefused as error:
            self._separate(jobs, error)

    def _commit(self, jobs: list[AnyJob]) -> None:
        """Do the jobs and commit them; a job that raises is taken back alone.

        May be the second time: what a job raised in an attempt that was rolled back does not count.
        """
        unit, services = self._unit, self._services
        self._connection.begin()
        for job in jobs:
            job.error = None
            try:
                job.result = job.work(services)
            except StorageError:
                raise
            except Exception as error:
                unit.drop()
                job.error = error
            else:
                unit.keep()
        unit.flush_all()
        self._connection.commit()

    def _separate(self, jobs: list[AnyJob], error: RowRefused) -> None:
        """One row was refused, and with it the group: do the jobs one by one, so that only its own job fails."""
        self._roll_back()
        if len(jobs) == 1:
            jobs[0].error = error
            _log.error("row_refused", reason=str(error))
            return
        rings: list[str] = []
        for job in jobs:
            try:
                self._commit([job])
            except Exception as refused:
                self._roll_back()
                job.error = refused
                _log.error("row_refused", reason=str(refused))
            rings += self._unit.rings
            self._unit.forget()
        self._unit.rings = rings

    def _fail(self, jobs: list[AnyJob], error: Exception) -> None:
        self._roll_back()
        for job in jobs:
            job.error = error
        if not self._is_troubled:  # said once, not once per group
            self._is_troubled = True
            _log.error("storage_unavailable", reason=str(error), waiting=len(jobs), error=type(error).__name__)

    def _roll_back(self) -> None:
        self._connection.rollback()
        self._unit.forget()
