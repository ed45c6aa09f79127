"""Many stations are asked a part at a time, and what was asked is never said not to be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from forecourt.dialects.v16 import dialect as v16
from forecourt.domain.errands.model import Delivery, ErrandFilter, ErrandState, Order
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import StationDraft
from forecourt.domain.services import Services
from forecourt.operations import asking
from forecourt.operations.asking import AskedMany, Wish, ask_many, cancel_batch
from forecourt.operations.catalogue import make_catalogue
from forecourt.operations.reading import read_parameters
from tests.support.workspace import MemoryWorkspace

CATALOGUE = make_catalogue([v16.make()])
STATIONS = [f"CP-{number}" for number in range(10)]

Result = TypeVar("Result")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "STATIONS_PER_WORK", 4)


class Failing(MemoryWorkspace):
    """A database that goes away after so many writes."""

    def __init__(self, writes_left: int = 1000) -> None:
        super().__init__()
        for identity in STATIONS:
            self.services.provisioning.add(StationDraft(identity=identity))
        self.writes_left = writes_left

    async def write(self, work: Callable[[Services], Result]) -> Result:
        self.writes_left -= 1
        if self.writes_left < 0:
            raise DomainError(Kind.UNAVAILABLE, "The database did not take this now.")
        return await super().write(work)


def a_wish(operation: str = "ClearCache", parameters: bytes = b"{}") -> Wish:
    made = CATALOGUE[operation]
    order = Order(asked_by="ada", delivery=Delivery.WHEN_ONLINE)
    return Wish(made, read_parameters(parameters, made.params), order)


def ask(workspace: Failing, wish: Wish | None = None) -> AskedMany:
    return asyncio.run(ask_many(workspace, wish or a_wish(), STATIONS))


def stations_asked(workspace: Failing) -> set[str]:
    page = workspace.services.errands.list(ErrandFilter(states=frozenset({ErrandState.QUEUED})), PageRequest())
    return {errand.station for errand in page.items}


def test_every_station_is_asked_and_the_batch_is_written() -> None:
    workspace = Failing()
    asked = ask(workspace)
    assert (asked.refused, stations_asked(workspace)) == ({}, set(STATIONS))
    batch = workspace.services.errands.get_batch(asked.batch)
    assert (batch.total, batch.is_written, batch.is_finished) == (10, True, False)


def test_a_station_that_is_refused_has_an_errand_that_says_so() -> None:
    workspace = Failing()
    asked = ask(workspace, a_wish("StopCharging", b'{"transactionId": 5}'))
    assert set(asked.refused) == set(STATIONS)
    batch = workspace.services.errands.get_batch(asked.batch)
    assert (batch.counts, batch.is_finished) == ({ErrandState.FAILED: 10}, True)


def test_stations_are_asked_in_one_order_whatever_the_order_of_the_selection() -> None:
    """Each may be held until the end of the unit of work: two requests to the same stations must not hold them
    crosswise."""
    workspace = Failing()
    told: list[str] = []
    asyncio.run(
        ask_many(
            workspace,
            a_wish(),
            STATIONS[::-1],
            lambda _batch, errands: told.extend(errand.station for errand in errands),
        )
    )
    part = asking.STATIONS_PER_WORK
    assert told == [name for at in range(0, 10, part) for name in sorted(STATIONS[::-1][at : at + part])]


def test_a_database_that_takes_nothing_is_said_as_it_is() -> None:
    with pytest.raises(DomainError) as caught:
        ask(Failing(writes_left=1))
    assert caught.value.kind is Kind.UNAVAILABLE


def test_what_was_asked_before_the_database_went_away_is_asked_and_the_others_are_refused() -> None:
    workspace = Failing(writes_left=2)
    asked = ask(workspace)
    assert stations_asked(workspace) == set(STATIONS[:4])
    assert set(asked.refused) == set(STATIONS[4:])


def test_a_batch_whose_end_was_not_stored_is_asked_all_the_same() -> None:
    workspace = Failing(writes_left=4)
    assert ask(workspace).refused == {}
    assert stations_asked(workspace) == set(STATIONS)


def test_a_batch_is_taken_back_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forecourt.domain.errands.service.CANCELLED_AT_ONCE", 3)
    workspace = Failing()
    number = ask(workspace).batch
    batch = asyncio.run(cancel_batch(workspace, number))
    assert batch.counts == {ErrandState.CANCELLED: 10}


def test_what_a_task_was_told_is_shown_before_it_is_sent_and_without_its_secret() -> None:
    workspace = Failing()
    told = b'{"location": "ftp://me:hunter2@host/", "log": "Security"}'
    errand = a_wish("CollectLog", told).ask(workspace.services, STATIONS[0])
    assert errand.request == '{"location":"ftp://***@host/","log":"Security"}'
    assert workspace.services.errands.get(errand.number).request == errand.request
