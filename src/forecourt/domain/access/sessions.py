"""Sessions of people who signed in on a page."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from forecourt.clock import Clock
from forecourt.domain.access.model import digest
from forecourt.domain.access.permissions import PERMISSIONS, Permission, Role
from forecourt.domain.storable import storable

IDLE: Final = timedelta(hours=2)
"""A session that is not used for so long ends."""
LONGEST: Final = timedelta(hours=16)
"""A session ends then, however much it is used."""
SEEN_EVERY: Final = timedelta(minutes=1)
"""How often it is written down that a session is in use."""

HALF: Final = timedelta(minutes=5)
"""How long somebody who gave a password may take to give the second factor."""
TRIES: Final = 5
"""How often; then the password has to be given again."""

MAX_AGENT_CHARACTERS: Final = 300


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who signed in, as long as the session lasts."""

    account: str
    shown_name: str
    role: Role
    csrf: str
    """What every form of this session carries."""
    seen_at: datetime
    language: str | None
    zone: str | None
    """The IANA name of a time zone; None where the browser says it."""
    theme: str | None

    def may(self, permission: Permission) -> bool:
        return permission in PERMISSIONS[self.role]


@dataclass(frozen=True, slots=True)
class Session:
    """One session as it is kept, without its secret. One that is half open lacks the second factor, and is nobody's."""

    digest: str
    account: str
    csrf: str
    started_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    is_half: bool = False


class SessionStore(Protocol):
    """Sessions, by the digests of their secrets."""

    def add(self, session: Session) -> None: ...

    def find_visitor(self, digest: str, *, at: datetime, seen_since: datetime) -> Visitor | None:
        """Whose session it is, unless it has ended, was not used since, or the account is disabled."""
        ...

    def find_half(self, digest: str, *, at: datetime, most_tries: int) -> str | None:
        """The account of a half open session, unless it has ended, was tried too often, or the account is disabled."""
        ...

    def tried(self, digest: str) -> None:
        """Count a try of a half open session."""
        ...

    def list_of(self, account: str, *, at: datetime, seen_since: datetime) -> Sequence[Session]:
        """Those that are open, the one that was used last first."""
        ...

    def seen(self, digest: str, at: datetime) -> None: ...

    def remove(self, digest: str) -> None: ...

    def remove_of(self, account: str, *, but: str | None = None) -> None: ...

    def prune(self, at: datetime, seen_since: datetime) -> None: ...


class Sessions:
    """Everything that can happen to sessions."""

    def __init__(self, store: SessionStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def open(self, account: str, *, address: str, agent: str) -> str:
        """A new session and its secret, which is not stored. Whoever opens one has checked who it is."""
        return self._add(account, address=address, agent=agent, is_half=False)

    def open_half(self, account: str, *, address: str, agent: str) -> str:
        """The secret of a session that opens nothing but the question for the second factor. Once it was answered,
        close it and open a whole one, whose secret nobody has seen before."""
        return self._add(account, address=address, agent=agent, is_half=True)

    def find_half(self, secret: str) -> str | None:
        """Who is asked for the second factor, or None when it is too late, or was tried too often."""
        return self._store.find_half(digest(secret), at=self._clock.now(), most_tries=TRIES)

    def tried(self, secret: str) -> None:
        """A second factor was given for a half open session; count it before it is checked."""
        self._store.tried(digest(secret))

    def find(self, secret: str) -> Visitor | None:
        """Who it is, or None when the session has ended."""
        now = self._clock.now()
        return self._store.find_visitor(digest(secret), at=now, seen_since=now - IDLE)

    def needs_record(self, visitor: Visitor) -> bool:
        return self._clock.now() - visitor.seen_at >= SEEN_EVERY

    def seen(self, secret: str) -> None:
        """The session is in use."""
        self._store.seen(digest(secret), self._clock.now())

    def close(self, secret: str) -> None:
        self._store.remove(digest(secret))

    def list_of(self, account: str) -> Sequence[Session]:
        """Where somebody is signed in, the session that was used last first."""
        now = self._clock.now()
        return self._store.list_of(account, at=now, seen_since=now - IDLE)

    def close_one(self, account: str, session: str) -> None:
        """End one of somebody's sessions, by its digest. Nothing happens when it is not theirs or has ended."""
        if any(one.digest == session for one in self.list_of(account)):
            self._store.remove(session)

    def prune(self) -> None:
        """Forget sessions that have ended."""
        now = self._clock.now()
        self._store.prune(now, now - IDLE)

    def close_all(self, account: str, *, but: str | None = None) -> None:
        """End every session of an account, apart from the one with the secret ``but``."""
        self._store.remove_of(account, but=None if but is None else digest(but))

    def _add(self, account: str, *, address: str, agent: str, is_half: bool) -> str:
        now = self._clock.now()
        self._store.prune(now, now - IDLE)
        secret = secrets.token_urlsafe(32)
        self._store.add(
            Session(
                digest=digest(secret),
                account=account,
                csrf=secrets.token_urlsafe(32),
                started_at=now,
                seen_at=now,
                expires_at=now + (HALF if is_half else LONGEST),
                address=address,
                agent=storable(agent, MAX_AGENT_CHARACTERS),
                is_half=is_half,
            )
        )
        return secret
