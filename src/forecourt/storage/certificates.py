"""Orders of certificates in the database, and what is due of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import exists, select
from sqlalchemy.sql import ColumnElement, Select

from forecourt.domain.certificates.model import (
    Awaited,
    CertificateOrder,
    Occasion,
    OrderFilter,
    OrderNumber,
    OrderState,
    Taken,
)
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.signing.model import SigningNumber
from forecourt.pki.certificate import Certificate, read_bundle
from forecourt.storage.certificate_sheets import SheetRecords
from forecourt.storage.certificate_tables import certificate_order
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import columns_of, from_micros, maybe_to_micros, metadata, paged, to_micros
from forecourt.storage.stations import is_in_group

_STORED: Final = (
    *("station_key", "occasion", "state", "reason", "asked_by", "asked_at", "changed_at"),
    *(
        "ask_errand",
        "asks",
        "is_promised",
        "deliver_errand",
        "former_errand",
        "signing",
        "authority",
        "csr_digest",
        "key_digest",
    ),
    *("chain", "fingerprint", "issuer_hash", "serial", "not_after", "deliveries", "taken", "awaited"),
)
_READ: Final = [name for name in _STORED if name not in ("fingerprint", "issuer_hash", "serial", "not_after")]
_IS_REVOKED: Final = (
    "EXISTS (SELECT 1 FROM revoked_certificate AS r WHERE r.issuer_hash = o.issuer_hash AND r.serial = o.serial)"
)
_SELECT: Final = (
    f"SELECT s.identity, o.number, {', '.join(f'o.{name}' for name in _READ)}, {_IS_REVOKED}"
    " FROM certificate_order AS o JOIN station AS s ON s.key = o.station_key"
)
_ADD: Final = (
    f"INSERT INTO certificate_order ({', '.join(_STORED)}) VALUES ({', '.join('?' * len(_STORED))}) RETURNING number"
)
_CHANGE: Final = f"UPDATE certificate_order SET {', '.join(f'{name} = ?' for name in _STORED)} WHERE number = ?"

_OPEN: Final = ", ".join(f"'{state.value}'" for state in OrderState if state.is_open)
_OF_AN_ERRAND: Final = (
    " JOIN errand AS e ON e.number = o.{column} WHERE o.awaited = 'errand' AND o.state = '{state}'"
    " AND e.state NOT IN ('queued', 'sent') AND {is_over} ORDER BY o.number LIMIT ?"
)
_UNHEARD: Final = _OF_AN_ERRAND.format(
    column="ask_errand",
    state=OrderState.ASKED.value,
    is_over="e.ended_at <= ? - CAST(? AS BIGINT) * (1 << (o.asks - 1))",
)
_STRANDED: Final = _OF_AN_ERRAND.format(
    column="deliver_errand", state=OrderState.DELIVERING.value, is_over="e.ended_at <= ?"
)
_RETURNED: Final = (
    " JOIN link AS l ON l.station_key = o.station_key WHERE o.awaited = 'return' AND o.state = 'doubtful'"
    " AND s.removed_at IS NULL AND l.node IS NOT NULL AND l.connected_at <= ? AND o.changed_at <= ?"
    " AND (l.fingerprint IS NULL OR l.fingerprint <> o.fingerprint) ORDER BY o.number LIMIT ?"
)
_UNTOLD: Final = (
    " JOIN signing_request AS g ON g.number = o.signing WHERE o.awaited = 'signing' AND o.state = 'received'"
    " AND g.state <> 'waiting' AND g.ended_at <= ? ORDER BY o.number LIMIT ?"
)
_DISPLACED: Final = (
    " JOIN link AS l ON l.station_key = o.station_key WHERE o.awaited = 'revocation' AND o.state = 'used'"
    " AND l.node IS NOT NULL AND l.fingerprint = o.fingerprint AND l.connected_at <= ?"
    f" AND NOT {_IS_REVOKED} ORDER BY o.number LIMIT ?"
)
_BOOTED: Final = (
    " WHERE o.awaited = 'boot' AND o.state = 'failed' AND s.removed_at IS NULL AND s.booted_at > o.changed_at"
    " ORDER BY o.number LIMIT ?"
)


class CertificateRecords(SheetRecords):
    """The CertificateStore of one unit of work."""

    def add(self, order: CertificateOrder) -> CertificateOrder:
        row = self._unit.upsert(_ADD, _written(order))
        return replace(order, number=OrderNumber(row[0]))

    def change(self, order: CertificateOrder) -> None:
        self._unit.execute(_CHANGE, (*_written(order), order.number))

    def find(self, number: OrderNumber) -> CertificateOrder | None:
        return self._one(f"{_SELECT} WHERE o.number = ?", number)

    def unsettled(self, station_key: int) -> Sequence[CertificateOrder]:
        where = f"o.station_key = ? AND (o.state IN ({_OPEN}) OR o.awaited IS NOT NULL)"
        return self._all(f"{_SELECT} WHERE {where} ORDER BY o.number", station_key)

    def with_request(self, station_key: int, digest: str) -> CertificateOrder | None:
        where = "o.station_key = ? AND o.csr_digest = ?"
        return self._one(f"{_SELECT} WHERE {where} ORDER BY o.number DESC LIMIT 1", station_key, digest)

    def with_certificate(self, station_key: int, fingerprint: str) -> CertificateOrder | None:
        where = "o.fingerprint = ? AND o.station_key = ?"
        return self._one(f"{_SELECT} WHERE {where} ORDER BY o.number DESC LIMIT 1", fingerprint, station_key)

    def asked_with(self, errand: ErrandNumber) -> CertificateOrder | None:
        return self._one(f"{_SELECT} WHERE o.ask_errand = ?", errand)

    def delivered_with(self, errand: ErrandNumber) -> CertificateOrder | None:
        return self._one(f"{_SELECT} WHERE o.deliver_errand = ? OR o.former_errand = ?", errand, errand)

    def signed_with(self, signing: SigningNumber) -> CertificateOrder | None:
        return self._one(f"{_SELECT} WHERE o.signing = ?", signing)

    def former(self, station_key: int, before: OrderNumber, at: datetime) -> Sequence[CertificateOrder]:
        where = f"o.station_key = ? AND o.number < ? AND o.not_after > ? AND NOT {_IS_REVOKED}"
        return self._all(f"{_SELECT} WHERE {where} ORDER BY o.number", station_key, before, to_micros(at))

    def newest_installed(self, station_key: int, after: OrderNumber) -> CertificateOrder | None:
        where = f"o.station_key = ? AND o.number > ? AND o.state = 'installed' AND NOT {_IS_REVOKED}"
        return self._one(f"{_SELECT} WHERE {where} ORDER BY o.number DESC LIMIT 1", station_key, after)

    def other_with_key(self, station_key: int, key_digest: str) -> str | None:
        sql = (
            "SELECT s.identity FROM certificate_order AS o JOIN station AS s ON s.key = o.station_key"
            " WHERE o.key_digest = ? AND o.station_key <> ? AND s.removed_at IS NULL LIMIT 1"
        )
        row = self._unit.one(sql, (key_digest, station_key))
        return None if row is None else str(row[0])

    def uses_key(self, station_key: int, key_digest: str) -> bool:
        sql = "SELECT 1 FROM certificate_order WHERE key_digest = ? AND station_key = ? AND state = 'used' LIMIT 1"
        return self._unit.one(sql, (key_digest, station_key)) is not None

    # What time brings

    def never_requested(self, at: datetime, patience: timedelta, limit: int) -> Sequence[CertificateOrder]:
        return self._all(f"{_SELECT}{_UNHEARD}", to_micros(at), patience // timedelta(microseconds=1), limit)

    def stranded(self, ended_before: datetime, limit: int) -> Sequence[CertificateOrder]:
        return self._all(f"{_SELECT}{_STRANDED}", to_micros(ended_before), limit)

    def returned(self, since: datetime, limit: int) -> Sequence[CertificateOrder]:
        return self._all(f"{_SELECT}{_RETURNED}", to_micros(since), to_micros(since), limit)

    def booted(self, limit: int) -> Sequence[CertificateOrder]:
        return self._all(f"{_SELECT}{_BOOTED}", limit)

    def to_withdraw(self, limit: int) -> Sequence[CertificateOrder]:
        return self._all(f"{_SELECT} WHERE o.awaited = 'withdrawal' ORDER BY o.number LIMIT ?", limit)

    def untold(self, ended_before: datetime, limit: int) -> Sequence[CertificateOrder]:
        return self._all(f"{_SELECT}{_UNTOLD}", to_micros(ended_before), limit)

    def displaced(self, since: datetime, limit: int) -> Sequence[CertificateOrder]:
        return self._all(f"{_SELECT}{_DISPLACED}", to_micros(since), limit)

    def to_revoke_again(self, tried_before: datetime, limit: int) -> Sequence[CertificateOrder]:
        where = "o.awaited = 'revocationAgain' AND o.changed_at <= ?"
        return self._all(f"{_SELECT} WHERE {where} ORDER BY o.number LIMIT ?", to_micros(tried_before), limit)

    def begun_since(self, occasion: Occasion, at: datetime) -> int:
        sql = "SELECT count(*) FROM certificate_order WHERE occasion = ? AND asked_at > ?"
        row = self._unit.one(sql, (occasion.value, to_micros(at)))
        return 0 if row is None else int(row[0])

    # Questions

    def list(self, wanted: OrderFilter, page: PageRequest) -> Page[CertificateOrder]:
        station = metadata.tables["station"]
        statement = (
            select(station.c.identity, *columns_of(certificate_order, " ".join(["number", *_READ])), _revoked())
            .join(station, station.c.key == certificate_order.c.station_key)
            .order_by(certificate_order.c.number.desc())
        )
        after = number_after(page)
        if after is not None:
            statement = statement.where(certificate_order.c.number < after)
        rows = self._unit.select(paged(_filtered(statement, wanted), page))
        return page_of(rows, page, _to_order, lambda row: row[1])

    # Inside

    def _one(self, sql: str, *parameters: object) -> CertificateOrder | None:
        row = self._unit.one(sql, parameters)
        return None if row is None else _to_order(row)

    def _all(self, sql: str, *parameters: object) -> Sequence[CertificateOrder]:
        return [_to_order(row) for row in self._unit.all(sql, parameters)]


def _revoked() -> ColumnElement[bool]:
    """Whether the certificate of an order is in the register."""
    revoked, orders = metadata.tables["revoked_certificate"].c, certificate_order.c
    return exists().where(revoked.issuer_hash == orders.issuer_hash, revoked.serial == orders.serial)


def _filtered(statement: Select[Any], wanted: OrderFilter) -> Select[Any]:  # Any: a row of any columns
    station, orders = metadata.tables["station"], certificate_order.c
    if wanted.station is not None:
        statement = statement.where(station.c.identity == wanted.station)
    if wanted.group is not None:
        statement = statement.where(is_in_group(wanted.group))
    if wanted.states is not None:
        statement = statement.where(orders.state.in_(sorted(state.value for state in wanted.states)))
    if wanted.is_open is not None:
        is_open = orders.state.in_([state.value for state in OrderState if state.is_open])
        statement = statement.where(is_open if wanted.is_open else ~is_open)
    if wanted.occasion is not None:
        statement = statement.where(orders.occasion == wanted.occasion.value)
    if wanted.since is not None:
        statement = statement.where(orders.asked_at >= to_micros(wanted.since))
    if wanted.until is not None:
        statement = statement.where(orders.asked_at < to_micros(wanted.until))
    return statement


def _written(order: CertificateOrder) -> tuple[object, ...]:
    leaf = order.leaf
    return (
        order.station_key,
        order.occasion.value,
        order.state.value,
        order.reason,
        order.asked_by,
        to_micros(order.asked_at),
        to_micros(order.changed_at),
        order.ask_errand,
        order.asks,
        order.is_promised,
        order.deliver_errand,
        order.former_errand,
        order.signing,
        order.authority,
        order.csr_digest,
        order.key_digest,
        "".join(one.pem for one in order.chain),
        None if leaf is None else leaf.fingerprint,
        None if leaf is None else leaf.issuer_hash,
        None if leaf is None else leaf.serial,
        None if leaf is None else maybe_to_micros(leaf.not_after),
        order.deliveries,
        order.taken.value,
        None if order.awaited is None else order.awaited.value,
    )


def _to_order(row: Row) -> CertificateOrder:
    identity, number, station_key, occasion, state, reason, asked_by, asked_at, changed_at = row[:9]
    ask, asks, is_promised, deliver, former, signing, authority, digest, key_digest = row[9:18]
    chain, deliveries, taken, awaited, is_revoked = row[18:]
    return CertificateOrder(
        number=OrderNumber(number),
        station=identity,
        station_key=station_key,
        occasion=Occasion(occasion),
        state=OrderState(state),
        reason=reason,
        asked_by=asked_by,
        asked_at=from_micros(asked_at),
        changed_at=from_micros(changed_at),
        ask_errand=None if ask is None else ErrandNumber(ask),
        asks=asks,
        is_promised=bool(is_promised),
        deliver_errand=None if deliver is None else ErrandNumber(deliver),
        former_errand=None if former is None else ErrandNumber(former),
        signing=None if signing is None else SigningNumber(signing),
        authority=authority,
        csr_digest=digest,
        key_digest=key_digest,
        chain=_read_chain(chain),
        deliveries=deliveries,
        taken=Taken(taken),
        awaited=None if awaited is None else Awaited(awaited),
        is_revoked=bool(is_revoked),
    )


def _read_chain(pem: str) -> tuple[Certificate, ...]:
    """It was checked before it was kept."""
    return tuple(one for block in pem.split(_END)[:-1] for one in _read_block(block + _END))


_END: Final = "-----END CERTIFICATE-----\n"


@lru_cache(maxsize=512)
def _read_block(pem: str) -> tuple[Certificate, ...]:
    """Certificates do not change, and to read one costs more than all else that is done with an order: one of an issuer
    is in every chain, and an order is read several times in a unit of work. Some kilobytes each."""
    return tuple(one for one in read_bundle(pem) if isinstance(one, Certificate))
