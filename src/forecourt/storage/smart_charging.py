"""Charging profiles, what is believed to be on stations, and their schedules in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table, and_, or_, select
from sqlalchemy import text as text_of
from sqlalchemy.sql import Select

from forecourt.domain.errands.model import ErrandNumber, ErrandState
from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.smart_charging.model import (
    Assignment,
    AssignmentState,
    LibraryProfile,
    Profile,
    ProfileDraft,
    ProfileFilter,
    Purpose,
    Schedule,
    ToldSchedule,
)
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import (
    Key,
    columns_of,
    contains,
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
from forecourt.storage.transactions import transaction
from forecourt.storage.unit_of_work import Unit

library: Final = Table(
    "charging_profile",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    text("name"),
    text("description"),
    text("purpose"),
    text("profile"),
    moment("created_at"),
    moment("changed_at"),
    sqlite_autoincrement=True,
)

assignment: Final = Table(
    "profile_assignment",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    station_key(),
    Column("evse", BigInteger, nullable=False),
    Column("library", BigInteger),
    Column("profile_id", BigInteger, nullable=False),
    Column("transaction_id", BigInteger),
    text("profile"),
    text("state"),
    Column("errand", BigInteger),
    text("reason", is_required=False),
    moment("requested_at"),
    moment("changed_at"),
    sqlite_autoincrement=True,
)

_columns = assignment.c
_OPEN: Final = "state IN ('requested', 'installed', 'unknown')"
"""SQLite takes the index of what is open when a question says these words."""
_is_open = text_of(_OPEN)
Index("assignment_of_station", _columns.station_key, _columns.number)
Index(
    "assignment_open",
    _columns.station_key,
    _columns.state,
    _columns.number,
    sqlite_where=_is_open,
    postgresql_where=_is_open,
)
Index("assignment_of_profile", _columns.library, _columns.number)
Index("assignment_of_errand", _columns.errand)

# Profiles are for transactions that run, of which a station has few among all that it ever had.
_runs = transaction.c.stopped_at.is_(None)
Index(
    "transaction_running",
    transaction.c.station_key,
    transaction.c.stopped_at,
    transaction.c.id,
    sqlite_where=_runs,
    postgresql_where=_runs,
)

schedule: Final = Table(
    "composite_schedule",
    metadata,
    station_key(),
    Column("evse", BigInteger, nullable=False),
    Column("asked_seconds", BigInteger, nullable=False),
    moment("starts_at"),
    text("schedule"),
    moment("told_at"),
    PrimaryKeyConstraint("station_key", "evse"),
)

_ADD_PROFILE: Final = (
    "INSERT INTO charging_profile (name, description, purpose, profile, created_at, changed_at)"
    " VALUES (?, ?, ?, ?, ?, ?) RETURNING number"
)
_CHANGE_PROFILE: Final = (
    "UPDATE charging_profile SET name = ?, description = ?, purpose = ?, profile = ?, changed_at = ? WHERE number = ?"
)
_ADD_ASSIGNMENT: Final = (
    "INSERT INTO profile_assignment (station_key, evse, library, profile_id, transaction_id, profile, state,"
    " requested_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number"
)
_END: Final = (
    "UPDATE profile_assignment SET state = 'ended', reason = 'Transaction ' || transaction_id || ' is over.',"
    f" changed_at = ? WHERE station_key = ? AND {_OPEN} AND transaction_id IS NOT NULL"
    " AND (state <> 'requested' OR EXISTS (SELECT 1 FROM errand AS e WHERE e.number = profile_assignment.errand"
    " AND e.state NOT IN ('queued', 'sent')))"
    " AND NOT EXISTS (SELECT 1 FROM station_transaction AS t WHERE t.id = profile_assignment.transaction_id"
    " AND t.station_key = profile_assignment.station_key AND t.stopped_at IS NULL)"
)
_PUT_SCHEDULE: Final = (
    "INSERT INTO composite_schedule (station_key, evse, asked_seconds, starts_at, schedule, told_at)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (station_key, evse) DO UPDATE SET asked_seconds = excluded.asked_seconds,"
    " starts_at = excluded.starts_at, schedule = excluded.schedule, told_at = excluded.told_at"
)

_encode: Final = msgspec.json.Encoder().encode
_profile: Final = msgspec.json.Decoder(Profile).decode
_schedule: Final = msgspec.json.Decoder(Schedule).decode


class SmartChargingRecords:
    """The SmartChargingStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # The library

    def add_profile(self, draft: ProfileDraft, at: datetime) -> int:
        now = to_micros(at)
        row = self._unit.upsert(_ADD_PROFILE, (*_written(draft), now, now))
        return int(row[0])

    def change_profile(self, number: int, draft: ProfileDraft, at: datetime) -> bool:
        return self._unit.execute(_CHANGE_PROFILE, (*_written(draft), to_micros(at), number)) > 0

    def remove_profile(self, number: int) -> bool:
        return self._unit.execute("DELETE FROM charging_profile WHERE number = ?", (number,)) > 0

    def find_profile(self, number: int) -> LibraryProfile | None:
        rows = self._unit.select(_library().where(library.c.number == number))
        return _to_library_profile(rows[0]) if rows else None

    def profiles(self, wanted: ProfileFilter, page: PageRequest) -> Page[LibraryProfile]:
        statement = _library().order_by(library.c.number)
        if wanted.search is not None:
            statement = statement.where(
                or_(contains(library.c.name, wanted.search), contains(library.c.description, wanted.search))
            )
        if wanted.purpose is not None:
            statement = statement.where(library.c.purpose == wanted.purpose.value)
        after = number_after(page)
        if after is not None:
            statement = statement.where(library.c.number > after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_library_profile, lambda row: row[0])

    # Assignments

    def add_assignment(
        self,
        station_key: int,
        place: Place,
        profile: Profile,
        *,
        library: int | None,
        state: AssignmentState,
        at: datetime,
    ) -> int:
        now = to_micros(at)
        row = self._unit.upsert(
            _ADD_ASSIGNMENT,
            (
                station_key,
                to_number(place),
                library,
                profile.profile_id,
                profile.transaction_id if profile.purpose is Purpose.TRANSACTION else None,
                _encode(profile).decode(),
                state.value,
                now,
                now,
            ),
        )
        return int(row[0])

    def set_errand(self, number: int, errand: ErrandNumber) -> None:
        self._unit.execute("UPDATE profile_assignment SET errand = ? WHERE number = ?", (errand, number))

    def settle(self, number: int, state: AssignmentState, reason: str | None, at: datetime) -> None:
        self._unit.execute(
            "UPDATE profile_assignment SET state = ?, reason = ?, changed_at = ? WHERE number = ?",
            (state.value, reason, to_micros(at), number),
        )

    def settle_ended(self, station_key: int, at: datetime) -> None:
        self._unit.execute(_END, (to_micros(at), station_key))

    def find_assignment(self, number: int) -> Assignment | None:
        rows = self._unit.select(_assignments().where(_columns.number == number))
        return _to_assignment(rows[0]) if rows else None

    def find_by_errand(self, errand: ErrandNumber) -> Assignment | None:
        rows = self._unit.select(_assignments().where(_columns.errand == errand))
        return _to_assignment(rows[0]) if rows else None

    def open_on(self, station_key: int) -> Sequence[Assignment]:
        return self._open(_assignments().where(_columns.station_key == station_key))

    def open_of(self, library: int) -> Sequence[Assignment]:
        is_registered = metadata.tables["station"].c.removed_at.is_(None)
        return self._open(_assignments().where(_columns.library == library, is_registered))

    def _open(self, statement: Select[Any]) -> list[Assignment]:
        """Put in order here: SQLite would rather read all of a station in order than the few that are open."""
        rows = self._unit.select(statement.where(text_of(f"profile_assignment.{_OPEN}")))
        return sorted((one for one in map(_to_assignment, rows) if one.state.is_open), key=lambda one: one.number)

    def placed(self, station: str | None, library: int | None, page: PageRequest) -> Page[Assignment]:
        registered = metadata.tables["station"].c
        statement = _assignments().where(registered.removed_at.is_(None), text_of(f"profile_assignment.{_OPEN}"))
        if station is not None:
            statement = statement.where(registered.identity == station)
        if library is not None:
            statement = statement.where(_columns.library == library)
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.number < after)
        rows = self._unit.select(paged(statement.order_by(_columns.number.desc()), page))
        return page_of(rows, page, _to_assignment, lambda row: row[0])

    def assignments(self, station_key: int, page: PageRequest) -> Page[Assignment]:
        statement = _assignments().where(_columns.station_key == station_key).order_by(_columns.number.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.number < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_assignment, lambda row: row[0])

    def running_at(self, station_key: int, place: Place) -> Sequence[int]:
        rows = self._unit.all(
            "SELECT id FROM station_transaction WHERE station_key = ? AND evse = ? AND stopped_at IS NULL"
            " ORDER BY id DESC",
            (station_key, to_number(place)),
        )
        return [int(row[0]) for row in rows]

    # Schedules

    def put_schedule(self, station_key: int, told: ToldSchedule) -> None:
        self._unit.execute(
            _PUT_SCHEDULE,
            (
                station_key,
                to_number(told.place),
                told.asked_seconds,
                to_micros(told.starts_at),
                _encode(told.schedule).decode(),
                to_micros(told.told_at),
            ),
        )

    def schedules(self, station_key: int) -> Sequence[ToldSchedule]:
        rows = self._unit.all(
            "SELECT evse, asked_seconds, starts_at, schedule, told_at FROM composite_schedule"
            " WHERE station_key = ? ORDER BY evse",
            (station_key,),
        )
        return [
            ToldSchedule(
                place=to_place(evse),
                asked_seconds=asked_seconds,
                starts_at=from_micros(starts_at),
                schedule=_schedule(written),
                told_at=from_micros(told_at),
            )
            for evse, asked_seconds, starts_at, written, told_at in rows
        ]


