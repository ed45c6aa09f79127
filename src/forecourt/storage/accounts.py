"""Accounts of people in the database: passwords and recovery codes as hashes, secrets of authenticators sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Table, Text, func, select
from sqlalchemy.sql import Select

from forecourt.domain.access.account import Account, Credentials, Identity
from forecourt.domain.access.permissions import Role
from forecourt.domain.access.second_factor import Totp
from forecourt.domain.paging import Page, PageRequest
from forecourt.pki.sealing import Vault
from forecourt.storage.access import account
from forecourt.storage.connection import Row
from forecourt.storage.pages import page_of
from forecourt.storage.schema import columns_of, maybe_from_micros, maybe_to_micros, metadata, paged, to_micros
from forecourt.storage.unit_of_work import Unit
from forecourt.storage.values import write_values

recovery_code: Final = Table(
    "recovery_code",
    metadata,
    Column("account", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
)

_NO_PASSWORD: Final = ""
_NAMES: Final = (
    "name shown_name role is_enabled password_hash totp_sealed issuer subject language zone theme created_at"
    " signed_in_at"
)
_ADD: Final = (
    "INSERT INTO account (name, password_hash, shown_name, role, is_enabled, created_at) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING"
)
_ALIKE: Final = "SELECT 1 FROM account WHERE lower(name) = lower(?)"
_CREDENTIALS: Final = (
    "SELECT name, role, password_hash, totp_sealed IS NOT NULL FROM account"
    " WHERE name = ? AND is_enabled AND password_hash <> ''"
)
_PUT_TOTP: Final = "UPDATE account SET totp_sealed = ?, totp_step = ?, totp_offered = NULL WHERE name = ?"
_USE_STEP: Final = "UPDATE account SET totp_step = ? WHERE name = ? AND totp_step < ?"


class AccountRecords:
    """The AccountStore of one unit of work."""

    def __init__(self, unit: Unit, vault: Vault) -> None:
        self._unit = unit
        self._vault = vault

    def add(self, account: Account, password_hash: str | None) -> bool:
        if self._unit.one(_ALIKE, (account.name,)) is not None:
            return False
        row = (
            account.name,
            password_hash or _NO_PASSWORD,
            account.shown_name,
            account.role.value,
            account.is_enabled,
            maybe_to_micros(account.created_at),
        )
        return self._unit.execute(_ADD, row) > 0

    def find(self, name: str) -> Account | None:
        return self._found(_selected().where(account.c.name == name))

    def find_credentials(self, name: str) -> Credentials | None:
        row = self._unit.one(_CREDENTIALS, (name,))
        return None if row is None else Credentials(row[0], Role(row[1]), row[2], bool(row[3]))

    def find_linked(self, identity: Identity) -> Account | None:
        is_linked = (account.c.issuer == identity.issuer, account.c.subject == identity.subject)
        return self._found(_selected().where(*is_linked))

    def list(self, page: PageRequest) -> Page[Account]:
        statement = _selected().order_by(account.c.name)
        if page.after is not None:
            statement = statement.where(account.c.name > page.after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_account, lambda row: row[0])

    def change(self, name: str, *, shown_name: str, role: Role, is_enabled: bool) -> None:
        sql = "UPDATE account SET shown_name = ?, role = ?, is_enabled = ? WHERE name = ?"
        self._unit.execute(sql, (shown_name, role.value, is_enabled, name))

    def put_manner(self, name: str, *, language: str | None, zone: str | None, theme: str | None) -> None:
        sql = "UPDATE account SET language = ?, zone = ?, theme = ? WHERE name = ?"
        self._unit.execute(sql, (language, zone, theme, name))

    def put_password(self, name: str, password_hash: str) -> None:
        self._unit.execute("UPDATE account SET password_hash = ? WHERE name = ?", (password_hash, name))

    def link(self, name: str, identity: Identity | None) -> bool:
        if identity is not None:
            other = self.find_linked(identity)
            if other is not None:
                return other.name == name
        issuer, subject = (None, None) if identity is None else (identity.issuer, identity.subject)
        self._unit.execute("UPDATE account SET issuer = ?, subject = ? WHERE name = ?", (issuer, subject, name))
        return True

    def signed_in(self, name: str, at: datetime) -> None:
        self._unit.execute("UPDATE account SET signed_in_at = ? WHERE name = ?", (to_micros(at), name))

    def remove(self, name: str) -> None:
        self._forget_codes(name)
        self._unit.execute("DELETE FROM account WHERE name = ?", (name,))

    def hold_admins(self) -> int:
        """Written to be held: of two units of work at the same time, the second one counts after the first."""
        return self._unit.execute("UPDATE account SET role = role WHERE role = 'admin' AND is_enabled")

    # The second factor

    def offer_totp(self, name: str, secret: str) -> None:
        sealed = self._vault.seal(secret.encode())
        self._unit.execute("UPDATE account SET totp_offered = ? WHERE name = ?", (sealed, name))

    def find_offered_totp(self, name: str) -> str | None:
        row = self._unit.one("SELECT totp_offered FROM account WHERE name = ?", (name,))
        return None if row is None or row[0] is None else self._vault.open(row[0]).decode()

    def put_totp(self, name: str, totp: Totp) -> None:
        self._unit.execute(_PUT_TOTP, (self._vault.seal(totp.secret.encode()), totp.last_step, name))

    def find_totp(self, name: str) -> Totp | None:
        row = self._unit.one("SELECT totp_sealed, totp_step FROM account WHERE name = ?", (name,))
        return None if row is None or row[0] is None else Totp(self._vault.open(row[0]).decode(), row[1])

    def use_step(self, name: str, step: int) -> bool:
        return self._unit.execute(_USE_STEP, (step, name, step)) > 0

    def remove_totp(self, name: str) -> bool:
        sql = "UPDATE account SET totp_sealed = NULL, totp_step = 0 WHERE name = ? AND totp_sealed IS NOT NULL"
        self._unit.execute("UPDATE account SET totp_offered = NULL WHERE name = ?", (name,))
        self._forget_codes(name)
        return self._unit.execute(sql, (name,)) > 0

    def put_recovery_codes(self, name: str, digests: Sequence[str]) -> None:
        self._forget_codes(name)
        write_values(self._unit, "recovery_code (account, digest)", [(name, digest) for digest in digests])

    def use_recovery_code(self, name: str, digest: str) -> bool:
        sql = "DELETE FROM recovery_code WHERE account = ? AND digest = ?"
        return self._unit.execute(sql, (name, digest)) > 0

    # Inside

    def _forget_codes(self, name: str) -> None:
        self._unit.execute("DELETE FROM recovery_code WHERE account = ?", (name,))

    def _found(self, statement: Select[Any]) -> Account | None:  # Any: a statement of any columns
        rows = self._unit.select(statement)
        return _to_account(rows[0]) if rows else None


def _selected() -> Select[Any]:  # Any: as above
    codes = select(func.count()).where(recovery_code.c.account == account.c.name).scalar_subquery()
    return select(*columns_of(account, _NAMES), codes)


def _to_account(row: Row) -> Account:
    (
        name,
        shown_name,
        role,
        is_enabled,
        password,
        totp,
        issuer,
        subject,
        language,
        zone,
        theme,
        made,
        signed_in,
        codes,
    ) = row
    return Account(
        name=name,
        shown_name=shown_name,
        role=Role(role),
        is_enabled=bool(is_enabled),
        has_password=password != _NO_PASSWORD,
        has_second_factor=totp is not None,
        recovery_codes=codes,
        identity=None if issuer is None else Identity(issuer, subject),
        language=language,
        zone=zone,
        theme=theme,
        created_at=maybe_from_micros(made),
        signed_in_at=maybe_from_micros(signed_in),
    )
