"""Links in the database: one row per station that was ever connected, so that epochs never repeat."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Table, select

from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.presence.model import Epoch, LinkId, LinkRecord
from forecourt.storage.connection import Row
from forecourt.storage.pages import page_of
from forecourt.storage.schema import columns_of, from_micros, metadata, moment, paged, station_key, text, to_micros
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
)


class Links:
    """The LinkStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def open(
        self, station_key: int, link_id: LinkId, *, node: str, address: str, subprotocol: str, at: datetime
    ) -> Epoch:
        row = self._unit.upsert(
            "INSERT INTO link (station_key, link_id, epoch, node, address, subprotocol, connected_at, is_to_close)"
            " VALUES (?, ?, 1, ?, ?, ?, ?, false)"
            " ON CONFLICT (station_key) DO UPDATE SET link_id = excluded.link_id,"
            " epoch = link.epoch + 1, node = excluded.node,"
            " address = excluded.address, subprotocol = excluded.subprotocol,"
            " connected_at = excluded.connected_at, is_to_close = false"
            " RETURNING epoch",
            (station_key, link_id, node, address, subprotocol, to_micros(at)),
        )
        return Epoch(row[0])

    def close(self, station_key: int, link_id: LinkId) -> None:
        self._unit.execute(
            "UPDATE link SET node = NULL, is_to_close = false WHERE station_key = ? AND link_id = ?",
            (station_key, link_id),
        )

    def close_all(self, node: str) -> None:
        self._unit.execute("UPDATE link SET node = NULL, is_to_close = false WHERE node = ?", (node,))

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

    def list(self, page: PageRequest) -> Page[LinkRecord]:
        station = metadata.tables["station"]
        statement = (
            select(
                station.c.identity, *columns_of(link, "link_id epoch node address subprotocol connected_at is_to_close")
            )
            .join(station, station.c.key == link.c.station_key)
            .where(link.c.node.is_not(None))
            .order_by(station.c.identity)
        )
        if page.after is not None:
            statement = statement.where(station.c.identity > page.after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_record, lambda row: row[0])


def _to_record(row: Row) -> LinkRecord:
    identity, link_id, epoch, node, address, subprotocol, connected_at, is_to_close = row
    return LinkRecord(
        station=identity,
        link_id=LinkId(link_id),
        epoch=Epoch(epoch),
        node=node,
        address=address,
        subprotocol=subprotocol,
        connected_at=from_micros(connected_at),
        is_to_close=bool(is_to_close),
    )
