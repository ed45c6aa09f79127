"""The record of who did what. Entries belong to the unit of work of what they tell: one without the other is never
stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.audit.model import (
    FAILURES,
    MAX_ACTION,
    MAX_DETAIL,
    MAX_SUBJECT,
    MAX_WHO,
    AuditEntry,
    AuditFilter,
    Deed,
)
from forecourt.domain.audit.store import AuditStore
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.storable import storable

KEPT: Final = timedelta(days=400)
"""How long entries are kept where the settings say nothing."""
FAILURES_KEPT: Final = 100_000
"""Of each kind."""


class Audit:
    """Everything that can happen to the record. Entries are never changed."""

    def __init__(self, store: AuditStore, clock: Clock, *, kept: timedelta | None = KEPT) -> None:
        self._store = store
        self._clock = clock
        self._kept = kept

    def note(self, deed: Deed) -> None:
        """Write an entry. It belongs to the unit of work: when that raises, the entry goes with it."""
        kept = replace(
            deed,
            who=storable(deed.who, MAX_WHO),
            action=storable(deed.action, MAX_ACTION),
            subject=storable(deed.subject, MAX_SUBJECT),
            detail=storable(deed.detail, MAX_DETAIL),
        )
        self._store.add(kept, self._clock.now())

    def list(self, wanted: AuditFilter, page: PageRequest) -> Page[AuditEntry]:
        """The newest first."""
        return self._store.list(wanted, page)

    def prune(self) -> None:
        """Forget entries that are older than the settings want, and all but the newest failures to sign in."""
        self._store.prune_all_but(FAILURES, FAILURES_KEPT)
        if self._kept is not None:
            self._store.prune(self._clock.now() - self._kept)
