"""What is asked of errands often costs little, however many there are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from forecourt.domain.errands.model import (
    BatchNumber,
    Delivery,
    Draft,
    ErrandFilter,
    Order,
)
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import StationKey
from forecourt.storage.database import Database
from forecourt.storage.errands import Errands
from tests.storage.bench import Bench
from tests.storage.errand_desk import ALL, DAY, INTENT, LINE, SECOND, Desk
from tests.support.clock import NOON
from tests.support.vault import VAULT


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return Desk(bench)


STATIONS, WAITING = 5000, 100_000

ASKED_OFTEN: dict[str, tuple[Callable[[Errands, StationKey], object], set[str]]] = {
    "which is next": (lambda errands, key: errands.next_for(key, LINE, NOON), {"errand_queued", "errand_out"}),
    "who waits": (lambda errands, _key: errands.waiting("node"), {"errand_queued"}),
    "is anything overdue": (
        lambda errands, _key: errands.is_overdue(NOON),
        {"errand_out", "errand_expiring", "errand_wanted_now"},
    ),
    "what did a node send": (lambda errands, _key: errands.sent_by("node"), {"errand_out"}),
    "the newest": (lambda errands, _key: errands.list(ALL, PageRequest(100)), set()),
    "the newest of a station": (
        lambda errands, _key: errands.list(ErrandFilter(station="CP-1"), PageRequest(100)),
        {"errand_of_station"},
    ),
    "the newest of a batch": (
        lambda errands, _key: errands.list(ErrandFilter(batch=BatchNumber(1)), PageRequest(100)),
        {"errand_of_batch"},
    ),
    "how far a batch is": (
        lambda errands, _key: errands.batch(BatchNumber(1)),
        {"errand_of_batch_by_state"},
    ),
    "what changed": (lambda errands, _key: errands.changed_since(ALL, NOON + SECOND, 1000), {"errand_changed"}),
}
"""Question → how it is asked, and the indexes that answer it."""


@pytest.fixture(scope="module")
def full_file(migrated_file: object, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Many errands that wait for stations that are off line, some of them as one batch."""
    path = tmp_path_factory.mktemp("full") / "forecourt.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    bench = Bench(database)
    desk = Desk(bench)
    with bench.committed():
        batch = desk.errands.add_batch("Reset", "ada", WAITING // 10, NOON)
        for number in range(2, STATIONS + 2):
            row = (number, f"CP-{number}", "", "Accepted", 0)
            bench.unit.execute(
                "INSERT INTO station (key, identity, description, registration, created_at) VALUES (?, ?, ?, ?, ?)", row
            )
        draft = Draft(operation="Reset", intent=INTENT, shown="{}")
        for number in range(WAITING):
            order = Order(
                asked_by="ada",
                delivery=Delivery.WHEN_ONLINE,
                batch=batch if number % 10 == 0 else None,
            )
            desk.errands.add(2 + number % STATIONS, draft, order, expires_at=NOON + DAY, at=NOON)
    bench.close()
    return database


@pytest.mark.parametrize("question", ASKED_OFTEN)
def test_what_is_asked_often_is_answered_from_indexes(
    full_file: Database, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, indexes = ASKED_OFTEN[question]
    bench = Bench(full_file)
    errands = Errands(bench.unit, VAULT)
    plans: list[str] = []
    read = bench.connection.all

    def explain(sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        plans.extend(str(row[3]) for row in read(f"EXPLAIN QUERY PLAN {sql}", parameters))
        return read(sql, parameters)

    def explain_one(sql: str, parameters: tuple[object, ...] = ()) -> tuple[object, ...] | None:
        return next(iter(explain(sql, parameters)), None)

    with bench.reading():
        monkeypatch.setattr(bench.connection, "all", explain)
        monkeypatch.setattr(bench.connection, "one", explain_one)
        ask(errands, StationKey(1))
    bench.close()
    used = {word for plan in plans for word in plan.split() if word.startswith("errand_")}
    assert indexes <= used | {"errand"}, plans
    whole = [plan for plan in plans if plan.split()[:1] == ["SCAN"] and "INDEX" not in plan and "errand" in plan]
    assert whole == [] or question == "the newest", "the whole table is read"


def test_the_full_file_is_full(full_file: Database) -> None:
    bench = Bench(full_file)
    assert bench.count("errand") == WAITING
    with bench.reading():
        assert not Errands(bench.unit, VAULT).is_overdue(NOON)
    bench.close()
