"""API tokens and accounts in the database. No secret is stored, only digests and hashes."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text, literal_column, select, true

from forecourt.domain.access.model import ApiToken
from forecourt.domain.access.permissions import EVERYTHING, Permission, Role
from forecourt.domain.paging import Page, PageRequest
from forecourt.storage.connection import Row
from forecourt.storage.pages import page_of
from forecourt.storage.schema import (
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

api_token: Final = Table(
    "api_token",
    metadata,
    Column("name", Text, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    moment("created_at"),
    moment("expires_at", is_required=False),
    text("scopes", is_required=False),
)
"""A token without scopes is of a version that knew none, and may do everything."""

account: Final = Table(
    "account",
    metadata,
    Column("name", Text, primary_key=True),
    text("password_hash"),
    Column("shown_name", Text, nullable=False, server_default=literal_column("''")),
    Column("role", Text, nullable=False, server_default="admin"),
    Column("is_enabled", Boolean, nullable=False, server_default=true()),
    text("language", is_required=False),
    text("zone", is_required=False),
    text("theme", is_required=False),
    moment("created_at", is_required=False),
    moment("signed_in_at", is_required=False),
    text("totp_sealed", is_required=False),
    text("totp_offered", is_required=False),
    Column("totp_step", BigInteger, nullable=False, server_default="0"),
    text("issuer", is_required=False),
    text("subject", is_required=False),
    Index("account_of_subject", "issuer", "subject", unique=True),
)
"""An empty password is none. The defaults are for the accounts of older versions, which were administrators."""

_SEPARATOR: Final = " "
_SCOPES: Final = {permission.value: permission for permission in Permission}


class AccessRecords:
    """The AccessStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add_token(self, token: ApiToken, digest: str) -> bool:
        changed = self._unit.execute(
            "INSERT INTO api_token (name, digest, created_at, expires_at, scopes) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (
                token.name,
                digest,
                to_micros(token.created_at),
                maybe_to_micros(token.expires_at),
                _SEPARATOR.join(sorted(scope.value for scope in token.scopes)),
            ),
        )
        return changed > 0

    def find_token(self, digest: str) -> ApiToken | None:
        row = self._unit.one("SELECT name, created_at, expires_at, scopes FROM api_token WHERE digest = ?", (digest,))
        return None if row is None else _to_token(row)

    def remove_token(self, name: str) -> bool:
        return self._unit.execute("DELETE FROM api_token WHERE name = ?", (name,)) > 0

    def tokens(self, page: PageRequest) -> Page[ApiToken]:
        statement = select(*columns_of(api_token, "name created_at expires_at scopes")).order_by(api_token.c.name)
        if page.after is not None:
            statement = statement.where(api_token.c.name > page.after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_token, lambda row: row[0])

    def has_admin(self) -> bool:
        return self._unit.one("SELECT 1 FROM account WHERE role = ? AND is_enabled", (Role.ADMIN.value,)) is not None

    def find_password(self, account: str) -> str | None:
        row = self._unit.one("SELECT password_hash FROM account WHERE name = ?", (account,))
        return None if row is None or not row[0] else str(row[0])

    def put_admin(self, account: str, hashed: str, at: datetime) -> None:
        self._unit.execute(
            "INSERT INTO account (name, password_hash, role, created_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash",
            (account, hashed, Role.ADMIN.value, to_micros(at)),
        )


def _to_token(row: Row) -> ApiToken:
    name, created_at, expires_at, scopes = row
    return ApiToken(name, from_micros(created_at), maybe_from_micros(expires_at), _to_scopes(scopes))


def _to_scopes(text: str | None) -> frozenset[Permission]:
    """What a newer version calls a scope is none here."""
    if text is None:
        return EVERYTHING
    return frozenset(_SCOPES[name] for name in text.split(_SEPARATOR) if name in _SCOPES)
