"""Trusted certificates in the database, and the version of everything that concerns trust."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, select
from sqlalchemy.sql import Select

from forecourt.domain.errors import Sentence
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.trust.model import (
    MAX_CERTIFICATES,
    MAX_REMOVED,
    Origin,
    Purpose,
    Removed,
    Role,
    Trusted,
    TrustFilter,
    Unusable,
)
from forecourt.pki.certificate import Certificate, read_certificate
from forecourt.pki.errors import PkiError
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import (
    Key,
    columns_of,
    contains,
    from_micros,
    metadata,
    moment,
    paged,
    text,
    to_micros,
)
from forecourt.storage.unit_of_work import Unit

trusted_certificate: Final = Table(
    "trusted_certificate",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    text("fingerprint"),
    text("subject"),
    text("issuer"),
    moment("not_after"),
    text("pem"),
    text("purposes"),
    text("role"),
    text("origin"),
    text("added_by"),
    moment("added_at"),
    Column("is_enabled", Boolean, nullable=False),
    text("removed_by", is_required=False),
    moment("removed_at", is_required=False),
    Index("trusted_certificate_by_fingerprint", "fingerprint", unique=True),
    sqlite_autoincrement=True,
)
"""The purposes are written one after the other, with a space before and after each. Subject, issuer and end are there
to be looked for; what counts is the certificate. A row with ``removed_at`` only remembers that somebody removed it."""

trust_version: Final = Table(
    "trust_version",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)
"""One row, and none before the first change."""

_columns = trusted_certificate.c
_SHOWN: Final = "key fingerprint pem purposes role origin added_by added_at is_enabled"
_SELECT: Final = f"SELECT {', '.join(_SHOWN.split())} FROM trusted_certificate WHERE removed_at IS NULL"


class TrustRecords:
    """The CertificateStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def version(self) -> int:
        row = self._unit.one("SELECT version FROM trust_version WHERE id = 1")
        return 0 if row is None else int(row[0])

    def lock(self) -> None:
        self._unit.execute(
            "INSERT INTO trust_version (id, version) VALUES (1, 0)"
            " ON CONFLICT (id) DO UPDATE SET version = trust_version.version"
        )

    def bump(self) -> None:
        self._unit.execute(
            "INSERT INTO trust_version (id, version) VALUES (1, 1)"
            " ON CONFLICT (id) DO UPDATE SET version = trust_version.version + 1"
        )

    def add(self, trusted: Trusted) -> bool:
        certificate = trusted.certificate
        self._unit.execute(
            "DELETE FROM trusted_certificate WHERE fingerprint = ? AND removed_at IS NOT NULL",
            (certificate.fingerprint,),
        )
        changed = self._unit.execute(
            "INSERT INTO trusted_certificate (fingerprint, subject, issuer, not_after, pem, purposes, role, origin,"
            " added_by, added_at, is_enabled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                certificate.fingerprint,
                certificate.subject,
                certificate.issuer,
                to_micros(certificate.not_after),
                certificate.pem,
                _written(trusted.purposes),
                trusted.role.value,
                trusted.origin.value,
                trusted.added_by,
                to_micros(trusted.added_at),
                trusted.is_enabled,
            ),
        )
        return changed > 0

    def change(self, trusted: Trusted) -> bool:
        changed = self._unit.execute(
            "UPDATE trusted_certificate SET purposes = ?, role = ?, is_enabled = ?"
            " WHERE fingerprint = ? AND removed_at IS NULL",
            (
                _written(trusted.purposes),
                trusted.role.value,
                trusted.is_enabled,
                trusted.certificate.fingerprint,
            ),
        )
        return changed > 0

    def remove(self, fingerprint: str, *, removed_by: str, at: datetime) -> bool:
        changed = self._unit.execute(
            "UPDATE trusted_certificate SET is_enabled = false, removed_by = ?, removed_at = ?"
            " WHERE fingerprint = ? AND removed_at IS NULL",
            (removed_by, to_micros(at), fingerprint),
        )
        self._unit.execute(
            "DELETE FROM trusted_certificate WHERE removed_at IS NOT NULL AND key NOT IN (SELECT key FROM"
            " trusted_certificate WHERE removed_at IS NOT NULL ORDER BY removed_at DESC, key DESC LIMIT ?)",
            (MAX_REMOVED,),
        )
        return changed > 0

    def removed(self, fingerprint: str) -> Removed | None:
        row = self._unit.one(
            "SELECT removed_by, removed_at FROM trusted_certificate WHERE fingerprint = ? AND removed_at IS NOT NULL",
            (fingerprint,),
        )
        return None if row is None else Removed(row[0], from_micros(row[1]))

    def find(self, fingerprint: str) -> Trusted | Unusable | None:
        row = self._unit.one(f"{_SELECT} AND fingerprint = ?", (fingerprint,))
        return None if row is None else _usable(row)

    def fingerprints(self) -> frozenset[str]:
        rows = self._unit.all("SELECT fingerprint FROM trusted_certificate WHERE removed_at IS NULL")
        return frozenset(row[0] for row in rows)

    def disabled(self) -> frozenset[str]:
        sql = "SELECT fingerprint FROM trusted_certificate WHERE NOT is_enabled AND removed_at IS NULL"
        return frozenset(row[0] for row in self._unit.all(sql))

    def anchored(self) -> frozenset[Purpose]:
        rows = self._unit.all(
            "SELECT DISTINCT purposes FROM trusted_certificate WHERE is_enabled AND role = ?", (Role.ANCHOR.value,)
        )
        return frozenset(purpose for row in rows for purpose in _known(row[0]))

    def enabled(self) -> Sequence[Trusted | Unusable]:
        return [_usable(row) for row in self._unit.all(f"{_SELECT} AND is_enabled ORDER BY key")]

    def unusable(self) -> Sequence[Unusable]:
        found = (_usable(row) for row in self._unit.all(f"{_SELECT} ORDER BY key"))
        return [one for one in found if isinstance(one, Unusable)]

    def list(self, wanted: TrustFilter, page: PageRequest) -> Page[Trusted]:
        statement = select(*columns_of(trusted_certificate, _SHOWN)).order_by(_columns.key.desc())
        statement = statement.where(_columns.removed_at.is_(None))
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.key < after)
        rows = self._unit.select(paged(_filtered(statement, wanted), page))
        found = page_of(rows, page, _usable, lambda row: row[0])
        return Page([one for one in found.items if isinstance(one, Trusted)], found.next_after)


