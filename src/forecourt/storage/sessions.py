"""Sessions of people in the database, by the digests of their secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text

from forecourt.domain.access.permissions import Role
from forecourt.domain.access.sessions import Session, Visitor
from forecourt.storage.schema import from_micros, metadata, moment, text, to_micros
from forecourt.storage.unit_of_work import Unit

session: Final = Table(
    "session",
    metadata,
    Column("digest", Text, primary_key=True),
    text("account"),
    text("csrf"),
    moment("started_at"),
    moment("seen_at"),
    moment("expires_at"),
    text("address"),
    text("agent"),
    Column("is_half", Boolean, nullable=False),
    Column("tries", BigInteger, nullable=False, server_default="0"),
    Index("session_of_account", "account"),
    Index("session_expiry", "expires_at"),
)

_ADD: Final = (
    "INSERT INTO session (digest, account, csrf, started_at, seen_at, expires_at, address, agent, is_half)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_FIND: Final = (
    "SELECT a.name, a.shown_name, a.role, s.csrf, s.seen_at, a.language, a.zone, a.theme FROM session AS s"
    " JOIN account AS a ON a.name = s.account"
    " WHERE s.digest = ? AND s.expires_at > ? AND s.seen_at > ? AND a.is_enabled"
    " AND NOT s.is_half"
)
_FIND_HALF: Final = (
    "SELECT a.name FROM session AS s JOIN account AS a ON a.name = s.account"
    " WHERE s.digest = ? AND s.expires_at > ? AND s.tries < ? AND a.is_enabled AND s.is_half"
)
_LIST: Final = (
    "SELECT digest, account, csrf, started_at, seen_at, expires_at, address, agent FROM session"
    " WHERE account = ? AND expires_at > ? AND seen_at > ? AND NOT is_half ORDER BY seen_at DESC, digest"
)


class SessionRecords:
    """The SessionStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, session: Session) -> None:
        self._unit.execute(
            _ADD,
            (
                session.digest,
                session.account,
                session.csrf,
                to_micros(session.started_at),
                to_micros(session.seen_at),
                to_micros(session.expires_at),
                session.address,
                session.agent,
                session.is_half,
            ),
        )

    def find_visitor(self, digest: str, *, at: datetime, seen_since: datetime) -> Visitor | None:
        row = self._unit.one(_FIND, (digest, to_micros(at), to_micros(seen_since)))
        if row is None:
            return None
        account, shown_name, role, csrf, seen_at, language, zone, theme = row
        return Visitor(account, shown_name or account, Role(role), csrf, from_micros(seen_at), language, zone, theme)

    def find_half(self, digest: str, *, at: datetime, most_tries: int) -> str | None:
        row = self._unit.one(_FIND_HALF, (digest, to_micros(at), most_tries))
        return None if row is None else str(row[0])

    def tried(self, digest: str) -> None:
        self._unit.execute("UPDATE session SET tries = tries + 1 WHERE digest = ?", (digest,))

    def list_of(self, account: str, *, at: datetime, seen_since: datetime) -> list[Session]:
        rows = self._unit.all(_LIST, (account, to_micros(at), to_micros(seen_since)))
        return [
            Session(digest, name, csrf, from_micros(began), from_micros(seen), from_micros(ends), address, agent)
            for digest, name, csrf, began, seen, ends, address, agent in rows
        ]

    def seen(self, digest: str, at: datetime) -> None:
        self._unit.execute("UPDATE session SET seen_at = ? WHERE digest = ?", (to_micros(at), digest))

    def remove(self, digest: str) -> None:
        self._unit.execute("DELETE FROM session WHERE digest = ?", (digest,))

    def remove_of(self, account: str, *, but: str | None = None) -> None:
        self._unit.execute("DELETE FROM session WHERE account = ? AND digest <> ?", (account, but or ""))

    def prune(self, at: datetime, seen_since: datetime) -> None:
        self._unit.execute(
            "DELETE FROM session WHERE expires_at <= ? OR seen_at <= ?", (to_micros(at), to_micros(seen_since))
        )
