"""The tables of what decides whether a station may connect."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table

from forecourt.storage.schema import Key, metadata, moment, station_key, text

station_access: Final = Table(
    "station_access",
    metadata,
    station_key(primary_key=True, autoincrement=False),
    Column("profile", Integer, nullable=False),
    Column("upgrade_profile", Integer),
    text("upgrade_state", is_required=False),
    Column("upgrade_errand", BigInteger),
    moment("upgrade_since", is_required=False),
    text("upgrade_asked_by", is_required=False),
    Column("upgrade_restarts", Boolean),
    Column("upgrade_may_be_taken", Boolean),
    Column("upgrade_pins_serial", Boolean),
    text("leniencies"),
    text("serial_number", is_required=False),
    text("trusted_organisations"),
    Column("has_own_certificate", Boolean, nullable=False),
    text("presented", is_required=False),
    text("fingerprint", is_required=False),
)
"""A station without a row has profile 0, and nothing is excused in it."""

station_password: Final = Table(
    "station_password",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    station_key(),
    text("hashed"),
    text("state"),
    Column("is_generated", Boolean, nullable=False),
    text("form", is_required=False),
    moment("made_at"),
    Column("errand", BigInteger),
    text("asked_by"),
    Column("is_withdrawn", Boolean, nullable=False),
    sqlite_autoincrement=True,
)

Index("access_by_serial_number", station_access.c.serial_number)
Index("password_of_station", station_password.c.station_key, station_password.c.number)