def _written(draft: ProfileDraft) -> tuple[str, str, str, str]:
    return draft.name, draft.description, draft.profile.purpose.value, _encode(draft.profile).decode()


def _library() -> Select[Any]:
    return select(*columns_of(library, "number name description profile created_at changed_at"))


def _to_library_profile(row: Row) -> LibraryProfile:
    number, name, description, written, created_at, changed_at = row
    return LibraryProfile(
        number=number,
        name=name,
        description=description,
        profile=replace(_profile(written), profile_id=number),
        created_at=from_micros(created_at),
        changed_at=from_micros(changed_at),
    )


def _assignments() -> Select[Any]:
    """With the transaction if it still runs, the profile as the library has it now, and how far its errand is."""
    station = metadata.tables["station"]
    errand = metadata.tables["errand"]
    runs = and_(transaction.c.id == _columns.transaction_id, transaction.c.station_key == _columns.station_key, _runs)
    return (
        select(
            *columns_of(
                assignment, "number evse library transaction_id profile state errand reason requested_at changed_at"
            ),
            station.c.identity,
            transaction.c.id,
            library.c.profile,
            errand.c.state,
        )
        .join(station, station.c.key == _columns.station_key)
        .outerjoin(transaction, runs)
        .outerjoin(library, library.c.number == _columns.library)
        .outerjoin(errand, errand.c.number == _columns.errand)
    )


def _to_assignment(row: Row) -> Assignment:
    number, evse, of_library, transaction_id, written, stored, errand, reason, requested_at, changed_at = row[:10]
    identity, running, in_library, errand_state = row[10:]
    state, profile = AssignmentState(stored), _profile(written)
    if state is AssignmentState.REQUESTED and errand_state is not None and ErrandState(errand_state).is_final:
        state, reason = AssignmentState.UNKNOWN, "What came of its errand was not taken in."
    is_over = transaction_id is not None and running is None
    if is_over and state in (AssignmentState.INSTALLED, AssignmentState.UNKNOWN):
        state, reason = AssignmentState.ENDED, f"Transaction {transaction_id} is over."
    return Assignment(
        number=number,
        station=identity,
        place=to_place(evse),
        profile=profile,
        library=of_library,
        state=state,
        errand=errand,
        reason=reason,
        requested_at=from_micros(requested_at),
        changed_at=from_micros(changed_at),
        is_outdated=of_library is not None and _is_outdated(profile, in_library),
    )


def _is_outdated(profile: Profile, in_library: str | None) -> bool:
    if in_library is None:
        return True
    now = _profile(in_library)
    return replace(profile, profile_id=now.profile_id, transaction_id=None) != now
