"""Seals what older versions left open; and seals again, with a new key, what the old one sealed, which is then needed
no more."""

from __future__ import annotations

from typing import Final

from forecourt.pki.errors import BadSeal
from forecourt.pki.sealing import Vault
from forecourt.storage.connection import Connection
from forecourt.storage.intents import JSON

_SEALED: Final = (
    ("sealed_check", "name", "", "sealed", "true"),
    ("errand", "number", -1, "intent", "(state IN ('queued', 'sent') OR is_outcome_unknown)"),
    ("server_certificate", "name", "", "sealed_key", "true"),
    ("own_certificate", "fingerprint", "", "sealed_key", "sealed_key IS NOT NULL"),
    ("authority", "name", "", "sealed_secrets", "true"),
    ("listener_member", "name", "", "sealed_key", "sealed_key IS NOT NULL"),
    ("firmware_key", "name", "", "sealed_key", "true"),
    ("firmware_key", "name", "", "sealed_root_key", "sealed_root_key IS NOT NULL"),
    ("account", "name", "", "totp_sealed", "totp_sealed IS NOT NULL"),
    ("account", "name", "", "totp_offered", "totp_offered IS NOT NULL"),
    ("signer_note", "key", "", "sealed", "true"),
    ("subscription", "number", -1, "sealed", "true"),
)
"""Table, its key and what is below every key, the column, and the rows whose content is needed again."""

_PAGE: Final = 1000
_PLAIN: Final = (
    "SELECT number, intent FROM errand WHERE number > ? AND substr(intent, 1, 1) = ? ORDER BY number LIMIT ?"
)
_SEAL: Final = "UPDATE errand SET intent = ? WHERE number = ? AND intent = ?"


def seal_plain(connection: Connection, vault: Vault) -> int:
    """Seal every intent that an older version wrote as it is, in the transaction that is open. Those of errands that
    have ended, which nobody needs again, may hold secrets too. Returns how many."""
    changed, after = 0, -1
    while rows := connection.all(_PLAIN, (after, JSON, _PAGE)):
        for number, intent in rows:
            changed += connection.execute(_SEAL, (vault.seal(intent.encode()), number, intent))
        after = rows[-1][0]
    return changed


def reseal(connection: Connection, *, newest: Vault, vault: Vault) -> int:
    """Seal with the newest key what others sealed. Returns how much that was. What no key opens stays as it is."""
    connection.begin()
    try:
        changed = 0
        for table, key, lowest, column, condition in _SEALED:
            page = f"SELECT {key}, {column} FROM {table} WHERE {condition} AND {key} > ? ORDER BY {key} LIMIT ?"
            change = f"UPDATE {table} SET {column} = ? WHERE {key} = ? AND {column} = ?"
            after: int | str = lowest
            while rows := connection.all(page, (after, _PAGE)):
                for at, before in rows:
                    sealed = _resealed(before, newest, vault)
                    if sealed is not None:
                        changed += connection.execute(change, (sealed, at, before))
                after = rows[-1][0]
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return changed


def _resealed(sealed: str, newest: Vault, vault: Vault) -> str | None:
    """None for what is sealed with the newest key already, and for what cannot be opened."""
    try:
        newest.open(sealed)
    except BadSeal:
        try:
            return newest.seal(sealed.encode() if sealed.startswith(JSON) else vault.open(sealed))
        except BadSeal:
            return None
    return None
