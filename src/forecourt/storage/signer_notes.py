"""What signers remember, in the database, sealed; and what is answered for them while a host name is proved."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from forecourt.pki.errors import BadSeal
from forecourt.pki.sealing import Vault
from forecourt.storage.schema import to_micros
from forecourt.storage.unit_of_work import Unit

_KEEP: Final = "INSERT INTO signer_note (key, authority, sealed, kept_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_REPLACE: Final = "UPDATE signer_note SET sealed = ?, kept_at = ? WHERE key = ? AND sealed = ?"
_RECALL: Final = "SELECT sealed FROM signer_note WHERE key = ?"
_CHALLENGE: Final = (
    "INSERT INTO acme_challenge (token, answer, ends_at) VALUES (?, ?, ?)"
    " ON CONFLICT (token) DO UPDATE SET answer = excluded.answer, ends_at = excluded.ends_at"
)


class SignerNotes:
    """The Notebook of one unit of work."""

    def __init__(self, unit: Unit, vault: Vault) -> None:
        self._unit = unit
        self._vault = vault

    def recall(self, authority: str, name: str) -> str | None:
        found = self._found(authority, name)
        return None if found is None else self._opened(found)

    def remember(self, authority: str, name: str, content: str, at: datetime) -> str:
        sealed = self._vault.seal(content.encode())
        if self._unit.execute(_KEEP, (_key(authority, name), authority, sealed, to_micros(at))):
            return content
        found = self._found(authority, name)
        known = None if found is None else self._opened(found)
        if known is None:  # sealed with a key that is gone: nobody can use it any more
            self._unit.execute(_REPLACE, (sealed, to_micros(at), _key(authority, name), found))
            return content
        return known

    def forget(self, authority: str) -> None:
        self._unit.execute("DELETE FROM signer_note WHERE authority = ?", (authority,))

    def put_challenge(self, token: str, answer: str, *, until: datetime) -> None:
        self._unit.execute(_CHALLENGE, (token, answer, to_micros(until)))

    def challenge(self, token: str, at: datetime) -> str | None:
        sql = "SELECT answer FROM acme_challenge WHERE token = ? AND ends_at > ?"
        row = self._unit.one(sql, (token, to_micros(at)))
        return None if row is None else str(row[0])

    def drop_challenges(self, *, before: datetime) -> None:
        self._unit.execute("DELETE FROM acme_challenge WHERE ends_at <= ?", (to_micros(before),))

    def has_challenges(self, *, before: datetime) -> bool:
        sql = "SELECT 1 FROM acme_challenge WHERE ends_at <= ? LIMIT 1"
        return self._unit.one(sql, (to_micros(before),)) is not None

    def _found(self, authority: str, name: str) -> str | None:
        row = self._unit.one(_RECALL, (_key(authority, name),))
        return None if row is None else str(row[0])

    def _opened(self, sealed: str) -> str | None:
        try:
            return self._vault.open(sealed).decode()
        except BadSeal:
            return None


def _key(authority: str, name: str) -> str:
    return f"{authority}\n{name}"