def _filtered(statement: Select[Any], wanted: TrustFilter) -> Select[Any]:
    if wanted.purpose is not None:
        statement = statement.where(_columns.purposes.contains(f" {wanted.purpose.value} "))
    if wanted.role is not None:
        statement = statement.where(_columns.role == wanted.role.value)
    if wanted.origin is not None:
        statement = statement.where(_columns.origin == wanted.origin.value)
    if wanted.is_enabled is not None:
        statement = statement.where(_columns.is_enabled.is_(wanted.is_enabled))
    if wanted.expires_before is not None:
        statement = statement.where(_columns.not_after < to_micros(wanted.expires_before))
    if wanted.search is not None:
        names = contains(_columns.subject, wanted.search) | contains(_columns.issuer, wanted.search)
        fingerprint = wanted.search.replace(":", "")
        statement = statement.where(names | contains(_columns.fingerprint, fingerprint) if fingerprint else names)
    return statement


@functools.lru_cache(maxsize=2 * MAX_CERTIFICATES)
def parsed(pem: str) -> Certificate:
    """A certificate that was kept. Raises PkiError. Gateways read the whole store at every change, and to parse is
    the dearest part of it, so it is done once in a process."""
    return read_certificate(pem)


def _written(purposes: frozenset[Purpose]) -> str:
    return f" {' '.join(sorted(purpose.value for purpose in purposes))} "


def _read(written: str) -> frozenset[Purpose]:
    return frozenset(Purpose(value) for value in written.split())


def _known(written: str) -> Iterator[Purpose]:
    """Those that this version knows."""
    for value in written.split():
        with contextlib.suppress(ValueError):
            yield Purpose(value)


def _usable(row: Row) -> Trusted | Unusable:
    try:
        return _to_trusted(row)
    except (PkiError, ValueError) as error:  # a ValueError for a word that another version wrote
        return Unusable(row[1], Sentence("The trusted certificate {} cannot be read: {}", row[1], str(error)))


def _to_trusted(row: Row) -> Trusted:
    _, _, pem, purposes, role, origin, added_by, added_at, is_enabled = row
    return Trusted(
        certificate=parsed(pem),
        purposes=_read(purposes),
        role=Role(role),
        origin=Origin(origin),
        added_by=added_by,
        added_at=from_micros(added_at),
        is_enabled=bool(is_enabled),
    )
