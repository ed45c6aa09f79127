"""What files need from storage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from forecourt.domain.files.model import (
    Arrival,
    Direction,
    FileFilter,
    FileNumber,
    Kept,
    ReceivedFile,
    Ticket,
    TicketNumber,
)
from forecourt.domain.jobs.model import JobNumber
from forecourt.domain.paging import Page, PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDraft:
    """A ticket that is about to be written down."""

    direction: Direction
    digest: str
    """SHA-256 of the token, in hexadecimal."""
    job: JobNumber | None
    file: str | None
    name: str
    max_bytes: int
    uses: int
    ends_at: datetime


class FileStore(Protocol):
    """Tickets, and what came of them."""

    def add_ticket(self, station_key: int, draft: TicketDraft, at: datetime) -> TicketNumber: ...

    def find_ticket(self, digest: str) -> Ticket | None: ...

    def use_ticket(self, number: TicketNumber) -> bool:
        """Take one use of it; False when there is none left. Of two at once only one gets the last."""
        ...

    def remove_tickets(self, *, ended_before: datetime) -> None: ...

    def add(self, ticket: TicketNumber, kept: Kept, arrival: Arrival, at: datetime) -> FileNumber:
        """A file that came with a ticket belongs to the ticket's station and job."""
        ...

    def find(self, number: FileNumber) -> ReceivedFile | None: ...

    def with_ticket(self, ticket: TicketNumber) -> ReceivedFile | None:
        """The newest that came with a ticket."""
        ...

    def list(self, wanted: FileFilter, page: PageRequest) -> Page[ReceivedFile]:
        """The newest first."""
        ...

    def remove(self, number: FileNumber) -> bool: ...

    def has_older(self, than: datetime) -> bool:
        """Whether a file was received before a time."""
        ...

    def remove_older(self, than: datetime, limit: int) -> int:
        """Remove the oldest of them. How many were."""
        ...

    def system(self, drawn: str) -> str:
        """The id of the system, which is the one that was drawn first."""
        ...

    def known(self, names: Sequence[str]) -> frozenset[str]:
        """Which of these names of the shelf are those of received files."""
        ...
