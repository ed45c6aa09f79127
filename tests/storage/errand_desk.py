"""Errands of a few stations in a database."""

from __future__ import annotations

from datetime import datetime, timedelta

from forecourt.domain.errands.intents import Intent, Say
from forecourt.domain.errands.model import (
    BatchNumber,
    Claim,
    Delivery,
    Draft,
    ErrandFilter,
    ErrandNumber,
    ErrandState,
    Failure,
    Line,
    Order,
    Priority,
)
from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import StationKey
from forecourt.storage.errands import Errands
from tests.storage.bench import Bench
from tests.support.clock import NOON
from tests.support.vault import VAULT

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
INTENT = Say("Reset", '{"type":"Hard"}')
LINE = Line("node", LinkId(1))
ALL = ErrandFilter()


class Desk:
    """The errands of one connection, and one station that is connected."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.errands = Errands(bench.unit, VAULT)
        self.key = bench.add_station()
        self.connect(self.key, LINE)

    def connect(self, key: StationKey, line: Line) -> None:
        with self.bench.committed():
            self.bench.links.open(key, line.link_id, node=line.node, address="a", subprotocol="ocpp1.6", at=NOON)

    def disconnect(self) -> None:
        with self.bench.committed():
            self.bench.links.close(self.key, LINE.link_id)

    def add(
        self,
        *,
        key: StationKey | None = None,
        operation: str = "Reset",
        intent: Intent = INTENT,
        shown: str | None = None,
        asked_by: str = "admin",
        delivery: Delivery = Delivery.WHEN_ONLINE,
        priority: Priority = Priority.NORMAL,
        batch: BatchNumber | None = None,
        warnings: tuple[str, ...] = (),
        at: datetime = NOON,
        expires_at: datetime = NOON + DAY,
    ) -> ErrandNumber:
        draft = Draft(operation=operation, intent=intent, shown=shown, warnings=warnings)
        order = Order(asked_by=asked_by, delivery=delivery, priority=priority, batch=batch)
        with self.bench.committed():
            number, _ = self.errands.add(key or self.key, draft, order, expires_at=expires_at, at=at)
        return number

    def next(self, line: Line = LINE, *, at: datetime = NOON) -> Claim | None:
        with self.bench.reading():
            return self.errands.next_for(self.key, line, at)

    def send(self, number: ErrandNumber, *, at: datetime = NOON, answer_by: datetime = NOON + 2 * SECOND) -> bool:
        claim = Claim(number, self.key, "Reset", INTENT, 0)
        with self.bench.committed():
            return self.errands.send(
                claim, line=LINE, action="Reset", shown="{}", kept=INTENT, at=at, answer_by=answer_by
            )

    def finish(
        self, number: ErrandNumber, state: ErrandState, *, of: ErrandState = ErrandState.QUEUED, at: datetime = NOON
    ) -> bool:
        with self.bench.committed():
            return self.errands.finish(number, state, of=of, at=at, failure=Failure("Why."))

    def numbers(self, wanted: ErrandFilter = ALL) -> list[int]:
        with self.bench.reading():
            return [errand.number for errand in self.errands.list(wanted, PageRequest(1000)).items]

    def overdue(self, at: datetime) -> list[tuple[int, ErrandState, str]]:
        with self.bench.reading():
            found = self.errands.overdue(at)
            assert self.errands.is_overdue(at) is bool(found)
        return [(claim.number, state, reason) for claim, state, reason in found]
