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
from forecourt.storage.errors import Collided, RowRefused, StorageError, Unavailable
from forecourt.storage.unit_of_work import Unit

MAX_GROUP: Final = 256
"""Bounds how long the first of a group waits for the last, and how many answers are released at once."""

TRIES: Final = 5
"""How often a job that is done alone may collide with what others do at the same time."""

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
        """Commit the group; or, when one row of it is refused, or others hold what it needs, its jobs one by one."""
        try:
            self._commit(jobs)
        except Collided:
            self._one_by_one(jobs)
        except RowRefused as error:
            if len(jobs) == 1:
                self._roll_back()
                self._refuse(jobs[0], error)
            else:
                self._one_by_one(jobs)

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

    def _one_by_one(self, jobs: list[AnyJob]) -> None:
        """A job alone holds little, so that it gets through where its group collided, and fails alone if it must."""
        self._roll_back()
        rings: list[str] = []
        for number, job in enumerate(jobs):
            try:
                self._alone(job)
            except Unavailable as error:  # nobody waits for the database once more for every job that is left
                self._fail(jobs[number:], error)
                break
            finally:
                rings += self._unit.rings
                self._unit.forget()
        self._unit.rings = rings

    def _alone(self, job: AnyJob) -> None:
        """Raises Unavailable when the database is out of reach."""
        for _ in range(TRIES):
            try:
                self._commit([job])
            except Collided as error:
                self._roll_back()
                job.error = error
            except Unavailable:
                raise
            except Exception as error:
                self._roll_back()
                self._refuse(job, error)
                return
            else:
                return
        _log.error("job_collided", reason=str(job.error))

    def _refuse(self, job: AnyJob, error: Exception) -> None:
        job.error = error
        _log.error("row_refused", reason=str(error))

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
