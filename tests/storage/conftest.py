"""Databases that are up to date and empty, of both kinds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from forecourt.domain.authorization.model import IdToken
from forecourt.domain.data_transfer.model import Vendor
from forecourt.domain.provisioning.model import Station, StationDraft
from forecourt.domain.services import Services
from forecourt.storage.database import Database
from forecourt.storage.tables import metadata
from tests.storage.bench import Bench
from tests.storage.committing import Storage
from tests.support.postgresql import PostgresqlServer


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "forecourt.db"
    Database(f"sqlite:///{path}").migrate()
    return path


@pytest.fixture(scope="session")
def migrated_url(postgresql_server: PostgresqlServer) -> str:
    url = postgresql_server.create_database()
    Database(url).migrate()
    return url


@pytest.fixture
def sqlite_database(migrated_file: Path, tmp_path: Path) -> Database:
    path = tmp_path / "forecourt.db"
    shutil.copy(migrated_file, path)
    return Database(f"sqlite:///{path}")


@pytest.fixture
def postgresql_database(migrated_url: str) -> Database:
    # To delete is quicker than to truncate, and what is on disk matters to no test that has not begun.
    deletions = [f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables)]
    with psycopg.connect(migrated_url, autocommit=True, options="-c synchronous_commit=off") as connection:
        connection.execute("; ".join(deletions))
    return Database(migrated_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture
def bench(database: Database) -> Iterator[Bench]:
    opened = Bench(database)
    yield opened
    opened.close()


@pytest.fixture
def storage(database: Database) -> Iterator[Storage]:
    opened = Storage(database)
    yield opened
    opened.close()


@pytest.fixture
def station(storage: Storage) -> Station:
    """The station of `tests.storage.works`, registered, with what its works need."""

    def work(services: Services) -> Station:
        services.data_transfer.put_vendor(Vendor("V"))
        services.authorization.add(IdToken(id_token="Card", max_active_transactions=None))
        return services.provisioning.add(StationDraft(identity="CP-1")).station

    return storage.do(work)
