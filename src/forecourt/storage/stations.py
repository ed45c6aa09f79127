"""Stations and unregistered stations in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Table, Text, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.availability.model import FAULTED, EvseStatus
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import (
    BootFacts,
    Registration,
    Station,
    StationDraft,
    StationFilter,
    StationKey,
    StationSheet,
    UnknownStation,
)
from forecourt.storage.admission_tables import station_access
from forecourt.storage.availability import evse_status, present_of
from forecourt.storage.bulk import Bulk
from forecourt.storage.connection import Row
from forecourt.storage.links import link
from forecourt.storage.pages import page_of
from forecourt.storage.schema import (
    Key,
    columns_of,
    contains,
    from_micros,
    maybe_from_micros,
    metadata,
    moment,
    paged,
    station_key,
    text,
    to_micros,
)
from forecourt.storage.sightings import sighting_columns, sightings
from forecourt.storage.station_labels import all_labels, has_label, labels_of, put_labels
from forecourt.storage.unit_of_work import Unit

station: Final = Table(
    "station",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("identity", Text, nullable=False, unique=True),
    text("description"),
    text("registration"),
    Column("heartbeat_seconds", BigInteger),
    moment("created_at"),
    moment("removed_at", is_required=False),
    moment("booted_at", is_required=False),
    text("vendor", is_required=False),
    text("model", is_required=False),
    text("serial_number", is_required=False),
    text("box_serial_number", is_required=False),
    text("firmware_version", is_required=False),
    text("iccid", is_required=False),
    text("imsi", is_required=False),
    text("meter_type", is_required=False),
    text("meter_serial_number", is_required=False),
    text("firmware_status", is_required=False),
    text("diagnostics_status", is_required=False),
    text("station_group", is_required=False),
    sqlite_autoincrement=True,
)

Index("station_by_serial_number", station.c.serial_number)
Index("station_by_group", station.c.station_group)

contact: Final = Table("contact", metadata, station_key(primary_key=True, autoincrement=False), moment("seen_at"))
"""Beside the station's row, because it is written so much more often."""

unknown_station: Final = Table(
    "unknown_station",
    metadata,
    Column("identity", Text, primary_key=True),
    text("address"),
    text("subprotocols"),
    *sighting_columns(),
)

_CONTACTS: Final = Bulk(contact, ["station_key", "seen_at"], key=["station_key"], newest_by="seen_at")

_STRANGERS: Final = sightings(unknown_station, ["identity", "address", "subprotocols"])

_FACTS: Final = (
    "vendor, model, serial_number, box_serial_number, firmware_version, iccid, imsi, meter_type, meter_serial_number"
)

_BOOT_SQL: Final = f"UPDATE station SET booted_at = ?, {_FACTS.replace(',', ' = ?,')} = ? WHERE key = ?"

STATION_COLUMNS: Final = ("key", "identity", "registration", "heartbeat_seconds")
"""What :func:`to_station` reads."""

_profile: Final = func.coalesce(station_access.c.profile, 0)

_is_registered: Final = station.c.removed_at.is_(None)
_JOINED: Final = (
    station.outerjoin(contact, contact.c.station_key == station.c.key)
    .outerjoin(link, link.c.station_key == station.c.key)
    .outerjoin(station_access, station_access.c.station_key == station.c.key)
)

_SHEET: Final = (
    select(
        *columns_of(station, " ".join(STATION_COLUMNS)),
        *columns_of(station, "description station_group created_at booted_at firmware_status diagnostics_status"),
        contact.c.seen_at,
        link.c.node,
        _profile,
        *columns_of(station, _FACTS.replace(",", "")),
    )
    .select_from(_JOINED)
    .where(_is_registered)
)
_GROUPS: Final = (
    "SELECT DISTINCT station_group FROM station WHERE station_group IS NOT NULL AND removed_at IS NULL"
    " ORDER BY station_group"
)


