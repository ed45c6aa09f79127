"""Authorities outside in the database, their secrets sealed, and who is asked for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Table, Text

from forecourt.domain.authorities.model import Authority, AuthorityKind, Choice
from forecourt.domain.signing.model import Use
from forecourt.pki.errors import BadSeal
from forecourt.pki.sealing import Vault
from forecourt.storage.connection import Row
from forecourt.storage.schema import from_micros, metadata, moment, text, to_micros
from forecourt.storage.unit_of_work import Unit

authority: Final = Table(
    "authority",
    metadata,
    Column("name", Text, primary_key=True),
    text("kind"),
    text("settings"),
    text("secret_names"),
    text("sealed_secrets"),
    Column("is_enabled", Boolean, nullable=False),
    text("added_by"),
    moment("added_at"),
)
"""``settings`` and what is sealed are JSON objects of texts, ``secret_names`` a JSON array."""

authority_choice: Final = Table(
    "authority_choice",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    text("defaults"),
    text("by_group"),
)
"""One row, and none before the first change; both columns are JSON objects of names of authorities."""

_SELECT: Final = "SELECT name, kind, settings, secret_names, is_enabled, added_by, added_at FROM authority"
_PUT: Final = (
    "INSERT INTO authority (name, kind, settings, secret_names, sealed_secrets, is_enabled, added_by, added_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET kind = excluded.kind,"
    " settings = excluded.settings, secret_names = excluded.secret_names, sealed_secrets = excluded.sealed_secrets,"
    " is_enabled = excluded.is_enabled"
)
_CHOOSE: Final = (
    "INSERT INTO authority_choice (id, defaults, by_group) VALUES (1, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET defaults = excluded.defaults, by_group = excluded.by_group"
)
_LOCK: Final = (
    "INSERT INTO authority_choice (id, defaults, by_group) VALUES (1, '{}', '{}')"
    " ON CONFLICT (id) DO UPDATE SET defaults = authority_choice.defaults"
)

_encode: Final = msgspec.json.Encoder().encode
_read_texts: Final = msgspec.json.Decoder(dict[str, str]).decode
_read_names: Final = msgspec.json.Decoder(list[str]).decode


class AuthorityRecords:
    """The AuthorityStore of one unit of work."""

    def __init__(self, unit: Unit, vault: Vault) -> None:
        self._unit = unit
        self._vault = vault

    def lock(self) -> None:
        self._unit.execute(_LOCK)

    def put(self, authority: Authority, secrets: Mapping[str, str]) -> None:
        self._unit.execute(
            _PUT,
            (
                authority.name,
                authority.kind.value,
                _encode(dict(authority.settings)).decode(),
                _encode(sorted(secrets)).decode(),
                self._vault.seal(_encode(dict(secrets))),
                authority.is_enabled,
                authority.added_by,
                to_micros(authority.added_at),
            ),
        )

    def remove(self, name: str) -> bool:
        return self._unit.execute("DELETE FROM authority WHERE name = ?", (name,)) > 0

    def find(self, name: str) -> Authority | None:
        row = self._unit.one(f"{_SELECT} WHERE name = ?", (name,))
        return None if row is None else _to_authority(row)

    def secrets(self, name: str) -> Mapping[str, str] | None:
        row = self._unit.one("SELECT sealed_secrets FROM authority WHERE name = ?", (name,))
        if row is None:
            return {}
        try:
            return _read_texts(self._vault.open(row[0]))
        except BadSeal:
            return None

    def list(self) -> Sequence[Authority]:
        return [_to_authority(row) for row in self._unit.all(f"{_SELECT} ORDER BY name")]

    def choice(self) -> Choice:
        row = self._unit.one("SELECT defaults, by_group FROM authority_choice WHERE id = 1")
        if row is None:
            return Choice()
        known = {use.value: use for use in Use}
        defaults = {known[use]: name for use, name in _read_texts(row[0]).items() if use in known}
        return Choice(defaults=defaults, by_group=_read_texts(row[1]))

    def put_choice(self, choice: Choice) -> None:
        defaults = {use.value: name for use, name in choice.defaults.items()}
        self._unit.execute(_CHOOSE, (_encode(defaults).decode(), _encode(dict(choice.by_group)).decode()))


def _to_authority(row: Row) -> Authority:
    name, kind, settings, secret_names, is_enabled, added_by, added_at = row
    return Authority(
        name=name,
        kind=AuthorityKind(kind),
        settings=_read_texts(settings),
        secrets_set=frozenset(_read_names(secret_names)),
        is_enabled=bool(is_enabled),
        added_by=added_by,
        added_at=from_micros(added_at),
    )
