"""The register of what authorities signed, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, or_, select
from sqlalchemy.sql import Select

from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.signing.model import IssuedCertificate, IssuedFilter, SigningNumber, Use
from forecourt.pki.certificate import Certificate, read_bundle
from forecourt.storage.connection import Row
from forecourt.storage.errors import RowRefused
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.revocations import revoked_certificate
from forecourt.storage.schema import columns_of, contains, from_micros, maybe_from_micros, paged, to_micros
from forecourt.storage.signing_tables import issued_certificate
from forecourt.storage.unit_of_work import Unit

_columns = issued_certificate.c
_revoked = revoked_certificate.c

_ADD: Final = (
    "INSERT INTO issued_certificate (fingerprint, issuer_hash, serial, subject, authority, use, owner, chain, signing,"
    " not_after, issued_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_COUNT_GOOD: Final = (
    "SELECT COUNT(*) FROM issued_certificate i WHERE i.issuer_hash = ? AND i.not_after > ? AND NOT EXISTS"
    " (SELECT 1 FROM revoked_certificate r WHERE r.issuer_hash = i.issuer_hash AND r.serial = i.serial)"
)
_SHOWN: Final = "number chain signing authority use owner issued_at"


class RegisterRecords:
    """The RegisterStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, issued: IssuedCertificate) -> bool:
        leaf = issued.certificate
        row = (
            leaf.fingerprint,
            leaf.issuer_hash,
            leaf.serial,
            leaf.subject,
            issued.authority,
            issued.use.value,
            issued.owner,
            "".join(one.pem for one in issued.chain),
            issued.number,
            to_micros(leaf.not_after),
            to_micros(issued.issued_at),
        )
        return self._unit.execute(_ADD, row) > 0

    def find(self, fingerprint: str) -> IssuedCertificate | None:
        return self._one(_shown().where(_columns.fingerprint == fingerprint))

    def find_serial(self, issuer_hash: str, serial: str) -> IssuedCertificate | None:
        return self._one(_shown().where(_columns.issuer_hash == issuer_hash, _columns.serial == serial))

    def count_good(self, issuer_hash: str, at: datetime) -> int:
        row = self._unit.one(_COUNT_GOOD, (issuer_hash, to_micros(at)))
        return 0 if row is None else int(row[0])

    def of_owner(self, owner: str) -> Sequence[IssuedCertificate]:
        found = self._unit.select(_shown().where(_columns.owner == owner).order_by(_columns.number.desc()))
        return [_to_issued(row) for row in found]

    def list(self, wanted: IssuedFilter, page: PageRequest) -> Page[IssuedCertificate]:
        statement = _filtered(_shown(), wanted).order_by(_columns.number.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.number < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_issued, lambda row: row[0])

    def _one(self, statement: Select[Any]) -> IssuedCertificate | None:
        rows = self._unit.select(statement)
        return _to_issued(rows[0]) if rows else None


def _shown() -> Select[Any]:  # Any: a statement of any columns
    is_same = and_(_revoked.issuer_hash == _columns.issuer_hash, _revoked.serial == _columns.serial)
    shown = select(*columns_of(issued_certificate, _SHOWN), _revoked.revoked_at, _revoked.reason)
    return shown.join(revoked_certificate, is_same, isouter=True)


def _filtered(statement: Select[Any], wanted: IssuedFilter) -> Select[Any]:
    if wanted.use is not None:
        statement = statement.where(_columns.use == wanted.use.value)
    if wanted.owner is not None:
        statement = statement.where(_columns.owner == wanted.owner)
    if wanted.authority is not None:
        statement = statement.where(_columns.authority == wanted.authority)
    if wanted.is_revoked is not None:
        is_there = _revoked.revoked_at.is_not(None)
        statement = statement.where(is_there if wanted.is_revoked else ~is_there)
    if wanted.expires_before is not None:
        statement = statement.where(_columns.not_after < to_micros(wanted.expires_before))
    if wanted.search:
        searched = (_columns.subject, _columns.serial, _columns.fingerprint)
        statement = statement.where(or_(*(contains(column, wanted.search) for column in searched)))
    return statement


def _to_issued(row: Row) -> IssuedCertificate:
    _, pem, signing, authority, use, owner, issued_at, revoked_at, reason = row
    chain = tuple(one for one in read_bundle(pem) if isinstance(one, Certificate))
    if not chain:
        raise RowRefused("an issued certificate cannot be read any more")
    return IssuedCertificate(
        certificate=chain[0],
        chain=chain,
        number=SigningNumber(signing),
        authority=authority,
        use=Use(use),
        owner=owner,
        issued_at=from_micros(issued_at),
        revoked_at=maybe_from_micros(revoked_at),
        revoked_because=reason,
    )
