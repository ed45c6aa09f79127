"""The tables of errands and batches. What is asked every second, or for every errand, has an index of its own."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, literal_column
from sqlalchemy.sql.elements import ColumnElement

from forecourt.storage.schema import Key, metadata, moment, station_key, text

errand: Final = Table(
    "errand",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    station_key(),
    Column("batch", BigInteger),
    text("operation"),
    text("intent"),
    text("action", is_required=False),
    text("request", is_required=False),
    text("state"),
    text("asked_by"),
    text("delivery"),
    Column("priority", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    moment("queued_at"),
    moment("expires_at"),
    moment("sent_at", is_required=False),
    moment("answer_by", is_required=False),
    moment("ended_at", is_required=False),
    moment("changed_at"),
    text("node", is_required=False),
    Column("link_id", BigInteger),
    text("reason", is_required=False),
    text("code", is_required=False),
    text("response", is_required=False),
    Column("is_outcome_unknown", Boolean, nullable=False),
    text("warnings"),
    sqlite_autoincrement=True,
)

_columns = errand.c
Index("errand_of_station", _columns.station_key, _columns.number)
Index("errand_changed", _columns.changed_at)


def _partial_index(name: str, condition: ColumnElement[bool], *columns: Column[Any]) -> None:
    Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


# What is asked every second must cost nothing while a hundred thousand errands wait for stations that are off line.
_is_queued = _columns.state == literal_column("'queued'")
_is_wanted_now = _is_queued & (_columns.delivery == literal_column("'now'"))
_partial_index("errand_queued", _is_queued, _columns.station_key, _columns.number)
_partial_index("errand_expiring", _is_queued, _columns.expires_at)
_partial_index("errand_wanted_now", _is_wanted_now, _columns.station_key)
_partial_index("errand_out", _columns.state == literal_column("'sent'"), _columns.station_key, _columns.answer_by)
_partial_index("errand_of_batch", _columns.batch.is_not(None), _columns.batch, _columns.number)
_partial_index("errand_of_batch_by_state", _columns.batch.is_not(None), _columns.batch, _columns.state)

batch: Final = Table(
    "errand_batch",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    text("operation"),
    text("asked_by"),
    moment("asked_at"),
    Column("total", BigInteger, nullable=False),
    Column("is_written", Boolean, nullable=False),
    moment("told_at", is_required=False),
    sqlite_autoincrement=True,
)

_is_unwritten = batch.c.is_written.is_(False)
Index("batch_unwritten", batch.c.asked_at, sqlite_where=_is_unwritten, postgresql_where=_is_unwritten)
_is_untold = batch.c.told_at.is_(None)
Index("batch_untold", batch.c.number, sqlite_where=_is_untold, postgresql_where=_is_untold)