class Stations:
    """The StationStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find(self, identity: str) -> Station | None:
        row = self._unit.one(
            "SELECT key, identity, registration, heartbeat_seconds FROM station"
            " WHERE identity = ? AND removed_at IS NULL",
            (identity,),
        )
        return None if row is None else to_station(row)

    def add(self, draft: StationDraft, at: datetime) -> Station | None:
        row = self._unit.insert(
            "INSERT INTO station (identity, description, station_group, registration, heartbeat_seconds, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (identity) DO UPDATE SET description = excluded.description,"
            " station_group = excluded.station_group,"
            " registration = excluded.registration, heartbeat_seconds = excluded.heartbeat_seconds,"
            " created_at = excluded.created_at, removed_at = NULL WHERE station.removed_at IS NOT NULL"
            " RETURNING key, identity, registration, heartbeat_seconds",
            (
                draft.identity,
                draft.description,
                draft.group or None,
                draft.registration.value,
                draft.heartbeat_seconds,
                to_micros(at),
            ),
        )
        return None if row is None else to_station(row)

    def change(
        self,
        key: StationKey,
        *,
        description: str,
        group: str,
        registration: Registration,
        heartbeat_seconds: int | None,
    ) -> None:
        self._unit.execute(
            "UPDATE station SET description = ?, station_group = ?, registration = ?, heartbeat_seconds = ?"
            " WHERE key = ?",
            (description, group or None, registration.value, heartbeat_seconds, key),
        )

    def put_labels(self, key: StationKey, labels: Sequence[str]) -> None:
        put_labels(self._unit, key, labels)

    def remove(self, key: StationKey, at: datetime) -> None:
        self._unit.execute("UPDATE station SET removed_at = ? WHERE key = ?", (to_micros(at), key))

    def record_boot(self, key: StationKey, facts: BootFacts, at: datetime) -> None:
        self._unit.execute(
            _BOOT_SQL,
            (
                to_micros(at),
                facts.vendor,
                facts.model,
                facts.serial_number,
                facts.box_serial_number,
                facts.firmware_version,
                facts.iccid,
                facts.imsi,
                facts.meter_type,
                facts.meter_serial_number,
                key,
            ),
        )
        self.record_contact(key, at)

    def record_contact(self, key: StationKey, at: datetime) -> None:
        self._unit.append(_CONTACTS, (key, to_micros(at)))

    def sheet(self, identity: str) -> StationSheet | None:
        rows = self._unit.select(_SHEET.where(station.c.identity == identity))
        return self._to_sheets(rows)[0] if rows else None

    def sheets(self, wanted: StationFilter, page: PageRequest) -> Page[StationSheet]:
        statement = _SHEET.where(*_conditions(wanted)).order_by(station.c.identity)
        if page.after is not None:
            statement = statement.where(station.c.identity > page.after)
        rows = self._unit.select(paged(statement, page))
        sheets = self._to_sheets(rows[: page.limit])
        return Page(sheets, sheets[-1].station.identity if len(rows) > page.limit else None)

    def count(self, wanted: StationFilter) -> int:
        statement = select(func.count()).select_from(_JOINED).where(_is_registered, *_conditions(wanted))
        return int(self._unit.select(statement)[0][0])

    def groups(self) -> Sequence[str]:
        return [row[0] for row in self._unit.all(_GROUPS)]

    def labels(self) -> Sequence[str]:
        return all_labels(self._unit)

    def known_strangers(self, identities: Collection[str]) -> frozenset[str]:
        if not identities:
            return frozenset()
        marks = ", ".join("?" for _ in identities)
        sql = f"SELECT identity FROM unknown_station WHERE identity IN ({marks})"
        return frozenset(row[0] for row in self._unit.all(sql, tuple(identities)))

    def record_strangers(self, strangers: Sequence[UnknownStation], keep: int) -> None:
        # Those of earlier units are written by now; this unit's are few, and the next one counts them.
        self._unit.execute(
            "DELETE FROM unknown_station WHERE identity NOT IN"
            " (SELECT identity FROM unknown_station ORDER BY last_seen_at DESC LIMIT ?)",
            (keep,),
        )
        for one in strangers:
            first, last = to_micros(one.first_seen_at), to_micros(one.last_seen_at)
            self._unit.append(_STRANGERS, (one.identity, one.address, one.subprotocols, first, last, one.attempts))

    def strangers(self, page: PageRequest) -> Page[UnknownStation]:
        statement = select(unknown_station).order_by(unknown_station.c.identity)
        if page.after is not None:
            statement = statement.where(unknown_station.c.identity > page.after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_stranger, lambda row: row[0])

    def find_stranger(self, identity: str) -> UnknownStation | None:
        rows = self._unit.select(select(unknown_station).where(unknown_station.c.identity == identity))
        return _to_stranger(rows[0]) if rows else None

    def forget_stranger(self, identity: str) -> bool:
        return self._unit.execute("DELETE FROM unknown_station WHERE identity = ?", (identity,)) > 0

    def _to_sheets(self, rows: Sequence[Row]) -> list[StationSheet]:
        """In three questions, however many they are."""
        keys = [row[0] for row in rows]
        evses, labels = present_of(self._unit, keys), labels_of(self._unit, keys)
        return [_to_sheet(row, evses[row[0]], labels[row[0]]) for row in rows]


def _conditions(wanted: StationFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.registration is not None:
        found.append(station.c.registration == wanted.registration.value)
    if wanted.is_online is not None:
        found.append(link.c.node.is_not(None) if wanted.is_online else link.c.node.is_(None))
    if wanted.security_profile is not None:
        found.append(_profile == int(wanted.security_profile))
    if wanted.group is not None:
        found.append(is_in_group(wanted.group))
    if wanted.label is not None:
        found.append(has_label(station.c.key, wanted.label))
    if wanted.is_faulted is not None:
        is_faulted = station.c.key.in_(select(evse_status.c.station_key).where(evse_status.c.status == FAULTED))
        found.append(is_faulted if wanted.is_faulted else ~is_faulted)
    if wanted.search:
        columns = [station.c[name] for name in ("identity", "description", "vendor", "model", "serial_number")]
        found.append(or_(*(contains(column, wanted.search) for column in columns)))
    return found


def is_in_group(group: str) -> ColumnElement[bool]:
    """The condition that a station is in a group; empty for those that are in none."""
    return station.c.station_group == group if group else station.c.station_group.is_(None)


def to_station(row: Row) -> Station:
    key, identity, registration, heartbeat_seconds = row
    return Station(StationKey(key), identity, Registration(registration), heartbeat_seconds)


def _to_sheet(row: Row, evses: tuple[EvseStatus, ...], labels: tuple[str, ...]) -> StationSheet:
    description, group, created_at, booted_at, firmware_status, diagnostics_status, seen_at, node, profile = row[4:13]
    facts: Any = row[13:]  # the columns in the order of BootFacts
    return StationSheet(
        station=to_station(row[:4]),
        description=description,
        group=group or "",
        created_at=from_micros(created_at),
        is_online=node is not None,
        last_seen_at=maybe_from_micros(seen_at),
        booted_at=maybe_from_micros(booted_at),
        facts=None if booted_at is None else BootFacts(**dict(zip(_FACTS.split(", "), facts, strict=True))),
        firmware_status=firmware_status,
        diagnostics_status=diagnostics_status,
        security_profile=SecurityProfile(profile),
        evses=evses,
        labels=labels,
    )


def _to_stranger(row: Row) -> UnknownStation:
    identity, address, subprotocols, first, last, attempts = row
    return UnknownStation(identity, address, subprotocols, from_micros(first), from_micros(last), attempts)
