"""Plans for the replacement of roots, in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, select

from forecourt.domain.errands.model import ErrandNumber, ErrandState
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.rollovers.model import (
    Ended,
    Rollover,
    RolloverFilter,
    RolloverNumber,
    RolloverState,
    StationStep,
    Step,
    StepFilter,
)
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import (
    Key,
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
from forecourt.storage.stations import STATION_COLUMNS, to_station
from forecourt.storage.trust import TrustRecords, parsed
from forecourt.storage.unit_of_work import Unit
from forecourt.storage.values import write_values

root_rollover: Final = Table(
    "root_rollover",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    text("state"),
    Column("is_paused", Boolean, nullable=False),
    text("old_pem"),
    text("new_pem"),
    text("server_certificates"),
    Column("switch_percent", Integer),
    Column("deletes_old", Boolean, nullable=False),
    text("reason", is_required=False),
    text("asked_by"),
    moment("asked_at"),
    moment("changed_at"),
    moment("look_at"),
    moment("switched_at", is_required=False),
    moment("ended_at", is_required=False),
    sqlite_autoincrement=True,
)
"""``server_certificates`` are names, as a list in JSON."""

rollover_station: Final = Table(
    "rollover_station",
    metadata,
    Column("rollover", BigInteger, primary_key=True, autoincrement=False),
    station_key(primary_key=True, autoincrement=False),
    text("state"),
    text("reason", is_required=False),
    Column("errand", BigInteger),
    Column("attempts", Integer, nullable=False),
    text("tried"),
    text("sent", is_required=False),
    moment("again_at", is_required=False),
    moment("changed_at"),
)
"""``tried`` are fingerprints, with a space between."""

_columns = rollover_station.c
Index("rollover_station_by_state", _columns.rollover, _columns.state, _columns.station_key)

_encode: Final = msgspec.json.Encoder().encode
_decode_texts: Final = msgspec.json.Decoder(tuple[str, ...]).decode

_PLAN: Final = [column.name for column in root_rollover.columns]
_SELECT: Final = f"SELECT {', '.join(_PLAN)} FROM root_rollover"
_ADD: Final = (
    f"INSERT INTO root_rollover ({', '.join(_PLAN[1:])}) VALUES ({', '.join('?' * len(_PLAN[1:]))}) RETURNING number"
)
_PUT: Final = f"UPDATE root_rollover SET {', '.join(f'{name} = ?' for name in _PLAN[1:])} WHERE number = ?"

_STEP: Final = "rollover station_key state reason errand attempts tried sent again_at changed_at"
_STEPS_INTO: Final = f"rollover_station ({_STEP.replace(' ', ', ')})"
_STEPS_REPLACING: Final = " ON CONFLICT (rollover, station_key) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _STEP.split()[2:]
)
_STEPS: Final = f"SELECT s.identity, {', '.join(f'r.{name}' for name in _STEP.split())}"
_OF_REGISTERED: Final = (
    " FROM rollover_station AS r JOIN station AS s ON s.key = r.station_key AND s.removed_at IS NULL"
)
_PENDING: Final = " WHERE r.state = 'pending' AND (r.again_at IS NULL OR r.again_at <= ?)"
_UNDER_WAY: Final = " WHERE r.state IN ('installing', 'reading', 'deleting')"
_ENDED: Final = f" JOIN errand AS e ON e.number = r.errand AND e.ended_at IS NOT NULL{_UNDER_WAY}"
_HOW: Final = "e.number, e.operation, e.state, e.sent_at IS NOT NULL, e.reason, e.code, e.is_outcome_unknown"
_HOWS: Final = len(_HOW.split(", "))
_DELETIONS: Final = (
    " JOIN errand AS e ON e.number = r.errand AND e.state = 'queued' AND e.operation = 'DeleteRootCertificate'"
    " WHERE r.state = 'deleting'"
)
_STALE: Final = " WHERE r.state = 'ready' AND (r.changed_at < ? OR s.booted_at > r.changed_at)"
_CAME_BACK: Final = (
    " JOIN link AS l ON l.station_key = r.station_key AND l.node IS NOT NULL AND l.connected_at >= ?"
    " WHERE r.state = 'ready' AND (r.again_at IS NULL OR r.again_at <= ?)"
)
_IN_ORDER: Final = " AND r.rollover = ? ORDER BY r.station_key LIMIT ?"
_HAS: Final = (
    "EXISTS (SELECT 1 FROM station_root AS k WHERE k.station_key = {key}"
    " AND k.purpose = 'CentralSystemRootCertificate' AND k.fingerprint IN ({marks}))"
)
_READY: Final = (
    "SELECT count(CASE WHEN has THEN 1 END), count(CASE WHEN state = 'left' AND NOT has THEN 1 END) FROM"
    f" (SELECT r.state, {_HAS} AS has{_OF_REGISTERED}"
    " WHERE r.rollover = ? AND r.state IN ('ready', 'deleting', 'done', 'left')) AS come"
)
_AGAIN: Final = (
    "UPDATE rollover_station SET state = 'pending', reason = ?, errand = NULL, attempts = 0, tried = '', sent = NULL,"
    " again_at = NULL, changed_at = ?"
)
_OTHERS: Final = (
    "SELECT count(*) FROM station AS s LEFT JOIN station_access AS a ON a.station_key = s.key"
    " LEFT JOIN link AS l ON l.station_key = s.key"
    " WHERE s.removed_at IS NULL AND (a.profile >= 2 OR l.is_tls)"
    " AND NOT EXISTS (SELECT 1 FROM rollover_station AS r WHERE r.rollover = ? AND r.station_key = s.key)"
    f" AND NOT {_HAS}"
)


class RolloverRecords:
    """The RolloverStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def hold(self) -> None:
        """By the row of all that is trusted, which a plan is about."""
        TrustRecords(self._unit).lock()

    def add(self, rollover: Rollover) -> RolloverNumber:
        return RolloverNumber(self._unit.upsert(_ADD, _written(rollover))[0])

    def lock(self, number: RolloverNumber) -> Rollover | None:
        self._unit.execute("UPDATE root_rollover SET state = state WHERE number = ?", (number,))
        return self.find(number)

    def find(self, number: RolloverNumber) -> Rollover | None:
        row = self._unit.one(f"{_SELECT} WHERE number = ?", (number,))
        return None if row is None else _to_rollover(row)

    def put(self, rollover: Rollover) -> None:
        self._unit.execute(_PUT, (*_written(rollover), rollover.number))

    def open(self) -> Sequence[Rollover]:
        return [_to_rollover(row) for row in self._unit.all(f"{_SELECT} WHERE ended_at IS NULL ORDER BY number")]

    def put_off(self, number: RolloverNumber, reason: str, at: datetime) -> None:
        self._unit.execute(
            "UPDATE root_rollover SET reason = ?, look_at = ? WHERE number = ?", (reason, to_micros(at), number)
        )

    def next_due(self, at: datetime) -> RolloverNumber | None:
        row = self._unit.one(
            "SELECT number FROM root_rollover WHERE ended_at IS NULL AND look_at <= ? ORDER BY look_at, number LIMIT 1",
            (to_micros(at),),
        )
        return None if row is None else RolloverNumber(row[0])

    def list(self, wanted: RolloverFilter, page: PageRequest) -> Page[Rollover]:
        statement = select(*columns_of(root_rollover, " ".join(_PLAN))).order_by(root_rollover.c.number.desc())
        if wanted.states is not None:
            statement = statement.where(root_rollover.c.state.in_(sorted(state.value for state in wanted.states)))
        after = number_after(page)
        if after is not None:
            statement = statement.where(root_rollover.c.number < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_rollover, lambda row: row[0])

    def add_stations(self, number: RolloverNumber, identities: Sequence[str], at: datetime) -> int:
        return sum(
            self._unit.execute(
                "INSERT INTO rollover_station (rollover, station_key, state, attempts, tried, changed_at)"
                " SELECT ?, s.key, 'pending', 0, '', ? FROM station AS s WHERE s.identity = ? AND s.removed_at IS NULL"
                " ON CONFLICT DO NOTHING",
                (number, to_micros(at), identity),
            )
            for identity in sorted(identities)
        )

    def step(self, number: RolloverNumber, identity: str) -> StationStep | None:
        row = self._unit.one(f"{_STEPS}{_OF_REGISTERED} WHERE r.rollover = ? AND s.identity = ?", (number, identity))
        return None if row is None else _to_step(row)

    def put_steps(self, steps: Sequence[StationStep]) -> None:
        write_values(self._unit, _STEPS_INTO, [_written_step(one) for one in steps], _STEPS_REPLACING)

    def counts(self, number: RolloverNumber) -> Mapping[Step, int]:
        rows = self._unit.all(f"SELECT r.state, count(*){_OF_REGISTERED} WHERE r.rollover = ? GROUP BY 1", (number,))
        found = {Step(state): count for state, count in rows}
        return {step: found.get(step, 0) for step in Step}

    def steps(self, wanted: StepFilter, page: PageRequest) -> Page[StationStep]:
        station = metadata.tables["station"]
        statement = (
            select(station.c.identity, *columns_of(rollover_station, _STEP))
            .join(station, station.c.key == _columns.station_key)
            .where(_columns.rollover == wanted.rollover, station.c.removed_at.is_(None))
            .order_by(station.c.identity)
        )
        if wanted.steps is not None:
            statement = statement.where(_columns.state.in_(sorted(step.value for step in wanted.steps)))
        if page.after is not None:
            statement = statement.where(station.c.identity > page.after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_step, lambda row: row[0])

    def stations(self, station_keys: Sequence[int]) -> Mapping[int, Station]:
        sql = f"SELECT {', '.join(STATION_COLUMNS)} FROM station WHERE key IN ({_marks(station_keys)})"
        return {one.key: one for one in map(to_station, self._unit.all(sql, station_keys))}

    def pending(self, number: RolloverNumber, at: datetime, limit: int) -> Sequence[StationStep]:
        return self._some(_PENDING, (to_micros(at), number, limit))

    def errands_ended(self, number: RolloverNumber, limit: int) -> Sequence[tuple[StationStep, Ended]]:
        rows = self._unit.all(f"{_STEPS}, {_HOW}{_OF_REGISTERED}{_ENDED}{_IN_ORDER}", (number, limit))
        return [(_to_step(row[:-_HOWS]), _to_ended(row[-_HOWS:])) for row in rows]

    def deletions(self, number: RolloverNumber, limit: int) -> Sequence[StationStep]:
        return self._some(_DELETIONS, (number, limit))

    def stale(self, number: RolloverNumber, before: datetime, limit: int) -> Sequence[StationStep]:
        return self._some(_STALE, (to_micros(before), number, limit))

    def under_way(self, number: RolloverNumber, limit: int) -> Sequence[StationStep]:
        return self._some(_UNDER_WAY, (number, limit))

    def came_back(
        self, number: RolloverNumber, since: datetime, at: datetime, limit: int
    ) -> Sequence[tuple[StationStep, bool]]:
        sql = f"{_STEPS}, l.tls_version{_OF_REGISTERED}{_CAME_BACK}{_IN_ORDER}"
        rows = self._unit.all(sql, (to_micros(since), to_micros(at), number, limit))
        return [(_to_step(row[:-1]), row[-1] is not None) for row in rows]

    def ready(self, number: RolloverNumber, fingerprints: Sequence[str]) -> tuple[int, int]:
        sql = _READY.format(key="r.station_key", marks=_marks(fingerprints))
        [(ready, left)] = self._unit.all(sql, (*fingerprints, number))
        return ready, left

    def fall_back(self, number: RolloverNumber, fingerprints: Sequence[str], at: datetime) -> int:
        has = _HAS.format(key="rollover_station.station_key", marks=_marks(fingerprints))
        reason = "It does not have the new root any more, and is given it again."
        sql = f"{_AGAIN} WHERE rollover = ? AND state = 'ready' AND NOT {has}"
        return self._unit.execute(sql, (reason, to_micros(at), number, *fingerprints))

    def hold_of(self, station_key: int) -> Sequence[StationStep]:
        of_it = "SELECT rollover FROM rollover_station WHERE station_key = ?"
        self._unit.execute(f"UPDATE root_rollover SET state = state WHERE number IN ({of_it})", (station_key,))
        rows = self._unit.all(
            f"{_STEPS} FROM rollover_station AS r JOIN station AS s ON s.key = r.station_key{_UNDER_WAY}"
            " AND r.station_key = ? ORDER BY r.rollover",
            (station_key,),
        )
        return [_to_step(row) for row in rows]

    def begin_again(self, station_key: int, at: datetime) -> None:
        self._unit.execute(
            f"{_AGAIN} WHERE station_key = ? AND rollover IN (SELECT number FROM root_rollover WHERE ended_at IS NULL)",
            ("Another device may stand there now.", to_micros(at), station_key),
        )

    def cancelled_under_way(self) -> RolloverNumber | None:
        row = self._unit.one(
            "SELECT p.number FROM root_rollover AS p WHERE p.state = 'cancelled'"
            f" AND EXISTS (SELECT 1{_OF_REGISTERED}{_UNDER_WAY} AND r.rollover = p.number) ORDER BY p.number LIMIT 1"
        )
        return None if row is None else RolloverNumber(row[0])

    def others_without(self, number: RolloverNumber, fingerprints: Sequence[str]) -> int:
        sql = _OTHERS.format(key="s.key", marks=_marks(fingerprints))
        row = self._unit.one(sql, (number, *fingerprints))
        return 0 if row is None else int(row[0])

    def retry(self, number: RolloverNumber, at: datetime) -> int:
        return self._unit.execute(f"{_AGAIN} WHERE rollover = ? AND state = 'failed'", (None, to_micros(at), number))

    def _some(self, which: str, parameters: Row) -> Sequence[StationStep]:
        """In the same order everywhere, so that two nodes cannot wait for one another."""
        return [_to_step(row) for row in self._unit.all(f"{_STEPS}{_OF_REGISTERED}{which}{_IN_ORDER}", parameters)]


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values)) or "NULL"


