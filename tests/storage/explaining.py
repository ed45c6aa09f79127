"""How SQLite answers the questions of a store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from forecourt.storage.connection import Row
from tests.storage.bench import Bench


@contextmanager
def explained(bench: Bench) -> Iterator[list[str]]:
    """The plans of everything that is read or changed inside, statement by statement."""
    connection, plans = bench.connection, list[str]()
    read, read_one, execute = connection.all, connection.one, connection.execute

    def plan(sql: str, parameters: Row) -> None:
        steps = [str(row[3]) for row in read(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        if steps:
            plans.append("; ".join(steps))

    def explain_all(sql: str, parameters: Row = ()) -> Sequence[Row]:
        plan(sql, parameters)
        return read(sql, parameters)

    def explain_one(sql: str, parameters: Row = ()) -> Row | None:
        plan(sql, parameters)
        return read_one(sql, parameters)

    def explain_execute(sql: str, parameters: Row = ()) -> int:
        plan(sql, parameters)
        return execute(sql, parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "all", explain_all)
        patch.setattr(connection, "one", explain_one)
        patch.setattr(connection, "execute", explain_execute)
        yield plans


def uses(plans: Sequence[str], index: str) -> bool:
    """True when there are plans, and each looks up this index and reads no table as a whole."""
    return bool(plans) and all(f"INDEX {index} (" in plan and "SCAN" not in plan for plan in plans)
