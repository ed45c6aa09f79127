"""What alarms need from storage."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from forecourt.domain.alarms.model import Alarm, AlarmFilter, AlarmNumber, Level, OpenAlarms, Raised, Topic
from forecourt.domain.paging import Page, PageRequest


class AlarmStore(Protocol):
    """Alarms; of each topic and subject at most one is open, whoever raises it at the same time."""

    def raise_(self, topic: Topic, subject: str, level: Level, sentence: str, at: datetime) -> Raised:
        """Open it, or change the open one. One that becomes critical is no longer acknowledged."""
        ...

    def end(self, topic: Topic, subject: str, at: datetime) -> bool:
        """End the open one. False when there is none."""
        ...

    def acknowledge(self, number: AlarmNumber, asked_by: str, at: datetime) -> bool:
        """Note who knows of it. False when it has ended or is acknowledged already."""
        ...

    def find(self, number: AlarmNumber) -> Alarm | None: ...

    def list(self, wanted: AlarmFilter, page: PageRequest) -> Page[Alarm]:
        """The one that was raised last first."""
        ...

    def open_counts(self) -> OpenAlarms: ...

    def prune(self, ended_before: datetime) -> None:
        """Forget those that ended before."""
        ...
