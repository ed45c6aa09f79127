"""What errands need from storage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.errands.intents import Intent
from forecourt.domain.errands.model import (
    Batch,
    BatchNumber,
    Claim,
    Draft,
    Errand,
    ErrandFilter,
    ErrandNumber,
    ErrandState,
    Failure,
    Line,
    Order,
)
from forecourt.domain.paging import Page, PageRequest


class ErrandStore(Protocol):
    """Errands of all stations. Every change of a state names the state that it is changed from: of two that try,
    one does it and the other learns that it did not."""

    def add(
        self, station_key: int, draft: Draft, order: Order, *, expires_at: datetime, at: datetime
    ) -> tuple[ErrandNumber, bool]:
        """Write an errand down as queued. Returns its number, and whether a link of the station is on record, on any
        node."""
        ...

    def next_for(self, station_key: int, line: Line, at: datetime) -> Claim | None:
        """The errand that is to go next over this link; None when there is none, when another one of the station is
        out, or when the link is not the one on record."""
        ...

    def send(
        self, claim: Claim, *, line: Line, action: str, shown: str, kept: Intent, at: datetime, answer_by: datetime
    ) -> bool:
        """From queued to sent. ``kept`` takes the place of the intent. False when it is no longer queued."""
        ...

    def put_back(self, number: ErrandNumber, at: datetime) -> bool:
        """From sent to queued, to be sent once more."""
        ...

    def take_back(self, claim: Claim, at: datetime) -> bool:
        """From sent to queued, as if it had never been marked as sent: it was not."""
        ...

    def finish(
        self,
        number: ErrandNumber,
        state: ErrandState,
        *,
        of: ErrandState,
        at: datetime,
        failure: Failure | None = None,
        response: str | None = None,
        kept: Intent | None = None,
    ) -> bool:
        """From the state ``of`` to a final one. False when it is not in that state."""
        ...

    def learn_outcome(
        self, number: ErrandNumber, state: ErrandState, failure: Failure, response: str, at: datetime
    ) -> bool:
        """From failed with unknown outcome to what became of it. False when it is not in that state."""
        ...

    def overdue(self, at: datetime) -> list[tuple[Claim, ErrandState, str]]:
        """Errands that wait in vain, with their state and the reason: queued ones that have expired (the reason is
        empty) or that are wanted now of a station that is off line, and sent ones whose node does not say how they
        ended."""
        ...

    def is_overdue(self, at: datetime) -> bool:
        """True when :meth:`overdue` has something to tell. Cheap, because it is asked every second."""
        ...

    def sent_by(self, node: str) -> list[Claim]:
        """Errands that a node has sent and that are not ended."""
        ...

    def waiting(self, node: str) -> list[str]:
        """Stations that are connected to a node and have queued errands and none that is out."""
        ...

    def find(self, number: ErrandNumber) -> Errand | None: ...

    def find_claim(self, number: ErrandNumber) -> Claim | None:
        """An errand with what it wants, whatever its state."""
        ...

    def list(self, wanted: ErrandFilter, page: PageRequest) -> Page[Errand]:
        """Newest first."""
        ...

    def changed_since(self, wanted: ErrandFilter, at: datetime, limit: int) -> Sequence[Errand]:
        """Errands that changed at or after a moment, oldest change first."""
        ...

    def add_batch(self, operation: str, asked_by: str, total: int, at: datetime) -> BatchNumber: ...

    def finish_writing(self, number: BatchNumber) -> None:
        """The batch has all of its errands; their number becomes its total."""
        ...

    def half_written(self, before: datetime) -> Sequence[BatchNumber]:
        """Batches that were begun before a moment and are not written yet."""
        ...

    def batch(self, number: BatchNumber) -> Batch | None: ...

    def batches(self, page: PageRequest) -> Page[Batch]:
        """Newest first."""
        ...

    def queued_for(self, station_key: int) -> Sequence[ErrandNumber]: ...

    def queued_in(self, batch: BatchNumber, limit: int) -> Sequence[ErrandNumber]: ...
