"""Everything that can happen to an errand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from forecourt.clock import Clock
from forecourt.domain.changes import Changes
from forecourt.domain.errands.intents import Intent, Say
from forecourt.domain.errands.model import (
    ANSWER_GRACE,
    CANCELLED_AT_ONCE,
    MAX_ATTEMPTS,
    MAX_TROUBLES,
    WRITING_TIME,
    Batch,
    BatchNumber,
    Claim,
    Delivery,
    Draft,
    Errand,
    ErrandFilter,
    ErrandNumber,
    ErrandState,
    Failure,
    Line,
    Order,
    expiry,
    new_errand,
)
from forecourt.domain.errands.store import ErrandStore
from forecourt.domain.errors import DomainError, conflict, is_lasting, not_found
from forecourt.domain.events.kinds import Kind as Told
from forecourt.domain.events.model import Value
from forecourt.domain.events.service import Events
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Registration, Station

Wanted = TypeVar("Wanted", bound=Intent)

Watcher = Callable[[int, ErrandNumber, Any, Failure], None]  # each takes the intents of its own kind


class Errands:
    """The only way to ask something of a station."""

    def __init__(self, store: ErrandStore, clock: Clock, changes: Changes, *, events: Events) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes
        self._events = events
        self._watchers: dict[type[Intent], Watcher] = {}
        self._troubles: dict[ErrandNumber, int] = {}

    def watch(self, kind: type[Wanted], watcher: Callable[[int, ErrandNumber, Wanted, Failure], None]) -> None:
        """Have a room told, with the station's key, when an errand of this kind ends and the station gave no usable
        answer. It is told in the unit of work that ends it, which may be the one that asks for it: before
        :meth:`ask` returns. One room watches a kind."""
        self._watchers[kind] = watcher

    # Asking

    def ask(self, station: Station, draft: Draft, order: Order) -> Errand:
        """Write an errand down. It is on its way when this unit of work is committed.

        What is wanted now of a station that is off line, or of one that was rejected, fails here and now, and says
        so. Raises DomainError INVALID for an order that nobody could carry.
        """
        errand, is_online = self._written(station, draft, order)
        reason = _obstacle(station, order, is_online=is_online)
        if reason is None:
            self._changes.errand_written(station.identity)
            return errand
        return self._failed_at_once(station, draft, errand.number, reason)

    def _written(self, station: Station, draft: Draft, order: Order) -> tuple[Errand, bool]:
        now = self._clock.now()
        expires_at = expiry(order, now)
        number, is_online = self._store.add(station.key, draft, order, expires_at=expires_at, at=now)
        return new_errand(number, station.identity, draft, order, expires_at=expires_at, at=now), is_online

    def _failed_at_once(self, station: Station, draft: Draft, number: ErrandNumber, reason: str) -> Errand:
        claim = Claim(number, station.key, draft.operation, draft.intent, 0)
        self._end(claim, ErrandState.QUEUED, Failure(reason))
        return self.get(number)

    def add_batch(self, operation: str, asked_by: str, total: int) -> BatchNumber:
        """Begin a request to many stations; its errands name it in their order. :meth:`finish_writing` ends it."""
        return self._store.add_batch(operation, asked_by, total, self._clock.now())

    def finish_writing(self, number: BatchNumber) -> Batch:
        """All errands of a batch are written down."""
        self._store.finish_writing(number)
        return self.get_batch(number)

    def ask_refused(self, station: Station, operation: str, order: Order, reason: str) -> Errand:
        """Write down that something was refused for one of many stations, so that each has an errand that says how
        it ended."""
        draft = Draft(operation=operation, intent=Say(operation, ""), shown=None)
        errand, _ = self._written(station, draft, order)
        return self._failed_at_once(station, draft, errand.number, reason)

    def cancel(self, number: ErrandNumber) -> Errand:
        """Take an errand back. Raises DomainError NOT_FOUND, or CONFLICT when it was sent already."""
        errand = self.get(number)
        claim = self._store.find_claim(number)
        if claim is None or not self._cancel(claim, "Cancelled."):
            if errand.state.is_final:
                raise conflict("The errand {} has ended already: it was {}.", number, errand.state.value)
            raise conflict("The errand {} was sent already; what the station answers will be recorded.", number)
        return self.get(number)

    def cancel_some(self, number: BatchNumber) -> bool:
        """Take back some of what of a batch was not sent yet, as much as one unit of work should do. True when there
        may be more. Raises DomainError NOT_FOUND."""
        self.get_batch(number)
        queued = self._store.queued_in(number, CANCELLED_AT_ONCE)
        for errand in queued:
            claim = self._store.find_claim(errand)
            if claim is not None:
                self._cancel(claim, "Cancelled with its batch.")
        return len(queued) == CANCELLED_AT_ONCE

    def abandon(self, station: Station) -> None:
        """Take back all that waits for a station that is taken off the register."""
        for number in self._store.queued_for(station.key):
            claim = self._store.find_claim(number)
            if claim is not None:
                self._cancel(claim, "The station was taken off the register.")

    def _cancel(self, claim: Claim, reason: str) -> bool:
        return self._finish(claim, ErrandState.QUEUED, ErrandState.CANCELLED, _unsent(claim, reason))

    # Carrying, for the courier

    def next_for(self, station: Station, line: Line) -> Claim | None:
        """The errand that is to go next over a link, or None."""
        if station.registration is Registration.REJECTED:
            return None  # since it was asked (OCPP 1.6 §4.2)
        return self._store.next_for(station.key, line, self._clock.now())

    def send(self, claim: Claim, *, line: Line, action: str, shown: str, answer_seconds: float) -> bool:
        """It is about to be sent: once this is committed it may be on the wire. False when it was taken back."""
        now = self._clock.now()
        is_sent = self._store.send(
            claim,
            line=line,
            action=action,
            shown=shown,
            kept=_kept(claim.intent, shown),
            at=now,
            answer_by=now + timedelta(seconds=answer_seconds) + ANSWER_GRACE,
        )
        if is_sent:
            self._changes.errand_changed(claim.number)
        return is_sent

    def refuse_to_send(self, claim: Claim, reason: str) -> None:
        """It cannot be sent to this station as it is."""
        self._end(claim, ErrandState.QUEUED, _unsent(claim, reason))

    def answered(self, claim: Claim, *, response: str, refusal: str | None) -> bool:
        """The station answered; ``refusal`` is the status with which it refused, None when it did not.

        False when the errand was given up before.
        """
        state = ErrandState.ANSWERED if refusal is None else ErrandState.REFUSED
        failure = None if refusal is None else Failure(f"The station answered {refusal}.")
        is_new = self._store.finish(
            claim.number, state, of=ErrandState.SENT, at=self._clock.now(), failure=failure, response=response
        )
        if is_new:
            self._changes.errand_changed(claim.number)
        return is_new

    def answered_late(self, claim: Claim, *, response: str, refusal: str | None) -> bool:
        """The station answered after its errand was given up: what was not known is known now.

        False when the outcome is known already, or when the errand was queued again.
        """
        state = ErrandState.ANSWERED if refusal is None else ErrandState.REFUSED
        reason = "It was answered late." if refusal is None else f"The station answered late, with {refusal}."
        return self._learn(claim, state, Failure(reason), response)

    def failed_late(self, claim: Claim, failure: Failure, *, response: str) -> bool:
        """The station answered with an error after its errand was given up: it did not do it."""
        known = Failure(f"It was answered late. {failure.reason}", failure.code)
        is_new = self._learn(claim, ErrandState.FAILED, known, response)
        if is_new:
            self._tell(claim, known)
        return is_new

    def _learn(self, claim: Claim, state: ErrandState, failure: Failure, response: str) -> bool:
        is_new = self._store.learn_outcome(claim.number, state, failure, response, self._clock.now())
        if is_new:
            self._changes.errand_changed(claim.number)
        return is_new

    def failed(self, claim: Claim, failure: Failure, *, response: str | None = None) -> None:
        """It was sent, and nothing usable came back."""
        self._end(claim, ErrandState.SENT, failure, response)

    def lost(self, claim: Claim, reason: str, *, is_repeatable: bool, was_sent: bool = True) -> None:
        """It was to be sent, or was sent, and nobody will learn how it ended over this link."""
        if not was_sent:
            if self._store.take_back(claim, self._clock.now()):
                self._changes.errand_changed(claim.number)
            return
        if is_repeatable and claim.attempts + 1 < MAX_ATTEMPTS:
            if self._store.put_back(claim.number, self._clock.now()):
                self._changes.errand_changed(claim.number)
            return
        sentence = f"{reason} Whether the station did it is not known."
        self._end(claim, ErrandState.SENT, Failure(sentence, is_outcome_unknown=True))

    def sent_by(self, node: str) -> list[Claim]:
        """What a node had sent when it stopped; see :meth:`lost`."""
        return self._store.sent_by(node)

    def waiting(self, node: str) -> list[str]:
        """Stations of a node for which something can be sent."""
        return self._store.waiting(node)

    # Time passes

    def is_due(self) -> bool:
        now = self._clock.now()
        return self._store.is_overdue(now) or bool(self._store.half_written(now - WRITING_TIME))

    def overdue(self) -> list[ErrandNumber]:
        """Errands that wait in vain, a limited number of them."""
        return [claim.number for claim, _, _ in self._store.overdue(self._clock.now())]

    def settle(self, only: ErrandNumber | None = None) -> None:
        """End what waits in vain, or one of it."""
        for batch in self._store.half_written(self._clock.now() - WRITING_TIME):
            self._store.finish_writing(batch)
        for claim, state, reason in self._store.overdue(self._clock.now()):
            if only not in (None, claim.number):
                continue
            if state is ErrandState.SENT:
                self.lost(claim, reason, is_repeatable=False)
            elif reason:
                self._end(claim, state, _unsent(claim, reason))
            else:
                self._finish(claim, state, ErrandState.EXPIRED, _unsent(claim, "The station was not reached in time."))

    # Questions

    def get(self, number: ErrandNumber) -> Errand:
        errand = self._store.find(number)
        if errand is None:
            raise not_found("There is no errand {}.", number)
        return errand

    def list(self, wanted: ErrandFilter, page: PageRequest) -> Page[Errand]:
        return self._store.list(wanted, page)

    def changed_since(self, wanted: ErrandFilter, at: datetime, limit: int = 1000) -> Sequence[Errand]:
        """What changed at or after a moment, oldest change first."""
        return self._store.changed_since(wanted, at, limit)

    def get_batch(self, number: BatchNumber) -> Batch:
        batch = self._store.batch(number)
        if batch is None:
            raise not_found("There is no batch {}.", number)
        return batch

    def batches(self, page: PageRequest) -> Page[Batch]:
        return self._store.batches(page)

    # Inside

    def _end(self, claim: Claim, of: ErrandState, failure: Failure, response: str | None = None) -> None:
        self._finish(claim, of, ErrandState.FAILED, failure, response)

    def _finish(
        self, claim: Claim, of: ErrandState, state: ErrandState, failure: Failure, response: str | None = None
    ) -> bool:
        is_new = self._store.finish(
            claim.number,
            state,
            of=of,
            at=self._clock.now(),
            failure=failure,
            response=response,
            kept=claim.intent.without_secrets() if not isinstance(claim.intent, Say) else Say(claim.intent.action, ""),
        )
        if is_new:
            self._changes.errand_changed(claim.number)
            self._tell(claim, failure)
            if state is not ErrandState.CANCELLED:
                self._tell_outside(claim.number)
        return is_new

    def _tell_outside(self, number: ErrandNumber) -> None:
        """Of one of many it is told with its batch."""
        errand = self.get(number)
        if errand.batch is not None:
            return
        data: dict[str, Value] = {
            "errand": int(number),
            "operation": errand.operation,
            "state": errand.state.value,
            "reason": errand.reason,
            "askedBy": errand.asked_by,
        }
        self._events.tell_of_station(Told.ERRAND_FAILED, errand.station, data)

    def _tell(self, claim: Claim, failure: Failure) -> None:
        """An errand ends whatever the room makes of it: a room that cannot be told, however often that is tried, is
        not told."""
        watcher = self._watchers.get(type(claim.intent))
        if watcher is None or self._troubles.get(claim.number, 0) >= MAX_TROUBLES:
            self._troubles.pop(claim.number, None)
            return
        try:
            watcher(claim.station_key, claim.number, claim.intent, failure)
        except DomainError:
            return  # it knows nothing of this errand
        except Exception as error:
            if is_lasting(error):
                self._troubles[claim.number] = self._troubles.get(claim.number, 0) + 1
            raise
        self._troubles.pop(claim.number, None)


def _obstacle(station: Station, order: Order, *, is_online: bool) -> str | None:
    if station.registration is Registration.REJECTED:
        return "The station is Rejected and must not be sent anything; accept it first (OCPP 1.6 §4.2)."
    if order.delivery is Delivery.NOW and not is_online:
        return "The station is not connected. Ask for delivery when it is on line, or try again later."
    return None


def _unsent(claim: Claim, reason: str) -> Failure:
    """It is not sent, or not sent again."""
    if not claim.attempts:
        return Failure(reason)
    sentence = "It was sent, its answer was lost, and it was not sent again. Whether the station did it is not known."
    return Failure(sentence, is_outcome_unknown=True)


def _kept(intent: Intent, shown: str) -> Intent:
    return Say(intent.action, shown) if isinstance(intent, Say) else intent.without_secrets()
