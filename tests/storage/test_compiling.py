"""A form of statement is compiled once, and each time filled in anew."""

from __future__ import annotations

import pytest
from sqlalchemy import Integer, Text, column, select, table
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.sql import Select

from forecourt.storage import compiling
from forecourt.storage.compiling import Compiling

STATION = table("station", column("key", Integer), column("identity", Text))


def of(keys: list[int], identity: str | None = None, limit: int = 5) -> Select[tuple[int]]:
    statement = select(STATION.c.key).where(STATION.c.key.in_(keys)).limit(limit)
    return statement if identity is None else statement.where(STATION.c.identity == identity)


@pytest.fixture
def compiled() -> Compiling:
    return Compiling(pysqlite.dialect(paramstyle="qmark"))


def test_values_are_those_of_the_statement_that_is_asked_for(compiled: Compiling) -> None:
    first, second = compiled(of([1, 2], "CP-1", 5)), compiled(of([3, 4], "CP-2", 6))
    assert first.statement == second.statement
    assert (first.positional_parameters, second.positional_parameters) == ((1, 2, "CP-1", 5, 0), (3, 4, "CP-2", 6, 0))


def test_a_list_is_as_long_as_it_is(compiled: Compiling) -> None:
    for keys in ([1], [1, 2, 3], []):
        found = compiled(of(keys))
        assert found.statement.count("?") == len(keys) + 2
        assert found.positional_parameters == (*keys, 5, 0)


def test_other_conditions_are_another_statement(compiled: Compiling) -> None:
    assert compiled(of([1])).statement != compiled(of([1], "CP-1")).statement


def test_names_are_filled_in_for_postgresql() -> None:
    compiled = Compiling(psycopg.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy does not annotate it
    for identity in ("CP-1", "CP-2"):
        found = compiled(of([1, 2], identity))
        assert found.parameters == {"key_1_1": 1, "key_1_2": 2, "identity_1": identity, "param_1": 5}
        assert all(f"%({name})s" in found.statement for name in found.parameters)


def test_more_forms_than_are_kept_are_compiled_again(compiled: Compiling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "MAX_FORMS", 1)
    for identity in (None, "CP-1", None, "CP-2"):
        assert compiled(of([1], identity)).positional_parameters == (1, *([identity] if identity else []), 5, 0)
