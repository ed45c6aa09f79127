"""Vendors and their messages in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Column, Table, Text, select

from forecourt.domain.data_transfer.model import ReceivedMessage, Vendor, VendorMessage
from forecourt.domain.paging import Page, PageRequest
from forecourt.storage.bulk import Bulk
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import Key, columns_of, from_micros, metadata, moment, paged, station_key, text, to_micros
from forecourt.storage.unit_of_work import Unit

vendor: Final = Table(
    "vendor",
    metadata,
    Column("vendor_id", Text, primary_key=True),
    text("message_ids", is_required=False),
)

vendor_message: Final = Table(
    "vendor_message",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    station_key(),
    text("vendor_id"),
    text("message_id", is_required=False),
    text("data", is_required=False),
    moment("received_at"),
)

_MESSAGES: Final = Bulk(vendor_message, ["station_key", "vendor_id", "message_id", "data", "received_at"])

_decode_ids = msgspec.json.Decoder(frozenset[str]).decode


class VendorMessages:
    """The DataTransferStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find_vendor(self, vendor_id: str) -> Vendor | None:
        row = self._unit.one("SELECT vendor_id, message_ids FROM vendor WHERE vendor_id = ?", (vendor_id,))
        return None if row is None else _to_vendor(row)

    def put_vendor(self, vendor: Vendor) -> None:
        written = None if vendor.message_ids is None else msgspec.json.encode(sorted(vendor.message_ids)).decode()
        self._unit.execute(
            "INSERT INTO vendor (vendor_id, message_ids) VALUES (?, ?)"
            " ON CONFLICT (vendor_id) DO UPDATE SET message_ids = excluded.message_ids",
            (vendor.vendor_id, written),
        )

    def remove_vendor(self, vendor_id: str) -> bool:
        return self._unit.execute("DELETE FROM vendor WHERE vendor_id = ?", (vendor_id,)) > 0

    def vendors(self, page: PageRequest) -> Page[Vendor]:
        statement = select(vendor).order_by(vendor.c.vendor_id)
        if page.after is not None:
            statement = statement.where(vendor.c.vendor_id > page.after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_vendor, lambda row: row[0])

    def record(self, station_key: int, message: VendorMessage, at: datetime) -> None:
        row = (station_key, message.vendor_id, message.message_id, message.data, to_micros(at))
        self._unit.append(_MESSAGES, row)

    def messages(self, page: PageRequest) -> Page[ReceivedMessage]:
        station = metadata.tables["station"]
        columns = vendor_message.c
        statement = (
            select(
                columns.key, station.c.identity, *columns_of(vendor_message, "vendor_id message_id data received_at")
            )
            .join(station, station.c.key == columns.station_key)
            .order_by(columns.key.desc())
        )
        after = number_after(page)
        if after is not None:
            statement = statement.where(columns.key < after)
        rows = self._unit.select(paged(statement, page))
        return page_of(rows, page, lambda row: _to_message(row[1:]), lambda row: row[0])


def _to_vendor(row: Row) -> Vendor:
    vendor_id, message_ids = row
    return Vendor(vendor_id, None if message_ids is None else _decode_ids(message_ids))


def _to_message(row: Row) -> ReceivedMessage:
    station, vendor_id, message_id, data, received_at = row
    return ReceivedMessage(station, VendorMessage(vendor_id, message_id, data), from_micros(received_at))
