"""This system's own security log: what it refused, what was changed, and by whom (security whitepaper A00.FR.323)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.changes import Changes
from forecourt.domain.events.service import Events
from forecourt.domain.paging import COMMITTED_WITHIN, Page, PageRequest, Tail
from forecourt.domain.security_log.model import (
    MAX_ADDRESS,
    MAX_ASKED_BY,
    MAX_REASON,
    MAX_STATION,
    REFUSALS,
    Note,
    NoteFilter,
    StoredNote,
)
from forecourt.domain.security_log.store import SecurityLogStore
from forecourt.domain.security_log.telling import tell_note
from forecourt.domain.storable import storable

REFUSALS_KEPT: Final = 100_000
"""Of each kind of refusal. Counted by kind, so that a flood of one kind does not wash away what another tells."""


class SecurityLog:
    """Everything that can happen to the log. Entries are never changed."""

    def __init__(self, store: SecurityLogStore, clock: Clock, changes: Changes, *, events: Events) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes
        self._events = events

    def note(self, note: Note) -> None:
        """Write an entry. It belongs to the unit of work: when that raises, the entry goes with it."""
        self.note_all([note])

    def note_all(self, notes: Sequence[Note]) -> None:
        now = self._clock.now()
        for note in notes:
            clean = _storable(note)
            self._store.add(clean, now)
            tell_note(self._events, clean)
        if notes:
            self._changes.security_noted()

    def list(self, wanted: NoteFilter, page: PageRequest) -> Page[StoredNote]:
        """The newest first."""
        return self._store.list(wanted, page)

    def after(self, number: int, wanted: NoteFilter, limit: int) -> Tail[StoredNote]:
        """Entries with a higher number, for whoever follows: each once, and in order. Where several write at once, an
        entry is held back for a moment while one with a lower number may still be on its way."""
        return self._store.after(number, wanted, limit, committed_before=self._clock.now() - COMMITTED_WITHIN)

    def settled(self) -> int:
        """The number after which whoever follows begins, to be told what comes from now on."""
        return self._store.settled(committed_before=self._clock.now() - COMMITTED_WITHIN)

    def prune(self) -> None:
        """Forget refusals that are older than the newest 100,000 of their kind."""
        self._store.prune(REFUSALS, REFUSALS_KEPT)


def _storable(note: Note) -> Note:
    return replace(
        note,
        reason=storable(note.reason, MAX_REASON),
        station=None if note.station is None else storable(note.station, MAX_STATION),
        address=None if note.address is None else storable(note.address, MAX_ADDRESS),
        asked_by=None if note.asked_by is None else storable(note.asked_by, MAX_ASKED_BY),
    )
