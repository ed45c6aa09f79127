"""Revoked certificates and the lists of outside CAs in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text, select

from forecourt.domain.errors import Sentence
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.trust.model import KeptCrl, Revoked, Unusable
from forecourt.pki.errors import PkiError
from forecourt.pki.revocation import Crl, read_crl
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import (
    Key,
    columns_of,
    from_micros,
    maybe_from_micros,
    maybe_to_micros,
    metadata,
    moment,
    paged,
    text,
    to_micros,
)
from forecourt.storage.unit_of_work import Unit

revoked_certificate: Final = Table(
    "revoked_certificate",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    text("issuer_hash"),
    text("serial"),
    text("subject"),
    text("reason"),
    text("revoked_by"),
    moment("revoked_at"),
    moment("not_after", is_required=False),
    Index("revoked_certificate_by_serial", "issuer_hash", "serial", unique=True),
    Index("revoked_certificate_ending", "not_after"),
    sqlite_autoincrement=True,
)

crl: Final = Table(
    "crl",
    metadata,
    Column("issuer_hash", Text, primary_key=True),
    Column("authority_key", Text, primary_key=True),
    Column("scope_hash", Text, primary_key=True),
    text("digest"),
    moment("this_update"),
    Column("size", BigInteger, nullable=False),
    Column("der", LargeBinary, nullable=False),
    moment("stored_at"),
)
"""A list of an issuer, one for each of its keys and scopes; ``digest`` is the SHA-256 of ``der``, by which is seen
whether it was read before."""

_columns = revoked_certificate.c
_AT_MOST: Final = "SELECT (SELECT max(key) FROM revoked_certificate) - (SELECT min(key) FROM revoked_certificate) + 1"
_SHOWN: Final = "key issuer_hash serial subject reason revoked_by revoked_at not_after"


class ParsedCrls:
    """Lists that were read before, by their digest: one may have 16 MiB. One per process, shared by its units."""

    def __init__(self) -> None:
        self._known: dict[str, Crl] = {}

    def find(self, digest: str) -> Crl | None:
        return self._known.get(digest)

    def remember(self, current: dict[str, Crl]) -> None:
        """Remember these and no others."""
        self._known = current


class RevocationRecords:
    """The RevocationStore of one unit of work."""

    def __init__(self, unit: Unit, parsed: ParsedCrls) -> None:
        self._unit = unit
        self._parsed = parsed

    def add(self, revoked: Revoked) -> bool:
        changed = self._unit.execute(
            "INSERT INTO revoked_certificate (issuer_hash, serial, subject, reason, revoked_by, revoked_at, not_after)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                revoked.issuer_hash,
                revoked.serial,
                revoked.subject,
                revoked.reason,
                revoked.revoked_by,
                to_micros(revoked.revoked_at),
                maybe_to_micros(revoked.not_after),
            ),
        )
        return changed > 0

    def remove(self, issuer_hash: str, serial: str) -> bool:
        sql = "DELETE FROM revoked_certificate WHERE issuer_hash = ? AND serial = ?"
        return self._unit.execute(sql, (issuer_hash, serial)) > 0

    def has_ended(self, before: datetime) -> bool:
        return (
            self._unit.one("SELECT 1 FROM revoked_certificate WHERE not_after < ? LIMIT 1", (to_micros(before),))
            is not None
        )

    def prune(self, ended_before: datetime, limit: int) -> int:
        sql = (
            "DELETE FROM revoked_certificate WHERE key IN"
            " (SELECT key FROM revoked_certificate WHERE not_after < ? ORDER BY not_after LIMIT ?)"
        )
        return self._unit.execute(sql, (to_micros(ended_before), limit))

    def holds(self, most: int) -> bool:
        """To count all is dear, and asked at each revocation; their keys say how many there are at most."""
        row = self._unit.one(_AT_MOST)
        if row is not None and (row[0] or 0) < most:
            return False
        row = self._unit.one("SELECT count(*) FROM revoked_certificate")
        return row is not None and int(row[0]) >= most

    def has(self, issuer_hash: str, serial: str) -> bool:
        sql = "SELECT 1 FROM revoked_certificate WHERE issuer_hash = ? AND serial = ?"
        return self._unit.one(sql, (issuer_hash, serial)) is not None

    def all_pairs(self) -> frozenset[tuple[str, str]]:
        rows = self._unit.all("SELECT issuer_hash, serial FROM revoked_certificate")
        return frozenset((row[0], row[1]) for row in rows)

    def list(self, page: PageRequest) -> Page[Revoked]:
        statement = select(*columns_of(revoked_certificate, _SHOWN)).order_by(_columns.key.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.key < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_revoked, lambda row: row[0])

    def put_crl(self, crl: Crl, at: datetime) -> None:
        self._unit.execute(
            "INSERT INTO crl (issuer_hash, authority_key, scope_hash, digest, this_update, size, der, stored_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (issuer_hash, authority_key, scope_hash) DO UPDATE SET"
            " digest = excluded.digest, this_update = excluded.this_update, size = excluded.size, der = excluded.der,"
            " stored_at = excluded.stored_at",
            (
                crl.issuer_hash,
                crl.authority_key,
                crl.scope_hash,
                crl.digest,
                to_micros(crl.this_update),
                len(crl.der),
                crl.der,
                to_micros(at),
            ),
        )

    def remove_crls(self, issuer_hash: str, digest: str | None) -> int:
        if digest is None:
            return self._unit.execute("DELETE FROM crl WHERE issuer_hash = ?", (issuer_hash,))
        return self._unit.execute("DELETE FROM crl WHERE issuer_hash = ? AND digest = ?", (issuer_hash, digest))

    def kept_crl(self, crl: Crl) -> KeptCrl | None:
        row = self._unit.one(
            "SELECT digest, this_update, size FROM crl WHERE issuer_hash = ? AND authority_key = ? AND scope_hash = ?",
            (crl.issuer_hash, crl.authority_key, crl.scope_hash),
        )
        return None if row is None else KeptCrl(digest=row[0], this_update=from_micros(row[1]), size=row[2])

    def crls_size(self) -> tuple[int, int]:
        row = self._unit.one("SELECT count(*), coalesce(sum(size), 0) FROM crl")
        return (0, 0) if row is None else (int(row[0]), int(row[1]))

    def crls(self) -> Sequence[Crl | Unusable]:
        rows = self._unit.all("SELECT issuer_hash, digest FROM crl ORDER BY issuer_hash, authority_key, scope_hash")
        found = [self._crl(row[0], row[1]) for row in rows]
        self._parsed.remember({one.digest: one for one in found if isinstance(one, Crl)})
        return found

    def _crl(self, issuer_hash: str, digest: str) -> Crl | Unusable:
        known = self._parsed.find(digest)
        if known is not None:
            return known
        sql = "SELECT der FROM crl WHERE issuer_hash = ? AND digest = ?"
        [row, *_] = self._unit.all(sql, (issuer_hash, digest))
        try:
            return read_crl(bytes(row[0]))
        except PkiError as error:
            reason = Sentence("The list {}… of the issuer {} cannot be read: {}", digest[:16], issuer_hash, str(error))
            return Unusable(issuer_hash, reason)


def _to_revoked(row: Row) -> Revoked:
    _, issuer_hash, serial, subject, reason, revoked_by, revoked_at, not_after = row
    return Revoked(
        issuer_hash=issuer_hash,
        serial=serial,
        subject=subject,
        reason=reason,
        revoked_by=revoked_by,
        revoked_at=from_micros(revoked_at),
        not_after=maybe_from_micros(not_after),
    )
