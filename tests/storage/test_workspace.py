"""Tests of the database at work in a process: what callers on the event loop are promised."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.provisioning.model import Registration, Station, StationDraft, StationKey
from forecourt.domain.services import Services
from forecourt.storage import sqlite
from forecourt.storage.committer import Job
from forecourt.storage.connection import Connection
from forecourt.storage.database import Database
from forecourt.storage.errors import Unavailable
from forecourt.storage.workspace import READERS, DatabaseWorkspace
from tests.storage.bench import Bench
from tests.storage.committing import services_builder
from tests.storage.outages import end_all_sessions, out_of_order
from tests.support.clock import NOON


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[DatabaseWorkspace]:
    workspace = DatabaseWorkspace(connect=database.connect, build=services_builder(), writers=database.writers)
    try:
        yield workspace
    finally:
        await workspace.close()


async def add_station(workspace: DatabaseWorkspace, identity: str) -> Station:
    return await workspace.write(lambda services: services.provisioning.add(StationDraft(identity=identity)).station)


async def find(workspace: DatabaseWorkspace, identity: str) -> Station | None:
    return await workspace.read(lambda services: services.provisioning.find_station(identity))


def test_what_was_written_is_read_by_all_readers_and_by_others(database: Database) -> None:
    async def main() -> None:
        async with opened(database) as workspace:
            station = await add_station(workspace, "CP-1")
            found = await asyncio.gather(*[find(workspace, "CP-1") for _ in range(4 * READERS)])
            assert found == [station] * (4 * READERS)

    asyncio.run(main())
    bench = Bench(database)
    with bench.reading():
        assert bench.stations.find("CP-1") is not None
    bench.close()


def test_what_a_work_raises_reaches_its_caller_and_nothing_of_it_is_stored(database: Database) -> None:
    def work(services: Services) -> None:
        services.provisioning.add(StationDraft(identity="CP-1"))
        raise ZeroDivisionError

    async def main() -> None:
        async with opened(database) as workspace:
            with pytest.raises(ZeroDivisionError):
                await workspace.write(work)
            with pytest.raises(DomainError) as refused:
                await workspace.write(lambda services: services.provisioning.remove("CP-1"))
            assert refused.value.kind is Kind.NOT_FOUND
            with pytest.raises(DomainError):
                await workspace.read(lambda services: services.provisioning.get_station("CP-1"))
            assert await find(workspace, "CP-1") is None

    asyncio.run(main())


def test_a_reader_sees_only_what_is_committed(database: Database) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with opened(database) as workspace:
            seen: list[Station | None] = []

            def work(services: Services) -> None:
                services.provisioning.add(StationDraft(identity="CP-1"))
                reading = asyncio.run_coroutine_threadsafe(find(workspace, "CP-1"), loop)
                seen.append(reading.result(20))

            await workspace.write(work)
            assert seen == [None]
            assert await find(workspace, "CP-1") is not None

    asyncio.run(main())


def test_works_of_one_station_are_done_in_order(database: Database) -> None:
    async def main() -> None:
        order: dict[int, list[int]] = {key: [] for key in range(1, 9)}
        async with opened(database) as workspace:
            ended: list[Job[None]] = []
            for number in range(50):
                for key, done in order.items():

                    def work(_services: Services, done: list[int] = done, number: int = number) -> None:
                        done.append(number)

                    workspace.submit(key, work, ended.append)
            while len(ended) < 50 * len(order):
                await asyncio.sleep(0.01)
        assert all(done == list(range(50)) for done in order.values())

    asyncio.run(asyncio.wait_for(main(), 30))


def test_an_answer_that_fails_does_not_keep_back_the_others(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    async def main() -> list[str]:
        answered: list[str] = []

        def fail(_job: Job[None]) -> None:
            raise ZeroDivisionError("an answer that fails")

        def nothing(_services: Services) -> None: ...

        def answer(_job: Job[None]) -> None:
            answered.append("answered")

        async with opened(database) as workspace:
            for number in range(6):
                workspace.submit(1, nothing, fail if number % 2 else answer)
        return answered

    assert asyncio.run(main()) == ["answered"] * 3
    assert "answer_failed" in capsys.readouterr().out


def test_a_caller_that_gave_up_waiting_harms_nobody(database: Database) -> None:
    async def main() -> None:
        async with opened(database) as workspace:
            giving_up = asyncio.ensure_future(add_station(workspace, "CP-1"))
            await asyncio.sleep(0)
            giving_up.cancel()
            await add_station(workspace, "CP-2")
            assert await find(workspace, "CP-1") is not None, "it was submitted"

    asyncio.run(main())


def test_closing_answers_what_was_submitted(database: Database) -> None:
    async def main() -> list[Job[object]]:
        ended: list[Job[object]] = []
        async with opened(database) as workspace:
            for number in range(30):
                draft = StationDraft(identity=f"CP-{number}")

                def work(services: Services, draft: StationDraft = draft) -> object:
                    return services.provisioning.add(draft)

                workspace.submit(number, work, ended.append)
        return ended

    assert [job.error for job in asyncio.run(main())] == [None] * 30


# Outages


def test_an_outage_is_told_as_unavailable_and_passes(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)

    async def main() -> None:
        async with opened(database) as workspace:
            await find(workspace, "CP-1")
            with out_of_order(database):
                with pytest.raises(DomainError) as refused:
                    await add_station(workspace, "CP-1")
                assert refused.value.kind is Kind.UNAVAILABLE
                assert "again" in refused.value.sentence
                if not database.is_sqlite:
                    with pytest.raises(DomainError) as unread:
                        await find(workspace, "CP-1")
                    assert unread.value.kind is Kind.UNAVAILABLE
            assert await find(workspace, "CP-1") is None
            await add_station(workspace, "CP-1")
            assert await find(workspace, "CP-1") is not None

    asyncio.run(main())


def test_readers_that_lost_an_idle_connection_read_on(postgresql_database: Database) -> None:
    async def main() -> None:
        async with opened(postgresql_database) as workspace:
            await find(workspace, "CP-1")
            end_all_sessions(postgresql_database.url)
            assert await find(workspace, "CP-1") is None

    asyncio.run(main())


def test_a_reader_that_cannot_connect_is_told_as_unavailable(database: Database) -> None:
    opening = 0

    def connect() -> Connection:
        nonlocal opening
        opening += 1
        if opening > database.writers:
            raise Unavailable("no file descriptors are left")
        return database.connect()

    async def main() -> None:
        workspace = DatabaseWorkspace(connect=connect, build=services_builder(), writers=database.writers)
        try:
            with pytest.raises(DomainError) as refused:
                await find(workspace, "CP-1")
            assert refused.value.kind is Kind.UNAVAILABLE
        finally:
            await workspace.close()

    asyncio.run(main())


def test_a_row_that_is_refused_is_told_as_an_error_of_the_house(database: Database) -> None:
    async def main() -> None:
        async with opened(database) as workspace:
            station = Station((await add_station(workspace, "CP-1")).key, "CP-1", Registration.ACCEPTED, None)
            contact = (StationKey(2**70), NOON)
            with pytest.raises(DomainError) as refused:
                await workspace.write(lambda services: services.provisioning.record_contacts([contact]))
            assert refused.value.kind is Kind.UNAVAILABLE
            await workspace.write(lambda services: services.provisioning.heartbeat(station))

    asyncio.run(main())
