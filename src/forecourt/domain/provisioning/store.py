"""What provisioning needs from storage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import (
    BootFacts,
    Registration,
    Station,
    StationDraft,
    StationFilter,
    StationKey,
    StationSheet,
    UnknownStation,
)


class StationStore(Protocol):
    """Stations, known and unknown."""

    def find(self, identity: str) -> Station | None: ...

    def add(self, draft: StationDraft, at: datetime) -> Station | None:
        """The new station, or None when the identity is taken. A removed one comes back with its history."""
        ...

    def change(
        self,
        key: StationKey,
        *,
        description: str,
        group: str,
        registration: Registration,
        heartbeat_seconds: int | None,
    ) -> None: ...

    def remove(self, key: StationKey, at: datetime) -> None: ...

    def record_boot(self, key: StationKey, facts: BootFacts, at: datetime) -> None: ...

    def record_contact(self, key: StationKey, at: datetime) -> None: ...

    def sheet(self, identity: str) -> StationSheet | None: ...

    def sheets(self, wanted: StationFilter, page: PageRequest) -> Page[StationSheet]: ...

    def record_strangers(self, strangers: Sequence[UnknownStation], keep: int) -> None:
        """Add to what is known of unregistered stations, keeping the ``keep`` seen last."""
        ...

    def strangers(self, page: PageRequest) -> Page[UnknownStation]: ...

    def forget_stranger(self, identity: str) -> bool: ...
