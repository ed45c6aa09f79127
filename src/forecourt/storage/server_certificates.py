"""What listeners present, in the database; the keys are sealed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Boolean, Column, Table, Text

from forecourt.domain.errors import Sentence
from forecourt.domain.trust.model import ServerCertificate, ServerChain, Unusable
from forecourt.pki.certificate import Certificate, read_bundle
from forecourt.pki.errors import BadCertificate, BadSeal, PkiError
from forecourt.pki.keys import PrivateKey, read_private_key
from forecourt.pki.sealing import Vault
from forecourt.storage.connection import Row
from forecourt.storage.schema import from_micros, metadata, moment, text, to_micros
from forecourt.storage.unit_of_work import Unit

server_certificate: Final = Table(
    "server_certificate",
    metadata,
    Column("name", Text, primary_key=True),
    text("chain"),
    text("sealed_key"),
    Column("is_enabled", Boolean, nullable=False),
    text("added_by"),
    moment("added_at"),
)

_SELECT: Final = "SELECT name, chain, is_enabled, added_by, added_at, sealed_key FROM server_certificate"


class KeyRing:
    """Seals keys and opens them again. One per process: to check a key that is read takes long, so that those in use
    are remembered, as they are in the TLS contexts beside."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._opened: dict[str, PrivateKey] = {}

    def seal(self, key: PrivateKey) -> str:
        return self._vault.seal(key.pem())

    def open(self, sealed: str) -> PrivateKey:
        """Raises PkiError."""
        known = self._opened.get(sealed)
        if known is None:
            known = read_private_key(self._vault.open(sealed))
            self._opened[sealed] = known
        return known

    def keep(self, sealed: Iterable[str]) -> None:
        """Forget all other keys."""
        opened = self._opened
        self._opened = {one: opened[one] for one in sealed if one in opened}


class ServerCertificateRecords:
    """The ServerCertificateStore of one unit of work."""

    def __init__(self, unit: Unit, keys: KeyRing) -> None:
        self._unit = unit
        self._keys = keys

    def put(self, chain: ServerChain, key: PrivateKey) -> None:
        self._unit.execute(
            "INSERT INTO server_certificate (name, chain, sealed_key, is_enabled, added_by, added_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET chain = excluded.chain,"
            " sealed_key = excluded.sealed_key, is_enabled = excluded.is_enabled, added_by = excluded.added_by,"
            " added_at = excluded.added_at",
            (
                chain.name,
                "".join(one.pem for one in chain.chain),
                self._keys.seal(key),
                chain.is_enabled,
                chain.added_by,
                to_micros(chain.added_at),
            ),
        )

    def set_enabled(self, name: str, *, is_enabled: bool) -> bool:
        sql = "UPDATE server_certificate SET is_enabled = ? WHERE name = ?"
        return self._unit.execute(sql, (is_enabled, name)) > 0

    def remove(self, name: str) -> bool:
        return self._unit.execute("DELETE FROM server_certificate WHERE name = ?", (name,)) > 0

    def names(self) -> frozenset[str]:
        return frozenset(row[0] for row in self._unit.all("SELECT name FROM server_certificate"))

    def find(self, name: str) -> ServerChain | Unusable | None:
        row = self._unit.one(f"{_SELECT} WHERE name = ?", (name,))
        return None if row is None else _usable(row)

    def all(self) -> Sequence[ServerChain | Unusable]:
        return [_usable(row) for row in self._unit.all(f"{_SELECT} ORDER BY name")]

    def opened(self) -> Sequence[ServerCertificate | Unusable]:
        rows = self._unit.all(f"{_SELECT} WHERE is_enabled ORDER BY name")
        opened = [self._open(row) for row in rows]
        self._keys.keep(row[5] for row in rows)
        return opened

    def _open(self, row: Row) -> ServerCertificate | Unusable:
        name, chain, is_enabled, added_by, added_at, sealed = row
        try:
            return ServerCertificate(
                name=name,
                chain=_read_chain(chain),
                is_enabled=bool(is_enabled),
                added_by=added_by,
                added_at=from_micros(added_at),
                key=self._keys.open(sealed),
            )
        except BadSeal as error:
            reason = Sentence(
                "The key of the server certificate {!r} cannot be opened: {} Start with the secret key with which it"
                " was sealed, or give the server certificate once more.",
                name,
                str(error),
            )
            return Unusable(name, reason)
        except PkiError as error:
            return _unreadable(name, error)


def _usable(row: Row) -> ServerChain | Unusable:
    try:
        return _to_chain(row)
    except PkiError as error:
        return _unreadable(row[0], error)


def _unreadable(name: str, error: PkiError) -> Unusable:
    return Unusable(name, Sentence("The server certificate {!r} cannot be read: {}", name, str(error)))


def _to_chain(row: Row) -> ServerChain:
    name, chain, is_enabled, added_by, added_at = row[:5]
    return ServerChain(
        name=name,
        chain=_read_chain(chain),
        is_enabled=bool(is_enabled),
        added_by=added_by,
        added_at=from_micros(added_at),
    )


def _read_chain(written: str) -> tuple[Certificate, ...]:
    found = read_bundle(written)
    chain = tuple(one for one in found if isinstance(one, Certificate))
    if len(chain) != len(found):
        raise BadCertificate("A certificate of its chain cannot be read any more.")
    return chain
