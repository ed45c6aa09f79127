"""Alarms in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Index, Table, select
from sqlalchemy.sql import Select

from forecourt.domain.alarms.model import Alarm, AlarmFilter, AlarmNumber, Level, OpenAlarms, Raised, Topic
from forecourt.domain.paging import Page, PageRequest
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import (
    Key,
    columns_of,
    from_micros,
    maybe_from_micros,
    metadata,
    moment,
    paged,
    text,
    to_micros,
)
from forecourt.storage.unit_of_work import Unit

alarm: Final = Table(
    "alarm",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    text("topic"),
    text("subject"),
    text("level"),
    text("sentence"),
    moment("raised_at"),
    moment("changed_at"),
    text("acknowledged_by", is_required=False),
    moment("acknowledged_at", is_required=False),
    moment("ended_at", is_required=False),
    sqlite_autoincrement=True,
)

_columns = alarm.c
_is_open = _columns.ended_at.is_(None)
Index("alarm_open", _columns.topic, _columns.subject, unique=True, sqlite_where=_is_open, postgresql_where=_is_open)
Index("alarm_of_subject", _columns.subject, _columns.number)

_NAMES: Final = "number topic subject level sentence raised_at changed_at acknowledged_by acknowledged_at ended_at"
_OPEN: Final = " WHERE topic = ? AND subject = ? AND ended_at IS NULL"
_BECOMES_CRITICAL: Final = "excluded.level = 'critical' AND alarm.level <> 'critical'"
_RAISE: Final = (
    "INSERT INTO alarm (topic, subject, level, sentence, raised_at, changed_at) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (topic, subject) WHERE ended_at IS NULL DO UPDATE"
    " SET level = excluded.level, sentence = excluded.sentence, changed_at = excluded.changed_at,"
    f" acknowledged_by = CASE WHEN {_BECOMES_CRITICAL} THEN NULL ELSE alarm.acknowledged_by END,"
    f" acknowledged_at = CASE WHEN {_BECOMES_CRITICAL} THEN NULL ELSE alarm.acknowledged_at END"
    " WHERE alarm.level <> excluded.level OR alarm.sentence <> excluded.sentence RETURNING number"
)
_COUNTS: Final = (
    "SELECT level, count(*), count(*) - count(acknowledged_by) FROM alarm WHERE ended_at IS NULL GROUP BY level"
)


class AlarmRecords:
    """The AlarmStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def raise_(self, topic: Topic, subject: str, level: Level, sentence: str, at: datetime) -> Raised:
        known = self._unit.one(f"SELECT level, sentence FROM alarm{_OPEN}", (topic.value, subject))
        if known == (level.value, sentence):
            return Raised.UNCHANGED  # without a lock, because rooms say the same again and again
        micros = to_micros(at)
        row = self._unit.insert(_RAISE, (topic.value, subject, level.value, sentence, micros, micros))
        if row is None:
            return Raised.UNCHANGED
        return Raised.REWORDED if known is not None and known[0] == level.value else Raised.RAISED

    def end(self, topic: Topic, subject: str, at: datetime) -> bool:
        return self._unit.execute(f"UPDATE alarm SET ended_at = ?{_OPEN}", (to_micros(at), topic.value, subject)) > 0

    def acknowledge(self, number: AlarmNumber, asked_by: str, at: datetime) -> bool:
        sql = (
            "UPDATE alarm SET acknowledged_by = ?, acknowledged_at = ?"
            " WHERE number = ? AND ended_at IS NULL AND acknowledged_by IS NULL"
        )
        return self._unit.execute(sql, (asked_by, to_micros(at), number)) > 0

    def find(self, number: AlarmNumber) -> Alarm | None:
        rows = self._unit.select(_selected().where(_columns.number == number))
        return _to_alarm(rows[0]) if rows else None

    def list(self, wanted: AlarmFilter, page: PageRequest) -> Page[Alarm]:
        statement = _wanted(wanted).order_by(_columns.number.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.number < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_alarm, lambda row: row[0])

    def open_counts(self) -> OpenAlarms:
        rows = self._unit.all(_COUNTS)
        return OpenAlarms(
            by_level={Level(level): count for level, count, _ in rows}, unacknowledged=sum(row[2] for row in rows)
        )

    def prune(self, ended_before: datetime) -> None:
        self._unit.execute("DELETE FROM alarm WHERE ended_at < ?", (to_micros(ended_before),))


def _selected() -> Select[Any]:  # Any: a statement of any columns
    return select(*columns_of(alarm, _NAMES))


def _wanted(wanted: AlarmFilter) -> Select[Any]:  # Any: as above
    statement = _selected()
    if wanted.topics is not None:
        statement = statement.where(_columns.topic.in_([topic.value for topic in wanted.topics]))
    if wanted.subject is not None:
        statement = statement.where(_columns.subject == wanted.subject)
    if wanted.level is not None:
        statement = statement.where(_columns.level == wanted.level.value)
    if wanted.is_open is not None:
        statement = statement.where(_is_open if wanted.is_open else ~_is_open)
    if wanted.is_acknowledged is not None:
        known = _columns.acknowledged_by.is_not(None)
        statement = statement.where(known if wanted.is_acknowledged else ~known)
    if wanted.since is not None:
        statement = statement.where(_columns.raised_at >= to_micros(wanted.since))
    if wanted.until is not None:
        statement = statement.where(_columns.raised_at < to_micros(wanted.until))
    return statement


def _to_alarm(row: Row) -> Alarm:
    number, topic, subject, level, sentence, raised_at, changed_at, acknowledged_by, acknowledged_at, ended_at = row
    return Alarm(
        number=AlarmNumber(number),
        topic=Topic(topic),
        subject=subject,
        level=Level(level),
        sentence=sentence,
        raised_at=from_micros(raised_at),
        changed_at=from_micros(changed_at),
        acknowledged_by=acknowledged_by,
        acknowledged_at=maybe_from_micros(acknowledged_at),
        ended_at=maybe_from_micros(ended_at),
    )
