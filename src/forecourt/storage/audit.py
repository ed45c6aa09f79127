"""The record of who did what in the database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Index, Table, select
from sqlalchemy.sql import Select

from forecourt.domain.audit.model import AuditEntry, AuditFilter, Deed, EntryNumber, Via
from forecourt.domain.paging import Page, PageRequest
from forecourt.storage.bulk import Bulk
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import Key, columns_of, from_micros, metadata, moment, paged, text, to_micros
from forecourt.storage.unit_of_work import Unit

audit_entry: Final = Table(
    "audit_entry",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    text("who"),
    text("via"),
    text("action"),
    text("subject"),
    text("detail"),
    moment("at"),
    Index("audit_entry_of_who", "who", "number"),
    Index("audit_entry_of_subject", "subject", "number"),
    Index("audit_entry_of_action", "action", "number"),
    Index("audit_entry_at", "at"),
    sqlite_autoincrement=True,
)
"""An entry names people and things as they were called: they may be gone."""

_columns = audit_entry.c
_WRITTEN: Final = "who via action subject detail at"
_ENTRIES: Final = Bulk(audit_entry, _WRITTEN.split())
_PRUNE_ALL_BUT: Final = (
    "DELETE FROM audit_entry WHERE action = ? AND number <="
    " (SELECT number FROM audit_entry WHERE action = ? ORDER BY number DESC LIMIT 1 OFFSET ?)"
)


class AuditRecords:
    """The AuditStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, deed: Deed, at: datetime) -> None:
        row = (deed.who, deed.via.value, deed.action, deed.subject, deed.detail, to_micros(at))
        self._unit.append(_ENTRIES, row)

    def list(self, wanted: AuditFilter, page: PageRequest) -> Page[AuditEntry]:
        statement = _wanted(wanted).order_by(_columns.number.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.number < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_entry, lambda row: row[0])

    def prune(self, before: datetime) -> None:
        self._unit.execute("DELETE FROM audit_entry WHERE at < ?", (to_micros(before),))

    def prune_all_but(self, actions: Collection[str], keep: int) -> None:
        for action in sorted(actions):  # in one order, so that two nodes cannot block each other
            self._unit.execute(_PRUNE_ALL_BUT, (action, action, keep))


def _wanted(wanted: AuditFilter) -> Select[Any]:  # Any: a statement of any columns
    statement = select(_columns.number, *columns_of(audit_entry, _WRITTEN))
    if wanted.who is not None:
        statement = statement.where(_columns.who == wanted.who)
    if wanted.via is not None:
        statement = statement.where(_columns.via == wanted.via.value)
    if wanted.action is not None:
        statement = statement.where(_columns.action == wanted.action)
    if wanted.subject is not None:
        statement = statement.where(_columns.subject == wanted.subject)
    if wanted.since is not None:
        statement = statement.where(_columns.at >= to_micros(wanted.since))
    if wanted.until is not None:
        statement = statement.where(_columns.at < to_micros(wanted.until))
    return statement


def _to_entry(row: Row) -> AuditEntry:
    number, who, via, action, subject, detail, at = row
    deed = Deed(who=who, via=Via(via), action=action, subject=subject, detail=detail)
    return AuditEntry(EntryNumber(number), deed, from_micros(at))
