"""What a station has to say, in order: some of it only while it is online, some of it until it is answered.

StartTransaction, StopTransaction and MeterValues of a transaction are kept and sent in order, however long the station
was offline; other messages may overtake them (OCPP 1.6 §3.7). Security events are kept as well (security whitepaper
A04.FR.02).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec

from forecourt.dialects.v16.messages.meter_values import MeterValuesRequest
from forecourt.dialects.v16.messages.stop_transaction import StopTransactionRequest
from forecourt.ocpp.action import Message
from forecourt.ocpp.session import AnyAction
from forecourt_simulator.connector import Transaction

NO_TRANSACTION_ID: Final = -1
"""Stands for the number of a transaction whose StartTransaction was given up (OCPP 1.6 §3.7 and its errata)."""


@dataclass(eq=False, slots=True)
class Letter:
    """A request of the station, from the moment it is wanted until it is answered."""

    action: AnyAction
    words: Message
    connector_id: int = 0
    transaction: Transaction | None = None
    """Set for messages of a transaction: these are kept until they are answered."""
    refusals: int = 0
    not_before: datetime | None = None

    def to_send(self) -> Message:
        """The words as they leave: with the transaction's number, which may have been learnt since."""
        number = None if self.transaction is None else self.transaction.transaction_id
        if number is not None and isinstance(self.words, (StopTransactionRequest, MeterValuesRequest)):
            return msgspec.structs.replace(self.words, transaction_id=number)
        return self.words


@dataclass(slots=True)
class Mailbox:
    """Four queues: what may be said before the station is admitted, what only matters now, security events, and what
    belongs to transactions. The last two are kept until they are answered."""

    attempts: int = 3
    """TransactionMessageAttempts: tries for a message of a transaction that is answered with a CALLERROR."""
    retry_seconds: float = 10.0
    _first: deque[Letter] = field(default_factory=deque)
    _passing: deque[Letter] = field(default_factory=deque)
    _events: deque[Letter] = field(default_factory=deque)
    _lasting: deque[Letter] = field(default_factory=deque)

    def post_first(self, letter: Letter) -> None:
        """For BootNotification and for what the central system asked for while the station was Pending."""
        self._first.append(letter)

    def post(self, letter: Letter) -> None:
        (self._passing if letter.transaction is None else self._lasting).append(letter)

    def post_event(self, letter: Letter) -> None:
        self._events.append(letter)

    def find_next(self, now: datetime, *, is_admitted: bool) -> Letter | None:
        """The letter to send now, or None. A lasting letter stays where it is until it is settled."""
        if self._first:
            return self._first.popleft()
        if not is_admitted:
            return None
        if self._passing:
            return self._passing.popleft()
        for kept in (self._events, self._lasting):
            if kept and (kept[0].not_before is None or kept[0].not_before <= now):
                return kept[0]
        return None

    def settle(self, letter: Letter) -> None:
        """The letter was answered."""
        for kept in (self._events, self._lasting):
            if kept and kept[0] is letter:
                kept.popleft()

    def refuse(self, letter: Letter, now: datetime) -> bool:
        """The letter was answered with a CALLERROR; returns True when a letter that was kept was given up for that.

        The wait before the next try grows with the number of earlier tries (OCPP 1.6 §3.7). A security event was
        delivered, whatever the central system made of it.
        """
        letter.refusals += 1
        if letter.transaction is None:
            is_event = bool(self._events) and self._events[0] is letter
            self.settle(letter)
            return is_event
        if letter.refusals >= self.attempts:
            self.settle(letter)
            return True
        letter.not_before = now + timedelta(seconds=self.retry_seconds * letter.refusals)
        return False

    def go_offline(self) -> None:
        """Forget what only mattered while the link was up."""
        self._first.clear()
        self._passing.clear()

    @property
    def waiting(self) -> list[Letter]:
        """The messages of transactions that are not answered yet, in order."""
        return list(self._lasting)

    @property
    def waiting_events(self) -> list[Letter]:
        """The security events that are not answered yet, in order."""
        return list(self._events)
