"""Keys that firmware is signed with, in the database; the keys themselves are sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Column, Table, Text

from forecourt.domain.firmware.model import FirmwareKey
from forecourt.pki.certificate import read_certificate
from forecourt.pki.keys import PrivateKey, read_private_key
from forecourt.pki.sealing import Vault
from forecourt.storage.connection import Row
from forecourt.storage.schema import from_micros, metadata, moment, text, to_micros
from forecourt.storage.unit_of_work import Unit

firmware_key: Final = Table(
    "firmware_key",
    metadata,
    Column("name", Text, primary_key=True),
    text("certificate"),
    text("root", is_required=False),
    text("sealed_key"),
    text("sealed_root_key", is_required=False),
    text("added_by"),
    moment("added_at"),
)

_SELECT: Final = (
    "SELECT name, certificate, root, sealed_root_key IS NOT NULL AS has_root_key, added_by, added_at FROM firmware_key"
)
_ADD: Final = (
    "INSERT INTO firmware_key (name, certificate, root, sealed_key, sealed_root_key, added_by, added_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)


class FirmwareKeyRecords:
    """The FirmwareKeyStore of one unit of work."""

    def __init__(self, unit: Unit, vault: Vault) -> None:
        self._unit = unit
        self._vault = vault

    def add(self, key: FirmwareKey, private: PrivateKey, root_private: PrivateKey | None) -> bool:
        added = self._unit.execute(
            _ADD,
            (
                key.name,
                key.certificate.pem,
                None if key.root is None else key.root.pem,
                self._vault.seal(private.pem()),
                None if root_private is None else self._vault.seal(root_private.pem()),
                key.added_by,
                to_micros(key.added_at),
            ),
        )
        return added > 0

    def remove(self, name: str) -> bool:
        return self._unit.execute("DELETE FROM firmware_key WHERE name = ?", (name,)) > 0

    def find(self, name: str) -> FirmwareKey | None:
        row = self._unit.one(f"{_SELECT} WHERE name = ?", (name,))
        return None if row is None else _to_key(row)

    def opened(self, name: str) -> PrivateKey | None:
        return self._open("sealed_key", name)

    def opened_root(self, name: str) -> PrivateKey | None:
        return self._open("sealed_root_key", name)

    def all(self) -> Sequence[FirmwareKey]:
        return [_to_key(row) for row in self._unit.all(f"{_SELECT} ORDER BY name")]

    def _open(self, column: str, name: str) -> PrivateKey | None:
        row = self._unit.one(f"SELECT {column} FROM firmware_key WHERE name = ?", (name,))
        return None if row is None or row[0] is None else read_private_key(self._vault.open(row[0]))


def _to_key(row: Row) -> FirmwareKey:
    name, certificate, root, has_root_key, added_by, added_at = row
    return FirmwareKey(
        name=name,
        certificate=read_certificate(certificate),
        root=None if root is None else read_certificate(root),
        has_root_key=bool(has_root_key),
        added_by=added_by,
        added_at=from_micros(added_at),
    )
