"""A world in which errands are asked for, sent and ended."""

from __future__ import annotations

from forecourt.domain.errands.intents import INTENTS, ChangeSetting, Intent
from forecourt.domain.errands.model import (
    BatchNumber,
    Claim,
    Delivery,
    Draft,
    Errand,
    ErrandNumber,
    ErrandState,
    Failure,
    Line,
    Order,
    Priority,
)
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from tests.domain.world import World
from tests.support.vault import unsealed

INTENT = ChangeSetting("Interval", "30")
ANSWER_SECONDS = 30.0


def an_order(
    *,
    delivery: Delivery = Delivery.WHEN_ONLINE,
    priority: Priority = Priority.NORMAL,
    batch: BatchNumber | None = None,
    asked_by: str = "admin",
) -> Order:
    return Order(asked_by=asked_by, delivery=delivery, priority=priority, batch=batch)


def a_draft(intent: Intent = INTENT, *, operation: str = "Set", shown: str | None = None) -> Draft:
    return Draft(operation=operation, intent=intent, shown=shown)


def send(services: Services, claim: Claim, line: Line) -> bool:
    return services.errands.send(
        claim, line=line, action="ChangeConfiguration", shown='{"shown":1}', answer_seconds=ANSWER_SECONDS
    )


class ErrandWorld(World):
    """One station, connected unless it goes away, and what watchers were told."""

    def __init__(self) -> None:
        super().__init__()
        self.station = self.a_station()
        self.line = self.is_connected(self.station)
        self.errands = self.services.errands
        self.told: list[tuple[int, ErrandNumber, Intent, Failure]] = []
        for kind in INTENTS.values():
            self.errands.watch(kind, lambda *_told: None)  # the rooms' own affairs are told elsewhere
        self.errands.watch(ChangeSetting, lambda *told: self.told.append(told))

    def goes_away(self) -> None:
        self.services.presence.close(self.station, self.line.link_id)

    def asked(self, intent: Intent = INTENT, order: Order | None = None, *, station: Station | None = None) -> Errand:
        return self.errands.ask(station or self.station, a_draft(intent), order or an_order())

    def claimed(self) -> Claim:
        claim = self.errands.next_for(self.station, self.line)
        assert claim is not None, "there is nothing to send"
        return claim

    def sent(self, intent: Intent = INTENT, order: Order | None = None) -> Claim:
        """An errand that was sent just now."""
        self.asked(intent, order)
        claim = self.claimed()
        assert send(self.services, claim, self.line)
        return claim

    def in_state(self, state: ErrandState) -> ErrandNumber:
        """The number of an errand that came to a state as errands do."""
        if state is ErrandState.QUEUED:
            return self.asked().number
        if state in (ErrandState.CANCELLED, ErrandState.EXPIRED, ErrandState.FAILED):
            number = self.asked().number
            claim = self.claimed()
            if state is ErrandState.CANCELLED:
                self.errands.cancel(number)
            elif state is ErrandState.FAILED:
                self.errands.refuse_to_send(claim, "It cannot be said.")
            else:
                self.clock.advance(self.errands.get(number).expires_at - self.clock.now())
                self.errands.settle()
            return number
        claim = self.sent()
        if state is ErrandState.ANSWERED:
            self.errands.answered(claim, response="{}", refusal=None)
        elif state is ErrandState.REFUSED:
            self.errands.answered(claim, response="{}", refusal="Rejected")
        return claim.number

    def state(self, number: ErrandNumber) -> ErrandState:
        return self.errands.get(number).state

    def database_text(self) -> str:
        """Everything that stands in the tables of errands, to whoever has the key."""
        return unsealed(repr([self.unit.all(f"SELECT * FROM {table}") for table in ("errand", "errand_batch")]))
