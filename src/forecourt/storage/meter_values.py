"""Meter values in the database: one row per reading, with the figures of interest as columns.

A row per sampled value would cost a third of the throughput. What was sent stands beside the figures, word for
word, as a compact JSON array, and is expanded on reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import BigInteger, Column, Double, Index, Table, select

from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.transactions.metering import Reading, Registers, Sample, StoredReading, registers
from forecourt.storage.bulk import Bulk
from forecourt.storage.connection import Row
from forecourt.storage.pages import page_of
from forecourt.storage.schema import (
    Key,
    columns_of,
    from_micros,
    metadata,
    moment,
    paged,
    station_key,
    text,
    to_micros,
    to_number,
    to_place,
)
from forecourt.storage.unit_of_work import Unit

meter_value: Final = Table(
    "meter_value",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    station_key(),
    Column("evse", BigInteger, nullable=False),
    Column("transaction_id", BigInteger),
    moment("taken_at"),
    Column("energy_wh", Double),
    Column("power_w", Double),
    Column("soc_percent", Double),
    text("samples"),
)
# By transaction alone: ids rise, so that all who charge now write to one end of this index, and few pages change.
Index(
    "meter_value_of_transaction",
    meter_value.c.transaction_id,
    sqlite_where=meter_value.c.transaction_id.is_not(None),
    postgresql_where=meter_value.c.transaction_id.is_not(None),
)

_READINGS: Final = Bulk(
    meter_value,
    ["station_key", "evse", "transaction_id", "taken_at", "energy_wh", "power_w", "soc_percent", "samples"],
)

_BEYOND: Final = (2**62, 2**62)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Sample]).decode


class MeterValues:
    """The part of the TransactionStore that keeps meter values."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add_readings(
        self, station_key: int, place: Place, transaction_id: int | None, readings: Sequence[Reading]
    ) -> None:
        evse = to_number(place)
        for taken_at, samples in readings:
            self._unit.append(
                _READINGS,
                (
                    station_key,
                    evse,
                    transaction_id,
                    to_micros(taken_at),
                    *registers(samples),
                    _encode(samples).decode(),
                ),
            )

    def readings(self, transaction_id: int, page: PageRequest) -> Page[StoredReading]:
        transaction = metadata.tables["station_transaction"]
        columns = meter_value.c
        statement = (
            select(*columns_of(meter_value, "taken_at key evse transaction_id energy_wh power_w soc_percent samples"))
            .join(
                transaction,
                (transaction.c.id == columns.transaction_id) & (transaction.c.station_key == columns.station_key),
            )
            .where(transaction.c.id == transaction_id, columns.transaction_id == transaction_id)
            .order_by(columns.taken_at, columns.key)
        )
        position = _position(page.after)
        if position is not None:
            taken_at, key = position
            is_later = (columns.taken_at > taken_at) | ((columns.taken_at == taken_at) & (columns.key > key))
            statement = statement.where(is_later)
        rows = self._unit.select(paged(statement, page))
        return page_of(rows, page, _to_reading, lambda row: f"{row[0]}-{row[1]}")


def _position(after: str | None) -> tuple[int, int] | None:
    if after is None:
        return None
    taken_at, _, key = after.rpartition("-")
    is_whole = taken_at.removeprefix("-").isdecimal() and key.isdecimal()
    if not is_whole or len(taken_at) > 18 or len(key) > 18:
        return _BEYOND  # a position that is none asks for nothing that exists
    return int(taken_at), int(key)


def _to_reading(row: Row) -> StoredReading:
    taken_at, _key, evse, transaction_id, energy_wh, power_w, soc_percent, samples = row
    reading = Reading(from_micros(taken_at), _decode(samples))
    return StoredReading(to_place(evse), transaction_id, reading, Registers(energy_wh, power_w, soc_percent))
