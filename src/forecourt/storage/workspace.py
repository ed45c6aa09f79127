"""The database at work in one process: its storage threads, its readers, and the way to them from the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar, cast

import structlog

from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.services import Services
from forecourt.storage.committer import AnyJob, Committer, Job
from forecourt.storage.connection import Connection
from forecourt.storage.errors import StorageError
from forecourt.storage.unit_of_work import Unit

_log = structlog.get_logger(__name__)

READERS: Final = 4

Result = TypeVar("Result")


class DatabaseWorkspace:
    """Where this process does its units of work. Made and used on one event loop.

    With several storage threads, ``submit`` takes all work of one station to the same one, so that a station's
    requests are done in the order in which they came.
    """

    def __init__(
        self,
        *,
        connect: Callable[[], Connection],
        build: Callable[[Unit], Services],
        writers: int,
        announce: Callable[[Sequence[str]], None] = lambda _topics: None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._committers = [
            Committer(f"storage-{n}", connection=connect(), build=build, release=self._release, announce=announce)
            for n in range(writers)
        ]
        self._connect = connect
        self._build = build
        self._local = threading.local()
        self._connections: list[Connection] = []
        self._is_closed = False
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")

    # The message path: no future, no task

    def submit(self, station_key: int, work: Callable[[Services], Result], done: Callable[[Job[Result]], None]) -> None:
        """Have a work done; ``done`` is called with its job on the event loop, after the commit."""
        self._committers[station_key % len(self._committers)].submit(Job(work, done))

    # Everybody else

    async def write(self, work: Callable[[Services], Result]) -> Result:
        """Do it in a unit of work; raises what it raised, or DomainError UNAVAILABLE."""
        return await self.write_for(0, work)

    async def write_for(self, station_key: int, work: Callable[[Services], Result]) -> Result:
        """The same, in order with what else is done for a station."""
        if self._is_closed:
            raise DomainError(Kind.UNAVAILABLE, "The system stops; nothing was changed.")
        waiter: asyncio.Future[Job[Result]] = self._loop.create_future()

        def done(job: Job[Result]) -> None:
            if not waiter.cancelled():
                waiter.set_result(job)

        self.submit(station_key, work, done)
        job = await waiter
        if job.error is not None:
            raise _for_doors(job.error)
        return job.result

    async def read(self, work: Callable[[Services], Result]) -> Result:
        """Answer a question from what is committed."""
        return await self._loop.run_in_executor(self._readers, self._read, work)

    async def close(self) -> None:
        """Do what was submitted, then stop."""
        self._is_closed = True
        for committer in self._committers:
            await asyncio.to_thread(committer.close)
        self._readers.shutdown()
        for connection in self._connections:
            connection.close()
        await asyncio.sleep(0)  # let the last answers out

    # Inside

    def _release(self, jobs: Sequence[AnyJob]) -> None:
        self._loop.call_soon_threadsafe(_call_done, jobs)

    def _read(self, work: Callable[[Services], Result]) -> Result:
        try:
            connection, services = self._reading()
            try:
                connection.begin_reading()
                return work(services)
            finally:
                connection.rollback()
        except StorageError as error:
            raise _for_doors(error) from error

    def _reading(self) -> tuple[Connection, Services]:
        pair = getattr(self._local, "pair", None)
        if pair is None:
            connection = self._connect()
            self._connections.append(connection)
            pair = self._local.pair = (connection, self._build(Unit(connection)))
        return cast("tuple[Connection, Services]", pair)  # a thread-local attribute has no type


def _call_done(jobs: Sequence[AnyJob]) -> None:
    for job in jobs:
        try:
            job.done(job)
        except Exception:  # the answers of the others must leave all the same
            _log.exception("answer_failed")


def _for_doors(error: Exception) -> Exception:
    if isinstance(error, StorageError):
        unavailable = DomainError(
            Kind.UNAVAILABLE, "The database did not take this now; nothing was changed. Try again in a moment."
        )
        unavailable.__cause__ = error
        return unavailable
    return error
