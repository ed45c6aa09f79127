"""What provisioning needs from storage."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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

    def put_labels(self, key: StationKey, labels: Sequence[str]) -> None:
        """These, and no others."""
        ...

    def remove(self, key: StationKey, at: datetime) -> None: ...

    def record_boot(self, key: StationKey, facts: BootFacts, at: datetime) -> None: ...

    def record_contact(self, key: StationKey, at: datetime) -> None: ...

    def sheet(self, identity: str) -> StationSheet | None: ...

    def sheets(self, wanted: StationFilter, page: PageRequest) -> Page[StationSheet]: ...

    def groups(self) -> Sequence[str]:
        """Every group that a registered station is in, in order."""
        ...

    def labels(self) -> Sequence[str]:
        """Every label that a registered station has, in order."""
        ...

    def count(self, wanted: StationFilter) -> int: ...

    def known_strangers(self, identities: Collection[str]) -> frozenset[str]:
        """Which of these have knocked before, as far as that is remembered."""
        ...

    def record_strangers(self, strangers: Sequence[UnknownStation], keep: int) -> None:
        """Add to what is known of unregistered stations, keeping the ``keep`` seen last."""
        ...

    def strangers(self, page: PageRequest) -> Page[UnknownStation]: ...

    def find_stranger(self, identity: str) -> UnknownStation | None: ...

    def forget_stranger(self, identity: str) -> bool: ...
