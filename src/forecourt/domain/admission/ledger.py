"""How what decides at the door is changed and written down, by whichever service changes it."""

from __future__ import annotations

from forecourt.domain.admission.model import Access
from forecourt.domain.admission.store import AdmissionStore
from forecourt.domain.changes import Changes
from forecourt.domain.security_log.model import Kind, Note
from forecourt.domain.security_log.service import SecurityLog


class Ledger:
    """Holds a station's access, keeps what became of it, and tells who should know."""

    def __init__(self, store: AdmissionStore, security_log: SecurityLog, changes: Changes) -> None:
        self.store = store
        self._security_log = security_log
        self._changes = changes

    def keep(self, station_key: int, before: Access, after: Access) -> None:
        """Write what is different; passwords that are gone are forgotten. ``before`` must be held."""
        for old in before.passwords:
            new = after.find_password(old.number)
            if new is None:
                self.store.remove_password(old.number)
            elif new != old:
                self.store.put_password(new)
        self.store.put(station_key, after)

    def note(self, kind: Kind, identity: str, reason: str, asked_by: str | None = None) -> None:
        """Write an entry into the security log."""
        self._security_log.note(Note(kind=kind, reason=reason, station=identity, asked_by=asked_by))

    def ring(self, identity: str) -> None:
        """The station's connection may no longer be one that would be let in."""
        self._changes.station_changed(identity)
