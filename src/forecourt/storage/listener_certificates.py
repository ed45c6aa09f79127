"""Managed server certificates in the database; keys that wait for their certificate are sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text

from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.listener_certificates.model import Managed, Member, MemberState, Placement, Wish
from forecourt.domain.signing.model import SigningNumber
from forecourt.pki.certificate import Certificate
from forecourt.pki.errors import BadSeal
from forecourt.pki.keys import PrivateKey
from forecourt.pki.sealing import Vault
from forecourt.storage.connection import Row
from forecourt.storage.schema import (
    from_micros,
    maybe_from_micros,
    maybe_to_micros,
    metadata,
    moment,
    text,
    to_micros,
)
from forecourt.storage.unit_of_work import Unit

listener_certificate: Final = Table(
    "listener_certificate",
    metadata,
    Column("name", Text, primary_key=True),
    text("host_names"),
    text("authority", is_required=False),
    Column("is_fast", Boolean, nullable=False),
    Column("renew_before", BigInteger, nullable=True),
    text("changed_by"),
    moment("changed_at"),
)
"""``host_names`` has one name in a line; ``renew_before`` counts microseconds."""

listener_member: Final = Table(
    "listener_member",
    metadata,
    Column("name", Text, primary_key=True),
    text("owner"),
    text("family"),
    text("state"),
    Column("round", BigInteger, nullable=False),
    moment("wanted_at", is_required=False),
    Column("signing", BigInteger, nullable=True),
    text("reason", is_required=False),
    Column("attempts", BigInteger, nullable=False),
    text("fingerprint", is_required=False),
    moment("placed_at", is_required=False),
    moment("not_after", is_required=False),
    moment("renew_at", is_required=False),
    moment("again_at", is_required=False),
    moment("due_at", is_required=False),
    text("sealed_key", is_required=False),
    text("chain", is_required=False),
    Index("listener_member_of_owner", "owner"),
    Index("listener_member_due", "due_at"),
)
"""The certificate of one key family; ``sealed_key`` and ``chain`` wait to be put in place together."""

_MICROSECOND: Final = timedelta(microseconds=1)
_FACTS: Final = (
    "name, family, state, round, signing, reason, attempts, fingerprint, placed_at, not_after, renew_at, again_at,"
    " due_at, wanted_at"
)
_READY: Final = "state = 'issued' AND (again_at IS NULL OR again_at <= ?)"
_SELECT: Final = (
    "SELECT name, host_names, authority, is_fast, renew_before, changed_by, changed_at FROM listener_certificate"
)
_PUT: Final = (
    "INSERT INTO listener_certificate (name, host_names, authority, is_fast, renew_before, changed_by, changed_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET host_names = excluded.host_names,"
    " authority = excluded.authority, is_fast = excluded.is_fast, renew_before = excluded.renew_before,"
    " changed_by = excluded.changed_by, changed_at = excluded.changed_at"
)
_PUT_MEMBER: Final = (
    "INSERT INTO listener_member (owner, name, family, state, round, signing, reason, attempts, fingerprint, placed_at,"
    " not_after, renew_at, again_at, due_at, wanted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, family = excluded.family, state = excluded.state,"
    " round = excluded.round, signing = excluded.signing, reason = excluded.reason, attempts = excluded.attempts,"
    " fingerprint = excluded.fingerprint, placed_at = excluded.placed_at, not_after = excluded.not_after,"
    " renew_at = excluded.renew_at, again_at = excluded.again_at, due_at = excluded.due_at,"
    " wanted_at = excluded.wanted_at"
)
_FORGET_KEY: Final = "UPDATE listener_member SET sealed_key = NULL, chain = NULL WHERE name = ?"
_WITH_KEY: Final = frozenset({MemberState.ASKED, MemberState.ISSUED})


class ListenerCertificateRecords:
    """The ListenerCertificateStore of one unit of work."""

    def __init__(self, unit: Unit, vault: Vault) -> None:
        self._unit = unit
        self._vault = vault

    def put(self, name: str, wish: Wish, *, changed_by: str, at: datetime) -> None:
        before = None if wish.renew_before is None else wish.renew_before // _MICROSECOND
        hosts = "\n".join(wish.host_names)
        self._unit.execute(_PUT, (name, hosts, wish.authority, wish.is_fast, before, changed_by, to_micros(at)))

    def lock(self, name: str) -> bool:
        return self._unit.execute("UPDATE listener_certificate SET name = name WHERE name = ?", (name,)) > 0

    def remove(self, name: str) -> bool:
        is_there = self._unit.execute("DELETE FROM listener_certificate WHERE name = ?", (name,)) > 0
        self._unit.execute("DELETE FROM listener_member WHERE owner = ?", (name,))
        return is_there

    def find(self, name: str) -> Managed | None:
        row = self._unit.one(f"{_SELECT} WHERE name = ?", (name,))
        return None if row is None else self._managed(row)

    def all(self) -> Sequence[Managed]:
        return [self._managed(row) for row in self._unit.all(f"{_SELECT} ORDER BY name")]

    def owner(self, member: str) -> str | None:
        row = self._unit.one("SELECT owner FROM listener_member WHERE name = ?", (member,))
        return None if row is None else str(row[0])

    def put_member(self, owner: str, member: Member) -> None:
        self._unit.execute(
            _PUT_MEMBER,
            (
                owner,
                member.name,
                member.family.value,
                member.state.value,
                member.round,
                member.signing,
                member.reason,
                member.attempts,
                member.fingerprint,
                maybe_to_micros(member.placed_at),
                maybe_to_micros(member.not_after),
                maybe_to_micros(member.renew_at),
                maybe_to_micros(member.again_at),
                maybe_to_micros(member.due_at),
                maybe_to_micros(member.wanted_at),
            ),
        )
        if member.state not in _WITH_KEY:
            self._unit.execute(_FORGET_KEY, (member.name,))

    def remove_member(self, member: str) -> None:
        self._unit.execute("DELETE FROM listener_member WHERE name = ?", (member,))

    def keep_key(self, member: str, key: PrivateKey) -> None:
        sealed = self._vault.seal(key.pem())
        self._unit.execute("UPDATE listener_member SET sealed_key = ? WHERE name = ?", (sealed, member))

    def keep_chain(self, member: str, chain: tuple[Certificate, ...]) -> None:
        pem = "".join(one.pem for one in chain)
        self._unit.execute("UPDATE listener_member SET chain = ? WHERE name = ?", (pem, member))

    def placements(self, at: datetime) -> Sequence[Placement]:
        sql = f"SELECT name, round, chain, sealed_key FROM listener_member WHERE {_READY} ORDER BY name"
        rows = self._unit.all(sql, (to_micros(at),))
        return [
            Placement(name=name, round=number, chain_pem=chain or "", key_pem=self._opened(sealed))
            for name, number, chain, sealed in rows
        ]

    def member_of(self, number: SigningNumber) -> str | None:
        row = self._unit.one("SELECT name FROM listener_member WHERE signing = ?", (number,))
        return None if row is None else str(row[0])

    def due(self, at: datetime) -> Sequence[str]:
        rows = self._unit.all("SELECT name FROM listener_member WHERE due_at <= ? ORDER BY name", (to_micros(at),))
        return [row[0] for row in rows]

    def is_due(self, at: datetime) -> bool:
        row = self._unit.one("SELECT 1 FROM listener_member WHERE due_at <= ? LIMIT 1", (to_micros(at),))
        return row is not None

    def has_work(self, at: datetime) -> bool:
        sql = f"SELECT 1 FROM listener_member WHERE state = 'wanted' OR ({_READY}) LIMIT 1"
        return self._unit.one(sql, (to_micros(at),)) is not None

    def _opened(self, sealed: str | None) -> str | None:
        try:
            return None if sealed is None else self._vault.open(sealed).decode()
        except BadSeal:
            return None

    def _managed(self, row: Row) -> Managed:
        name, hosts, authority, is_fast, before, changed_by, changed_at = row
        rows = self._unit.all(f"SELECT {_FACTS} FROM listener_member WHERE owner = ? ORDER BY name", (name,))
        members = tuple(_to_member(one) for one in rows)
        wish = Wish(
            host_names=tuple(hosts.split("\n")),
            authority=authority,
            families=frozenset(one.family for one in members),
            is_fast=bool(is_fast),
            renew_before=None if before is None else before * _MICROSECOND,
        )
        return Managed(name=name, wish=wish, members=members, changed_by=changed_by, changed_at=from_micros(changed_at))


def _to_member(row: Row) -> Member:
    name, family, state, number, signing, reason, attempts, fingerprint, *moments = row
    placed_at, not_after, renew_at, again_at, due_at, wanted_at = (maybe_from_micros(one) for one in moments)
    return Member(
        name=name,
        family=KeyFamily(family),
        state=MemberState(state),
        round=number,
        wanted_at=wanted_at,
        signing=None if signing is None else SigningNumber(signing),
        reason=reason,
        attempts=attempts,
        fingerprint=fingerprint,
        placed_at=placed_at,
        not_after=not_after,
        renew_at=renew_at,
        again_at=again_at,
        due_at=due_at,
    )
