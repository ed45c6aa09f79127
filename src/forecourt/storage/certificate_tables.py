"""The tables of certificates of stations: orders, and what is remembered of each station."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, false

from forecourt.storage.schema import Key, metadata, moment, station_key, text

certificate_order: Final = Table(
    "certificate_order",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    station_key(),
    text("occasion"),
    text("state"),
    text("reason", is_required=False),
    text("asked_by"),
    moment("asked_at"),
    moment("changed_at"),
    Column("ask_errand", BigInteger),
    Column("asks", Integer, nullable=False, server_default="0"),
    Column("is_promised", Boolean, nullable=False, server_default=false()),
    Column("deliver_errand", BigInteger),
    Column("former_errand", BigInteger),
    Column("signing", BigInteger),
    text("authority", is_required=False),
    text("csr_digest", is_required=False),
    text("key_digest", is_required=False),
    text("chain"),
    text("fingerprint", is_required=False),
    text("issuer_hash", is_required=False),
    text("serial", is_required=False),
    moment("not_after", is_required=False),
    Column("deliveries", Integer, nullable=False),
    text("taken"),
    text("awaited", is_required=False),
    sqlite_autoincrement=True,
)
"""``chain`` is PEM, leaf first; the columns from ``fingerprint`` to ``not_after`` are those of the leaf. Whether it was
revoked stands in ``revoked_certificate``."""

_orders = certificate_order.c
_is_awaited = _orders.awaited.is_not(None)
Index("certificate_order_of_station", _orders.station_key, _orders.number)
Index("certificate_order_by_request", _orders.station_key, _orders.csr_digest)
Index("certificate_order_by_key", _orders.key_digest)
Index("certificate_order_by_fingerprint", _orders.fingerprint)
Index("certificate_order_by_asking", _orders.ask_errand)
Index("certificate_order_by_delivery", _orders.deliver_errand)
Index(
    "certificate_order_by_former_delivery",
    _orders.former_errand,
    sqlite_where=_orders.former_errand.is_not(None),
    postgresql_where=_orders.former_errand.is_not(None),
)
"""Without the many that have none, for which SQLite would think it useless once it has statistics."""
Index("certificate_order_by_signing", _orders.signing)
Index("certificate_order_begun", _orders.occasion, _orders.asked_at)
Index(
    "certificate_order_awaited", _orders.awaited, _orders.number, sqlite_where=_is_awaited, postgresql_where=_is_awaited
)

station_certificate: Final = Table(
    "station_certificate",
    metadata,
    station_key(primary_key=True, autoincrement=False),
    text("fingerprint", is_required=False),
    text("subject", is_required=False),
    text("issuer", is_required=False),
    text("issuer_hash", is_required=False),
    text("serial", is_required=False),
    text("key_kind", is_required=False),
    moment("not_before", is_required=False),
    moment("not_after", is_required=False),
    text("seen", is_required=False),
    moment("seen_at", is_required=False),
    Column("certificate_order", BigInteger),
    moment("covered_until", is_required=False),
    text("cover_issuer_hash", is_required=False),
    text("cover_serial", is_required=False),
    Column("waits_for", BigInteger),
    moment("renew_end", is_required=False),
    moment("renew_third", is_required=False),
    moment("retry_at", is_required=False),
    moment("alarm_at", is_required=False),
    Column("alarm_step", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("requests", Integer, nullable=False),
    moment("requests_since", is_required=False),
)
"""The columns from ``fingerprint`` to ``certificate_order`` are empty until a certificate of the station is known."""

_sheets = station_certificate.c
Index("station_certificate_ending", _sheets.covered_until, _sheets.station_key)
_is_regular, _is_waiting = _sheets.retry_at.is_(None), _sheets.waits_for.is_not(None)
Index(
    "station_certificate_to_renew",
    _sheets.renew_end,
    _sheets.renew_third,
    sqlite_where=_is_regular,
    postgresql_where=_is_regular,
)
Index("station_certificate_covering", _sheets.cover_serial)
Index("station_certificate_to_retry", _sheets.retry_at)
Index("station_certificate_waiting", _sheets.waits_for, sqlite_where=_is_waiting, postgresql_where=_is_waiting)
Index("station_certificate_to_tell", _sheets.alarm_at)
