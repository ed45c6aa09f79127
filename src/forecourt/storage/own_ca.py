"""The own certificate authority in the database; its keys are sealed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, Table, Text, select

from forecourt.domain.authorities.model import (
    InToken,
    KeyFamily,
    OwnCertificate,
    OwnKey,
    OwnList,
    OwnPolicy,
    OwnRevocation,
    Phase,
    Rank,
)
from forecourt.domain.authorities.store import NewOwn, StoredList
from forecourt.domain.paging import Page, PageRequest
from forecourt.pki.errors import BadKey
from forecourt.pki.reasons import Reason
from forecourt.pki.revocation import Crl
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
from forecourt.storage.server_certificates import KeyRing
from forecourt.storage.trust import TrustRecords, parsed
from forecourt.storage.unit_of_work import Unit

own_ca: Final = Table(
    "own_ca",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    text("policy", is_required=False),
    Column("is_wanted", Boolean, nullable=False),
)
"""One row, which whoever changes something locks; ``policy`` is JSON, and absent while nobody has changed it."""

own_roll: Final = Table(
    "own_roll",
    metadata,
    Column("family", Text, primary_key=True),
    Column("rank", Text, primary_key=True),
)
"""What is to be replaced, until it is."""

own_certificate: Final = Table(
    "own_certificate",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    text("fingerprint"),
    text("family"),
    text("rank"),
    text("phase"),
    text("key_id"),
    text("issuer", is_required=False),
    text("pem"),
    text("cross_pem", is_required=False),
    text("sealed_key", is_required=False),
    Column("is_in_token", Boolean, nullable=False),
    moment("made_at"),
    text("address", is_required=False),
    Index("own_certificate_by_fingerprint", "fingerprint", unique=True),
    Index("own_certificate_by_address", "address"),
    Index("own_certificate_of_issuer", "issuer"),
    sqlite_autoincrement=True,
)
"""``sealed_key`` is absent for keys in a token, and for those that are gone; ``issuer`` is a fingerprint."""

own_list: Final = Table(
    "own_list",
    metadata,
    Column("address", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    moment("this_update"),
    moment("next_update"),
    Column("der", LargeBinary, nullable=False),
    Column("asked", BigInteger, nullable=False),
    Column("covers", BigInteger, nullable=False),
    Column("urgent", BigInteger, nullable=True),
    moment("made_at", is_required=False),
)
"""The list of revoked certificates (CRL) of an own CA. ``asked`` counts how often a new one was asked for, ``covers``
is what that was when its entries were read: below it, the list is behind. ``urgent`` is what ``asked`` was made when
something was last urgent. ``made_at`` is absent for what an older version made."""

own_revocation: Final = Table(
    "own_revocation",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    text("issuer_hash"),
    text("serial"),
    text("subject"),
    text("reason"),
    text("revoked_by"),
    moment("revoked_at"),
    moment("not_after", is_required=False),
    Column("is_entered", Boolean, nullable=False),
    Index("own_revocation_by_serial", "issuer_hash", "serial", unique=True),
    sqlite_autoincrement=True,
)

_LOCK: Final = (
    "INSERT INTO own_ca (id, policy, is_wanted) VALUES (1, NULL, false)"
    " ON CONFLICT (id) DO UPDATE SET is_wanted = own_ca.is_wanted"
)
_CERTIFICATE: Final = (
    "SELECT fingerprint, family, rank, phase, key_id, issuer, pem, cross_pem, is_in_token, made_at,"
    " sealed_key IS NOT NULL FROM own_certificate"
)
_ADD: Final = (
    "INSERT INTO own_certificate (fingerprint, family, rank, phase, key_id, issuer, pem, cross_pem, sealed_key,"
    " is_in_token, made_at, address) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_PUT_LIST: Final = (
    "INSERT INTO own_list (address, number, this_update, next_update, der, asked, covers, made_at)"
    " VALUES (?, ?, ?, ?, ?, 0, ?, ?) ON CONFLICT (address) DO UPDATE SET number = excluded.number,"
    " this_update = excluded.this_update, next_update = excluded.next_update, der = excluded.der,"
    " covers = excluded.covers, made_at = excluded.made_at WHERE own_list.number < excluded.number"
)
_LISTS: Final = "SELECT address, number, this_update, next_update, asked, covers, urgent, made_at FROM own_list"
_SHOWN: Final = "key issuer_hash serial subject reason revoked_by revoked_at not_after is_entered"
_REVOCATION: Final = f"SELECT {', '.join(_SHOWN.split())} FROM own_revocation WHERE issuer_hash = ?"
_columns = own_revocation.c

_encode: Final = msgspec.json.Encoder().encode
_read_policy: Final = msgspec.json.Decoder(OwnPolicy).decode


class OwnRecords:
    """The OwnStore of one unit of work."""

    def __init__(self, unit: Unit, keys: KeyRing) -> None:
        self._unit = unit
        self._keys = keys

    def lock(self) -> None:
        TrustRecords(self._unit).lock()
        self._unit.execute(_LOCK)

    # What is wanted

    def policy(self) -> OwnPolicy:
        row = self._unit.one("SELECT policy FROM own_ca WHERE id = 1")
        return OwnPolicy() if row is None or row[0] is None else _read_policy(row[0])

    def put_policy(self, policy: OwnPolicy) -> None:
        self._unit.execute("UPDATE own_ca SET policy = ? WHERE id = 1", (_encode(policy).decode(),))

    def is_wanted(self) -> bool:
        row = self._unit.one("SELECT is_wanted FROM own_ca WHERE id = 1")
        return row is not None and bool(row[0])

    def want(self) -> None:
        self._unit.execute("UPDATE own_ca SET is_wanted = true WHERE id = 1")

    def rolls(self) -> frozenset[tuple[KeyFamily, Rank]]:
        rows = self._unit.all("SELECT family, rank FROM own_roll")
        return frozenset((KeyFamily(family), Rank(rank)) for family, rank in rows)

    def add_roll(self, family: KeyFamily, rank: Rank) -> None:
        sql = "INSERT INTO own_roll (family, rank) VALUES (?, ?) ON CONFLICT DO NOTHING"
        self._unit.execute(sql, (family.value, rank.value))

    def drop_roll(self, family: KeyFamily, rank: Rank) -> None:
        self._unit.execute("DELETE FROM own_roll WHERE family = ? AND rank = ?", (family.value, rank.value))

    # Certificates

    def add(self, new: NewOwn) -> None:
        own = new.own
        self._unit.execute(
            _ADD,
            (
                own.fingerprint,
                own.family.value,
                own.rank.value,
                own.phase.value,
                own.key_id,
                own.issuer,
                own.certificate.pem,
                None if own.cross is None else own.cross.pem,
                None if new.key is None else self._keys.seal(new.key),
                own.is_in_token,
                to_micros(own.made_at),
                own.address,
            ),
        )

    def set_phase(self, fingerprint: str, phase: Phase) -> None:
        sql = "UPDATE own_certificate SET phase = ? WHERE fingerprint = ?"
        self._unit.execute(sql, (phase.value, fingerprint))

    def drop_key(self, fingerprint: str) -> None:
        sql = "UPDATE own_certificate SET sealed_key = NULL, is_in_token = false WHERE fingerprint = ?"
        self._unit.execute(sql, (fingerprint,))

    def remove(self, fingerprints: Collection[str]) -> None:
        for fingerprint in fingerprints:
            self._unit.execute("DELETE FROM own_certificate WHERE fingerprint = ?", (fingerprint,))

    def find(self, fingerprint: str) -> OwnCertificate | None:
        row = self._unit.one(f"{_CERTIFICATE} WHERE fingerprint = ?", (fingerprint,))
        return None if row is None else _to_own(row)

    def all(self) -> Sequence[OwnCertificate]:
        return [_to_own(row) for row in self._unit.all(f"{_CERTIFICATE} ORDER BY number")]

    def at_address(self, address: str) -> OwnCertificate | None:
        row = self._unit.one(f"{_CERTIFICATE} WHERE address = ?", (address,))
        return None if row is None else _to_own(row)

    def below(self, fingerprint: str) -> Sequence[OwnCertificate]:
        return [
            _to_own(row) for row in self._unit.all(f"{_CERTIFICATE} WHERE issuer = ? ORDER BY number", (fingerprint,))
        ]

    def key(self, fingerprint: str) -> OwnKey:
        sql = "SELECT key_id, is_in_token, sealed_key FROM own_certificate WHERE fingerprint = ?"
        row = self._unit.one(sql, (fingerprint,))
        if row is None:
            raise BadKey("The certificate is gone, and its key with it.")
        key_id, is_in_token, sealed = row
        if is_in_token:
            return InToken(key_id)
        if sealed is None:
            raise BadKey("The key is gone, because the certificate was retired.")
        return self._keys.open(sealed)

    # Lists

    def lists(self) -> Mapping[str, OwnList]:
        return {row[0]: _to_list(row) for row in self._unit.all(_LISTS)}

    def put_list(self, address: str, crl: Crl, *, number: int, covers: int, made_at: datetime) -> bool:
        next_update = crl.next_update or crl.this_update
        times = to_micros(crl.this_update), to_micros(next_update)
        return self._unit.execute(_PUT_LIST, (address, number, *times, crl.der, covers, to_micros(made_at))) > 0

    def find_list(self, address: str) -> StoredList | None:
        sql = "SELECT der, number, this_update, next_update, made_at FROM own_list WHERE address = ?"
        row = self._unit.one(sql, (address,))
        if row is None:
            return None
        der, number, this_update, next_update, made_at = row
        return StoredList(
            bytes(der), number, from_micros(this_update), from_micros(next_update), maybe_from_micros(made_at)
        )

    def asked(self, address: str) -> int:
        row = self._unit.one("SELECT asked FROM own_list WHERE address = ?", (address,))
        return 0 if row is None else int(row[0])

    def ask_list(self, address: str, *, is_urgent: bool) -> None:
        urgent = ", urgent = asked + 1" if is_urgent else ""
        self._unit.execute(f"UPDATE own_list SET asked = asked + 1{urgent} WHERE address = ?", (address,))

    # Revocations

    def add_revocation(self, revocation: OwnRevocation) -> None:
        self.drop_revocation(revocation.issuer_hash, revocation.serial)
        self._unit.execute(
            "INSERT INTO own_revocation (issuer_hash, serial, subject, reason, revoked_by, revoked_at, not_after,"
            " is_entered) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                revocation.issuer_hash,
                revocation.serial,
                revocation.subject,
                revocation.reason.value,
                revocation.revoked_by,
                to_micros(revocation.revoked_at),
                maybe_to_micros(revocation.not_after),
                revocation.is_entered,
            ),
        )

    def drop_revocation(self, issuer_hash: str, serial: str) -> None:
        sql = "DELETE FROM own_revocation WHERE issuer_hash = ? AND serial = ?"
        self._unit.execute(sql, (issuer_hash, serial))

    def find_revocation(self, issuer_hash: str, serial: str) -> OwnRevocation | None:
        row = self._unit.one(f"{_REVOCATION} AND serial = ?", (issuer_hash, serial))
        return None if row is None else _to_revocation(row)

    def revocations(self, issuer_hash: str) -> Iterable[OwnRevocation]:
        return [_to_revocation(row) for row in self._unit.all(f"{_REVOCATION} ORDER BY key", (issuer_hash,))]

    def list_revocations(self, page: PageRequest) -> Page[OwnRevocation]:
        statement = select(*columns_of(own_revocation, _SHOWN)).order_by(_columns.key.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.key < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_revocation, lambda row: row[0])

    def prune_revocations(self, ended_before: datetime, issuers: Collection[str]) -> int:
        count = self._unit.execute("DELETE FROM own_revocation WHERE not_after < ?", (to_micros(ended_before),))
        for issuer in issuers:
            count += self._unit.execute("DELETE FROM own_revocation WHERE issuer_hash = ?", (issuer,))
        return count


def _to_own(row: Row) -> OwnCertificate:
    _, family, rank, phase, key_id, issuer, pem, cross_pem, is_in_token, made_at, is_sealed = row
    return OwnCertificate(
        certificate=parsed(pem),
        family=KeyFamily(family),
        rank=Rank(rank),
        phase=Phase(phase),
        key_id=key_id,
        issuer=issuer,
        cross=None if cross_pem is None else parsed(cross_pem),
        is_in_token=bool(is_in_token),
        has_key=bool(is_in_token or is_sealed),
        made_at=from_micros(made_at),
    )


def _to_list(row: Row) -> OwnList:
    _, number, this_update, next_update, asked, covers, urgent, made_at = row
    return OwnList(
        number,
        from_micros(this_update),
        from_micros(next_update),
        is_behind=covers < asked,
        is_urgent=urgent is not None and covers < urgent,
        made_at=maybe_from_micros(made_at),
    )


def _to_revocation(row: Row) -> OwnRevocation:
    _, issuer_hash, serial, subject, reason, revoked_by, revoked_at, not_after, is_entered = row
    return OwnRevocation(
        issuer_hash=issuer_hash,
        serial=serial,
        subject=subject,
        reason=Reason(reason),
        revoked_by=revoked_by,
        revoked_at=from_micros(revoked_at),
        not_after=maybe_from_micros(not_after),
        is_entered=bool(is_entered),
    )