def _written(rollover: Rollover) -> Row:
    return (
        rollover.state.value,
        rollover.is_paused,
        rollover.old_root.pem,
        rollover.new_root.pem,
        _encode(rollover.server_certificates).decode(),
        rollover.switch_percent,
        rollover.deletes_old,
        rollover.reason,
        rollover.asked_by,
        to_micros(rollover.asked_at),
        to_micros(rollover.changed_at),
        to_micros(rollover.look_at),
        maybe_to_micros(rollover.switched_at),
        maybe_to_micros(rollover.ended_at),
    )


def _to_rollover(row: Row) -> Rollover:
    number, state, is_paused, old, new, names, percent, deletes_old, reason, asked_by, *times = row
    asked_at, changed_at, look_at, switched_at, ended_at = times
    return Rollover(
        number=RolloverNumber(number),
        state=RolloverState(state),
        is_paused=bool(is_paused),
        old_root=parsed(old),
        new_root=parsed(new),
        server_certificates=_decode_texts(names),
        switch_percent=percent,
        deletes_old=bool(deletes_old),
        reason=reason,
        asked_by=asked_by,
        asked_at=from_micros(asked_at),
        changed_at=from_micros(changed_at),
        look_at=from_micros(look_at),
        switched_at=maybe_from_micros(switched_at),
        ended_at=maybe_from_micros(ended_at),
    )


def _to_step(row: Row) -> StationStep:
    identity, rollover, station_key, state, reason, errand, attempts, tried, sent, again_at, changed_at = row
    return StationStep(
        rollover=RolloverNumber(rollover),
        station_key=station_key,
        station=identity,
        step=Step(state),
        reason=reason,
        errand=None if errand is None else ErrandNumber(errand),
        attempts=attempts,
        tried=frozenset(tried.split()),
        sent=sent,
        again_at=maybe_from_micros(again_at),
        changed_at=from_micros(changed_at),
    )


def _written_step(step: StationStep) -> Row:
    return (
        step.rollover,
        step.station_key,
        step.step.value,
        step.reason,
        step.errand,
        step.attempts,
        " ".join(sorted(step.tried)),
        step.sent,
        maybe_to_micros(step.again_at),
        to_micros(step.changed_at),
    )


def _to_ended(row: Row) -> Ended:
    number, operation, state, was_sent, reason, code, is_outcome_unknown = row
    return Ended(
        number=ErrandNumber(number),
        operation=operation,
        state=ErrandState(state),
        was_sent=bool(was_sent),
        reason=reason,
        code=code,
        is_outcome_unknown=bool(is_outcome_unknown),
    )
