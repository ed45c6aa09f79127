"""What the parts of the trust service have in common: their stores, and how a change is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from forecourt.clock import Clock
from forecourt.domain.changes import Changes
from forecourt.domain.security_log.model import Kind, Note
from forecourt.domain.security_log.service import SecurityLog
from forecourt.domain.trust.model import Trusted
from forecourt.domain.trust.store import TrustReading, TrustStores


class Writing:
    """The stores while nobody else may write to them: what is read from here stays so until it is written."""

    def __init__(self, stores: TrustStores) -> None:
        self.certificates = stores.certificates
        self.revocations = stores.revocations
        self.server_certificates = stores.server_certificates
        self.policy = stores.policy
        self.is_change = True

    def changes_nothing(self) -> None:
        """It turned out that there is nothing to write, so that the version stays."""
        self.is_change = False


class Part:
    """The stores of this room, and what it tells others."""

    def __init__(self, stores: TrustStores, log: SecurityLog, clock: Clock, changes: Changes) -> None:
        self._stores: TrustReading = stores
        self.__written = stores
        self._log = log
        self._clock = clock
        self._changes = changes
        self.__watchers: list[Callable[[], None]] = []

    def watch(self, watcher: Callable[[], None]) -> None:
        """Have a room told of every change to certificates and the policy, in the unit of work that makes it. It is not
        told of what is revoked: that is entered for each certificate that a station replaced."""
        self.__watchers.append(watcher)

    @contextmanager
    def _revoking(self) -> Iterator[Writing]:
        """As :meth:`_writing`, for what only says what is revoked."""
        with self._writing(is_watched=False) as writing:
            yield writing

    @contextmanager
    def _writing(self, *, is_watched: bool = True) -> Iterator[Writing]:
        """The one way to what can be written. It locks first, so that what is read inside cannot be outdated by others
        who change something at the same time; and it makes the version higher, so that no change goes unnoticed."""
        self.__written.certificates.lock()
        writing = Writing(self.__written)
        yield writing
        if writing.is_change:
            self.__written.certificates.bump()
            self._changes.trust_changed()
            for watcher in self.__watchers if is_watched else ():
                watcher()

    def _trusted(self) -> Sequence[Trusted]:
        """The enabled certificates that can be read."""
        return [one for one in self._stores.certificates.enabled() if isinstance(one, Trusted)]

    def _note(self, kind: Kind, reason: str, *, asked_by: str | None = None, station: str | None = None) -> None:
        self._log.note(Note(kind=kind, reason=reason, asked_by=asked_by, station=station))
