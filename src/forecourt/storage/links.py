"""Links in the database: one row per station that was ever connected, so that epochs never repeat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, select
from sqlalchemy.sql import Select

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.presence.model import PLAIN, Epoch, LinkCount, LinkId, LinkRecord, LinkSecurity
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
    station_key,
    text,
    to_micros,
)
from forecourt.storage.unit_of_work import Unit

link: Final = Table(
    "link",
    metadata,
    station_key(primary_key=True, autoincrement=False),
    Column("link_id", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    text("node", is_required=False),
    text("address"),
    text("subprotocol"),
    moment("connected_at"),
    Column("is_to_close", Boolean, nullable=False),
    Column("profile", Integer),
    text("listener", is_required=False),
    Column("is_tls", Boolean),
    text("tls_version", is_required=False),
    text("cipher", is_required=False),
    text("via_proxy", is_required=False),
    text("fingerprint", is_required=False),
    moment("certificate_ends_at", is_required=False),
    Column("is_onboarding", Boolean),
)
"""What says how a station came in is absent in links of a time when that was not written down."""

_WRITTEN: Final = (
    "station_key link_id node address subprotocol connected_at profile listener is_tls tls_version cipher via_proxy"
    " fingerprint certificate_ends_at is_onboarding"
)
_LISTED: Final = (
    "link_id epoch node address subprotocol connected_at is_to_close profile listener is_tls tls_version cipher"
    " via_proxy fingerprint certificate_ends_at is_onboarding"
)
_OPEN: Final = (
    "INSERT INTO link ({columns}, epoch, is_to_close) VALUES ({marks}, 1, false)"
    " ON CONFLICT (station_key) DO UPDATE SET {changes}, epoch = link.epoch + 1, is_to_close = false RETURNING epoch"
).format(
    columns=", ".join(_WRITTEN.split()),
    marks=", ".join("?" for _ in _WRITTEN.split()),
    changes=", ".join(f"{name} = excluded.{name}" for name in _WRITTEN.split()[1:]),
)
_COUNTS: Final = (
    "SELECT coalesce(l.listener, ''), coalesce(l.is_tls, false), l.tls_version, coalesce(l.profile, 0), count(*),"
    " min(s.identity) FROM link AS l JOIN station AS s ON s.key = l.station_key WHERE l.node IS NOT NULL"
    " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
)


class Links:
    """The LinkStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def open(
        self,
        station_key: int,
        link_id: LinkId,
        *,
        node: str,
        address: str,
        subprotocol: str,
        at: datetime,
        security: LinkSecurity = PLAIN,
    ) -> Epoch:
        row = self._unit.upsert(
            _OPEN,
            (
                station_key,
                link_id,
                node,
                address,
                subprotocol,
                to_micros(at),
                int(security.profile),
                security.listener,
                security.is_tls,
                security.tls_version,
                security.cipher,
                security.via_proxy,
                security.fingerprint,
                maybe_to_micros(security.certificate_ends_at),
                security.is_onboarding,
            ),
        )
        return Epoch(row[0])

    def close(self, station_key: int, link_id: LinkId) -> bool:
        changed = self._unit.execute(
            "UPDATE link SET node = NULL, is_to_close = false WHERE station_key = ? AND link_id = ?",
            (station_key, link_id),
        )
        return changed > 0

    def close_all(self, node: str) -> Sequence[str]:
        sql = "SELECT s.identity FROM link AS l JOIN station AS s ON s.key = l.station_key WHERE l.node = ? ORDER BY 1"
        stations = [row[0] for row in self._unit.all(sql, (node,))]
        self._unit.execute("UPDATE link SET node = NULL, is_to_close = false WHERE node = ?", (node,))
        return stations

    def ask_to_close(self, station: str) -> bool:
        changed = self._unit.execute(
            "UPDATE link SET is_to_close = true WHERE node IS NOT NULL"
            " AND station_key = (SELECT key FROM station WHERE identity = ?)",
            (station,),
        )
        return changed > 0

    def to_close(self, node: str) -> list[tuple[str, LinkId]]:
        rows = self._unit.all(
            "SELECT station.identity, link.link_id FROM link JOIN station ON station.key = link.station_key"
            " WHERE link.node = ? AND (link.is_to_close OR station.removed_at IS NOT NULL)",
            (node,),
        )
        return [(identity, LinkId(link_id)) for identity, link_id in rows]

    def counts(self) -> Sequence[LinkCount]:
        return [
            LinkCount(
                listener=listener,
                is_tls=bool(is_tls),
                tls_version=tls_version,
                profile=SecurityProfile(profile),
                stations=stations,
                example=example,
            )
            for listener, is_tls, tls_version, profile, stations, example in self._unit.all(_COUNTS)
        ]

    def find(self, station: str) -> LinkRecord | None:
        rows = self._unit.select(_listed().where(metadata.tables["station"].c.identity == station))
        return _to_record(rows[0]) if rows else None

    def list(self, page: PageRequest) -> Page[LinkRecord]:
        station = metadata.tables["station"]
        statement = _listed().order_by(station.c.identity)
        if page.after is not None:
            statement = statement.where(station.c.identity > page.after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_record, lambda row: row[0])


def _listed() -> Select[Any]:  # any columns
    station = metadata.tables["station"]
    return (
        select(station.c.identity, *columns_of(link, _LISTED))
        .join(station, station.c.key == link.c.station_key)
        .where(link.c.node.is_not(None))
    )


def _to_record(row: Row) -> LinkRecord:
    identity, link_id, epoch, node, address, subprotocol, connected_at, is_to_close, *security = row
    return LinkRecord(
        station=identity,
        link_id=LinkId(link_id),
        epoch=Epoch(epoch),
        node=node,
        address=address,
        subprotocol=subprotocol,
        connected_at=from_micros(connected_at),
        is_to_close=bool(is_to_close),
        security=_to_security(security),
    )


def _to_security(columns: Sequence[Any]) -> LinkSecurity:  # what drivers give
    profile, listener, is_tls, tls_version, cipher, via_proxy, fingerprint, certificate_ends_at, is_onboarding = columns
    return LinkSecurity(
        profile=SecurityProfile(profile or 0),
        listener=listener or "",
        is_tls=bool(is_tls),
        tls_version=tls_version,
        cipher=cipher,
        via_proxy=via_proxy,
        fingerprint=fingerprint,
        certificate_ends_at=maybe_from_micros(certificate_ends_at),
        is_onboarding=bool(is_onboarding),
    )
