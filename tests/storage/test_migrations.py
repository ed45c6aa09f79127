"""Tests of migrations: any start of any process finds the newest schema, and the schema is the one in the code."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from forecourt.storage.database import MIGRATIONS, Database, newest_version
from forecourt.storage.errors import StorageError, Unavailable
from forecourt.storage.tables import metadata
from tests.storage.bench import Bench


def engine(url: str) -> sqlalchemy.Engine:
    address = url.replace("postgresql:", "postgresql+psycopg:", 1)
    return sqlalchemy.create_engine(address, poolclass=sqlalchemy.NullPool)


def tables_in(url: str) -> set[str]:
    with engine(url).connect() as connection:
        return set(sqlalchemy.inspect(connection).get_table_names())


def version_in(url: str) -> str:
    with engine(url).connect() as connection:
        return str(connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar_one())


def test_a_new_database_gets_all_tables(database_url: str) -> None:
    Database(database_url).migrate()
    assert tables_in(database_url) == {*metadata.tables, "alembic_version"}
    assert version_in(database_url) == newest_version()


def test_the_migrated_schema_is_the_one_in_the_code(database_url: str) -> None:
    Database(database_url).migrate()
    with engine(database_url).connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_a_schema_that_differs_would_be_seen(database_url: str) -> None:
    Database(database_url).migrate()
    with engine(database_url).begin() as connection:
        connection.execute(sqlalchemy.text("DROP INDEX transaction_of_token"))
    with engine(database_url).connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert [difference[0] for difference in differences] == ["add_index"]


def test_migrating_again_changes_nothing(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    bench = Bench(database)
    key = bench.add_station("CP-1")
    database.migrate()
    with bench.reading():
        found = bench.stations.find("CP-1")
    bench.close()
    assert found is not None
    assert found.key == key


def test_a_password_and_a_profile_are_no_desired_values_any_more(database_url: str) -> None:
    """An older version let them be desired; ApplyConfiguration would send them behind the back of their operations."""
    with engine(database_url).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        connection.execute(
            sqlalchemy.text(
                "INSERT INTO station (identity, description, registration, created_at) VALUES ('CP', '', 'Accepted', 0)"
            )
        )
        key = connection.execute(sqlalchemy.text("SELECT key FROM station")).scalar_one()
        for name in ("AuthorizationKey", "SecurityProfile", "HeartbeatInterval"):
            connection.execute(
                sqlalchemy.text(
                    "INSERT INTO desired_setting (station_key, folded, name, value, asked_by, asked_at)"
                    " VALUES (:key, :folded, :name, '3', 'ada', 0)"
                ),
                {"key": key, "folded": name.lower(), "name": name},
            )
    Database(database_url).migrate()
    with engine(database_url).connect() as connection:
        left = connection.execute(sqlalchemy.text("SELECT name FROM desired_setting")).scalars().all()
    assert left == ["HeartbeatInterval"]


def _migrate(url: str, barrier: multiprocessing.synchronize.Barrier) -> None:
    barrier.wait(30)
    Database(url).migrate()


def test_processes_that_start_together_migrate_once(database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    processes = [context.Process(target=_migrate, args=(database_url, barrier)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert tables_in(database_url) == {*metadata.tables, "alembic_version"}


def test_a_migration_that_ends_half_way_leaves_nothing_in_the_way(database_url: str) -> None:
    """A start that is killed in the middle must not make every later start fail."""
    obstacle = "vendor_message"  # the last table of the first migration
    with engine(database_url).begin() as connection:
        connection.execute(sqlalchemy.text(f"CREATE TABLE {obstacle} (key integer)"))
    with pytest.raises(Unavailable):
        Database(database_url).migrate()
    assert tables_in(database_url) - {"alembic_version"} == {obstacle}
    with engine(database_url).begin() as connection:
        connection.execute(sqlalchemy.text(f"DROP TABLE {obstacle}"))
    Database(database_url).migrate()
    assert tables_in(database_url) == {*metadata.tables, "alembic_version"}


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    with engine(database_url).begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError):
        database.migrate()
    assert version_in(database_url) == "9999"


@pytest.mark.parametrize("url", ["sqlite:////proc/no/such/folder/a.db", "postgresql://postgres@127.0.0.1:1/nothing"])
def test_a_database_that_cannot_be_reached_is_unavailable(url: str) -> None:
    with pytest.raises(Unavailable):
        Database(url).migrate()


def test_the_shown_url_has_no_password() -> None:
    shown = Database("postgresql://someone:s3cret@db.example/forecourt").shown
    assert "s3cret" not in shown
    assert "someone" in shown


def test_the_path_of_a_file_may_have_spaces_and_escapes(tmp_path: Path) -> None:
    path = tmp_path / "my data" / "forecourt.db"
    path.parent.mkdir()
    database = Database(f"sqlite:///{str(path).replace(' ', '%20')}")
    assert database.path == path
    database.migrate()
    assert path.exists()
