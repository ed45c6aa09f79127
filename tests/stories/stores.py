"""The databases on which every story is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.postgresql import PostgresqlServer

STORES = ["sqlite", "postgresql"]


@contextmanager
def store_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The setting for the store that the fixture's parameter names; None is the default, SQLite."""
    if request.param == "sqlite":
        yield None
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    url = server.create_database()
    yield url
    server.drop_database(url)
