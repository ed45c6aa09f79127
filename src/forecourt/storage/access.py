"""API tokens and accounts in the database. No secret is stored, only digests and hashes."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Table, Text, select, true

from forecourt.domain.access.model import ApiToken
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
)

account: Final = Table(
    "account",
    metadata,
    Column("name", Text, primary_key=True),
    text("password_hash"),
    Column("shown_name", Text, nullable=False, server_default=""),
    Column("role", Text, nullable=False, server_default="admin"),
    Column("is_enabled", Boolean, nullable=False, server_default=true()),
    text("language", is_required=False),
    text("zone", is_required=False),
    text("theme", is_required=False),
    moment("created_at", is_required=False),
    moment("signed_in_at", is_required=False),
)


class AccessRecords:
    """The AccessStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add_token(self, token: ApiToken, digest: str) -> bool:
        changed = self._unit.execute(
            "INSERT INTO api_token (name, digest, created_at, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (token.name, digest, to_micros(token.created_at), maybe_to_micros(token.expires_at)),
        )
        return changed > 0

    def find_token(self, digest: str) -> ApiToken | None:
        row = self._unit.one("SELECT name, created_at, expires_at FROM api_token WHERE digest = ?", (digest,))
        return None if row is None else _to_token(row)

    def remove_token(self, name: str) -> bool:
        return self._unit.execute("DELETE FROM api_token WHERE name = ?", (name,)) > 0

    def tokens(self, page: PageRequest) -> Page[ApiToken]:
        statement = select(*columns_of(api_token, "name created_at expires_at")).order_by(api_token.c.name)
        if page.after is not None:
            statement = statement.where(api_token.c.name > page.after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_token, lambda row: row[0])

    def find_password(self, account: str) -> str | None:
        row = self._unit.one("SELECT password_hash FROM account WHERE name = ?", (account,))
        return None if row is None else str(row[0])

    def put_password(self, account: str, hashed: str) -> None:
        self._unit.execute(
            "INSERT INTO account (name, password_hash) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash",
            (account, hashed),
        )


def _to_token(row: Row) -> ApiToken:
    name, created_at, expires_at = row
    return ApiToken(name, from_micros(created_at), maybe_from_micros(expires_at))
