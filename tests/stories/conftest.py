"""Running systems for the stories: one per store that they share, and systems that one of them may break."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stories.security.world import World, secured_system
from tests.stories.stores import STORES, store_url
from tests.support.postgresql import PostgresqlServer
from tests.support.rest import Rest
from tests.support.running import RunningSystem

# The shared ones are not parametrized themselves: pytest would end them at every change of the store.


@pytest.fixture(scope="session", params=STORES)
def system(request: pytest.FixtureRequest) -> RunningSystem:
    """A started system that all stories of a process share, each with stations and tags of its own."""
    shared: RunningSystem = request.getfixturevalue(f"system_on_{request.param}")
    return shared


@pytest.fixture(scope="session")
def system_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    with RunningSystem(tmp_path_factory.mktemp("system")).at_work() as running:
        yield running


@pytest.fixture(scope="session")
def system_on_postgresql(
    postgresql_server: PostgresqlServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSystem]:
    with RunningSystem(tmp_path_factory.mktemp("system"), postgresql_server.create_database()).at_work() as running:
        yield running


@pytest.fixture(scope="session", params=STORES)
def secure(request: pytest.FixtureRequest) -> World:
    """A system with TLS that all stories of security share, each with stations of its own."""
    shared: World = request.getfixturevalue(f"secure_on_{request.param}")
    return shared


@pytest.fixture(scope="session")
def secure_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with secured_system(tmp_path_factory.mktemp("secure") / "system") as world:
        yield world


@pytest.fixture(scope="session")
def secure_on_postgresql(
    postgresql_server: PostgresqlServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with secured_system(tmp_path_factory.mktemp("secure") / "system", postgresql_server.create_database()) as world:
        yield world


@pytest.fixture(scope="module", params=STORES)
def abused_system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """The same for stories that mean it harm, so that the others need not care."""
    with store_url(request) as url, RunningSystem(tmp_path_factory.mktemp("system"), url).at_work() as running:
        yield running


@pytest.fixture
def rest(system: RunningSystem) -> Rest:
    return system.rest


@pytest.fixture(scope="module", params=STORES)
def breakable_system(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSystem]:
    """A system on each store that the stories of one file may kill. Use `own_system`."""
    with store_url(request) as url:
        yield from _closed_at_the_end(RunningSystem(tmp_path_factory.mktemp("system"), url))


@pytest.fixture(scope="module")
def breakable_sqlite_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """The same on SQLite, as it is without any setting. Use `sqlite_system`."""
    yield from _closed_at_the_end(RunningSystem(tmp_path_factory.mktemp("system")))


@pytest.fixture
def own_system(breakable_system: RunningSystem) -> RunningSystem:
    """A system that runs when the story begins, whatever the story before did to it."""
    breakable_system.start_if_needed()
    return breakable_system


@pytest.fixture
def sqlite_system(breakable_sqlite_system: RunningSystem) -> RunningSystem:
    breakable_sqlite_system.start_if_needed()
    return breakable_sqlite_system


def _closed_at_the_end(running: RunningSystem) -> Iterator[RunningSystem]:
    try:
        yield running
    finally:
        running.close()
