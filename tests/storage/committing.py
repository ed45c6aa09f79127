"""A committer at work in a test: what it released, and ways to see what others see of its database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from sqlalchemy.sql import Select

from forecourt.domain.access.model import PasswordHasher
from forecourt.domain.provisioning.service import BootPolicy
from forecourt.domain.services import Services
from forecourt.storage.building import services_on
from forecourt.storage.bulk import Bulk
from forecourt.storage.committer import AnyJob, Committer, Job
from forecourt.storage.connection import Connection, Parameters, Row
from forecourt.storage.database import Database
from forecourt.storage.unit_of_work import Unit
from tests.support.clock import FakeClock
from tests.support.vault import VAULT

Result = TypeVar("Result")

DEADLINE_SECONDS = 5.0


class PlainHasher:
    """A PasswordHasher that is quick and hides nothing."""

    def hash(self, password: str) -> str:
        return f"plain:{password}"

    def is_match(self, hashed: str, password: str) -> bool:
        return hashed == self.hash(password)


def services_builder(hasher: PasswordHasher | None = None) -> Callable[[Unit], Services]:
    return services_on(clock=FakeClock(), policy=BootPolicy(), hasher=hasher or PlainHasher(), vault=VAULT)


class Recorded:
    """A connection that writes down, in `log`, when it begins and commits,."""

    def __init__(self, inner: Connection, log: list[str]) -> None:
        self._inner = inner
        self._log = log

    def begin(self) -> None:
        self._inner.begin()
        self._log.append("begin")

    def begin_reading(self) -> None:
        self._inner.begin_reading()

    def commit(self) -> None:
        self._inner.commit()
        self._log.append("commit")

    def rollback(self) -> None:
        self._log.append("rollback")
        self._inner.rollback()

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        return self._inner.execute(sql, parameters)

    def one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        return self._inner.one(sql, parameters)

    def all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        return self._inner.all(sql, parameters)

    def write_rows(self, bulk: Bulk, rows: Sequence[Row]) -> None:
        self._log.append(f"write {len(rows)} {bulk.name}")
        self._inner.write_rows(bulk, rows)

    def select(self, statement: Select[Any]) -> list[Row]:  # a statement of any columns
        return self._inner.select(statement)

    def close(self) -> None:
        self._inner.close()


class Waiting(Generic[Result]):
    """Waits for the end of a job."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._job: Job[Result] | None = None

    def finish(self, job: Job[Result]) -> None:
        self._job = job
        self._ended.set()

    @property
    def error(self) -> Exception | None:
        return self._finished().error

    def result(self) -> Result:
        job = self._finished()
        if job.error is not None:
            raise job.error
        return job.result

    def _finished(self) -> Job[Result]:
        assert self._ended.wait(DEADLINE_SECONDS), "the committer gave no answer"
        assert self._job is not None
        return self._job


class Storage:
    """A committer whose groups a test can compose: works that are submitted inside `one_group` are done together."""

    def __init__(self, database: Database) -> None:
        self.log: list[str] = []
        self.rings: list[str] = []
        self.committer = Committer(
            "storage-under-test",
            connection=Recorded(database.connect(), self.log),
            build=services_builder(),
            release=self._release,
            announce=self.rings.extend,
        )
        self.is_closed = False

    def _release(self, jobs: Sequence[AnyJob]) -> None:
        self.log.append(f"release {len(jobs)}")
        for job in jobs:
            job.done(job)

    def submit(self, work: Callable[[Services], Result]) -> Waiting[Result]:
        waiting: Waiting[Result] = Waiting()
        self.committer.submit(Job(work, waiting.finish))
        return waiting

    @contextmanager
    def one_group(self) -> Iterator[None]:
        """The thread is kept busy meanwhile; afterwards `log` begins with the group."""
        is_held, may_go_on = threading.Event(), threading.Event()

        def hold(_services: Services) -> None:
            is_held.set()
            may_go_on.wait(DEADLINE_SECONDS)

        def forget(_job: Job[None]) -> None:
            self.log.clear()

        self.committer.submit(Job(hold, forget))
        assert is_held.wait(DEADLINE_SECONDS)
        yield
        may_go_on.set()

    def do(self, work: Callable[[Services], Result]) -> Result:
        """Do a work and return its result, or raise what it raised."""
        return self.submit(work).result()

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.committer.close()
