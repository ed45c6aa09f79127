"""Errands and batches in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.sql import Select

from forecourt.domain.errands.intents import Intent
from forecourt.domain.errands.model import (
    Batch,
    BatchNumber,
    Claim,
    Delivery,
    Draft,
    Errand,
    ErrandFilter,
    ErrandNumber,
    ErrandState,
    Failure,
    Line,
    Order,
    Priority,
)
from forecourt.domain.paging import Page, PageRequest
from forecourt.pki.sealing import Vault
from forecourt.storage.connection import Row
from forecourt.storage.errand_tables import batch, errand
from forecourt.storage.intents import Intents
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import columns_of, from_micros, maybe_from_micros, metadata, paged, to_micros
from forecourt.storage.unit_of_work import Unit

_columns = errand.c

_ADD: Final = (
    "INSERT INTO errand (station_key, batch, operation, intent, request, state, asked_by, delivery, priority, attempts,"
    " queued_at, expires_at, changed_at, is_outcome_unknown, warnings)"
    " VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, ?, 0, ?, ?, ?, false, ?)"
    " RETURNING number, EXISTS (SELECT 1 FROM link WHERE link.station_key = errand.station_key AND node IS NOT NULL)"
)
_NEXT: Final = (
    "SELECT e.number, e.station_key, e.operation, e.intent, e.attempts FROM errand AS e"
    " JOIN link AS l ON l.station_key = e.station_key AND l.link_id = ? AND l.node = ?"
    " WHERE e.station_key = ? AND e.state = 'queued' AND e.expires_at > ?"
    " AND NOT EXISTS (SELECT 1 FROM errand AS o WHERE o.station_key = e.station_key AND o.state = 'sent')"
    " ORDER BY e.priority DESC, e.number LIMIT 1"
)
_SEND: Final = (
    "UPDATE errand SET state = 'sent', action = ?, request = ?, intent = ?, node = ?, link_id = ?, sent_at = ?,"
    " answer_by = ?, changed_at = ?, attempts = attempts + 1 WHERE number = ? AND state = 'queued'"
)
_PUT_BACK: Final = "UPDATE errand SET state = 'queued', changed_at = ? WHERE number = ? AND state = 'sent'"
_TAKE_BACK: Final = (
    "UPDATE errand SET state = 'queued', intent = ?, changed_at = ?, attempts = attempts - 1, sent_at = NULL,"
    " answer_by = NULL, node = NULL, link_id = NULL, action = NULL WHERE number = ? AND state = 'sent'"
)
_FINISH: Final = (
    "UPDATE errand SET state = ?, ended_at = ?, changed_at = ?, reason = ?, code = ?, is_outcome_unknown = ?,"
    " response = ?, intent = coalesce(?, intent) WHERE number = ? AND state = ?"
)
_LEARN: Final = (
    "UPDATE errand SET state = ?, reason = ?, code = ?, response = ?, changed_at = ?, is_outcome_unknown = false"
    " WHERE number = ? AND state = 'failed' AND is_outcome_unknown"
)
_CLAIM: Final = "SELECT number, station_key, operation, intent, attempts FROM errand"
_SENT_BY: Final = (
    "SELECT number, station_key, operation, intent, attempts - 1 FROM errand WHERE state = 'sent' AND node = ?"
)
_DUE: Final = (
    " FROM errand AS e WHERE e.state = 'sent' AND e.answer_by <= ?",
    " FROM errand AS e WHERE e.state = 'queued' AND e.expires_at <= ?",
    # "+ 0" keeps the index on this column away: nearly all of its rows are later.
    (
        " FROM errand AS e LEFT JOIN link AS l ON l.station_key = e.station_key"
        " WHERE e.state = 'queued' AND e.delivery = 'now' AND l.node IS NULL AND e.expires_at + 0 > ?"
    ),
)
"""What waits in vain, in three questions that each have an index; no errand is in two of them."""
_OVERDUE: Final = [
    "SELECT e.number, e.station_key, e.operation, e.intent, e.attempts, e.state, e.expires_at" + due + " LIMIT ?"
    for due in _DUE
]
_IS_OVERDUE: Final = "SELECT 1 WHERE " + " OR ".join(f"EXISTS (SELECT 1{due})" for due in _DUE)
_WAITING: Final = (
    "SELECT s.identity FROM link AS l JOIN station AS s ON s.key = l.station_key"
    " WHERE l.node = ? AND s.registration <> 'Rejected'"
    " AND EXISTS (SELECT 1 FROM errand AS q WHERE q.station_key = l.station_key AND q.state = 'queued')"
    " AND NOT EXISTS (SELECT 1 FROM errand AS o WHERE o.station_key = l.station_key AND o.state = 'sent')"
)
_SHOWN: Final = (
    "number operation action request state asked_by delivery priority batch queued_at expires_at sent_at ended_at"
    " changed_at attempts reason code response is_outcome_unknown warnings"
)
_FIND: Final = (
    f"SELECT s.identity, {', '.join(f'e.{name}' for name in _SHOWN.split())} FROM errand AS e"
    " JOIN station AS s ON s.key = e.station_key WHERE e.number = ?"
)
MAX_OVERDUE: Final = 500
"""How many of each kind are ended in one unit of work; stations' messages wait for it. The next ones follow a
second later."""
_LOST_NODE: Final = "The node that sent it stopped before it had the answer."
_WENT_OFFLINE: Final = "The station went off line before it could be sent."


class Errands:
    """The ErrandStore of one unit of work."""

    def __init__(self, unit: Unit, vault: Vault) -> None:
        self._unit = unit
        self._intents = Intents(vault)

    # One errand goes its way

    def add(
        self, station_key: int, draft: Draft, order: Order, *, expires_at: datetime, at: datetime
    ) -> tuple[ErrandNumber, bool]:
        now = to_micros(at)
        number, is_online = self._unit.upsert(
            _ADD,
            (
                station_key,
                order.batch,
                draft.operation,
                self._intents.written(draft.intent),
                order.parameters if draft.shown is None else draft.shown,
                order.asked_by,
                order.delivery.value,
                order.priority.value,
                now,
                to_micros(expires_at),
                now,
                "\n".join(draft.warnings),
            ),
        )
        return ErrandNumber(number), bool(is_online)

    def next_for(self, station_key: int, line: Line, at: datetime) -> Claim | None:
        row = self._unit.one(_NEXT, (line.link_id, line.node, station_key, to_micros(at)))
        return None if row is None else self._to_claim(row)

    def send(
        self, claim: Claim, *, line: Line, action: str, shown: str, kept: Intent, at: datetime, answer_by: datetime
    ) -> bool:
        now = to_micros(at)
        return self._has_changed(
            _SEND,
            action,
            shown,
            self._intents.written(kept),
            line.node,
            line.link_id,
            now,
            to_micros(answer_by),
            now,
            claim.number,
        )

    def put_back(self, number: ErrandNumber, at: datetime) -> bool:
        return self._has_changed(_PUT_BACK, to_micros(at), number)

    def take_back(self, claim: Claim, at: datetime) -> bool:
        return self._has_changed(_TAKE_BACK, self._intents.written(claim.intent), to_micros(at), claim.number)

    def finish(
        self,
        number: ErrandNumber,
        state: ErrandState,
        *,
        of: ErrandState,
        at: datetime,
        failure: Failure | None = None,
        response: str | None = None,
        kept: Intent | None = None,
    ) -> bool:
        now = to_micros(at)
        return self._has_changed(
            _FINISH,
            state.value,
            now,
            now,
            None if failure is None else failure.reason,
            None if failure is None else failure.code,
            failure is not None and failure.is_outcome_unknown,
            response,
            None if kept is None else self._intents.written(kept),
            number,
            of.value,
        )

    def learn_outcome(
        self, number: ErrandNumber, state: ErrandState, failure: Failure, response: str, at: datetime
    ) -> bool:
        return self._has_changed(_LEARN, state.value, failure.reason, failure.code, response, to_micros(at), number)

    def _has_changed(self, sql: str, *parameters: object) -> bool:
        return self._unit.execute(sql, parameters) > 0

    # What must be done

    def overdue(self, at: datetime) -> list[tuple[Claim, ErrandState, str]]:
        now = to_micros(at)
        rows = [row for overdue in _OVERDUE for row in self._unit.all(overdue, (now, MAX_OVERDUE))]
        rows.sort(key=lambda row: row[0])  # everywhere in one order, so that two who settle cannot wait for one another
        return [(self._to_claim(row[:5]), ErrandState(row[5]), _reason(row[5], row[6] <= now)) for row in rows]

    def is_overdue(self, at: datetime) -> bool:
        now = to_micros(at)
        return self._unit.one(_IS_OVERDUE, (now,) * len(_DUE)) is not None

    def sent_by(self, node: str) -> list[Claim]:
        rows = self._unit.all(_SENT_BY, (node,))
        return [self._to_claim(row) for row in rows]

    def waiting(self, node: str) -> list[str]:
        return [row[0] for row in self._unit.all(_WAITING, (node,))]

    def find_claim(self, number: ErrandNumber) -> Claim | None:
        row = self._unit.one(f"{_CLAIM} WHERE number = ?", (number,))
        return None if row is None else self._to_claim(row)

    def _to_claim(self, row: Row) -> Claim:
        number, key, operation, intent, attempts = row
        return Claim(ErrandNumber(number), key, operation, self._intents.read(intent), attempts)

    # Questions

    def find(self, number: ErrandNumber) -> Errand | None:
        row = self._unit.one(_FIND, (number,))
        return None if row is None else _to_errand(row)

    def list(self, wanted: ErrandFilter, page: PageRequest) -> Page[Errand]:
        statement = _filtered(_shown(), wanted).order_by(_columns.number.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.number < after)
        rows = self._unit.select(paged(statement, page))
        return page_of(rows, page, _to_errand, lambda row: row[1])

    def changed_since(self, wanted: ErrandFilter, at: datetime, limit: int) -> Sequence[Errand]:
        statement = _filtered(_shown(), wanted).where(_columns.changed_at >= to_micros(at))
        rows = self._unit.select(statement.order_by(_columns.changed_at, _columns.number).limit(limit))
        return [_to_errand(row) for row in rows]

    # Batches

    def add_batch(self, operation: str, asked_by: str, total: int, at: datetime) -> BatchNumber:
        row = self._unit.upsert(
            "INSERT INTO errand_batch (operation, asked_by, asked_at, total, is_written) VALUES (?, ?, ?, ?, false)"
            " RETURNING number",
            (operation, asked_by, to_micros(at), total),
        )
        return BatchNumber(row[0])

    def finish_writing(self, number: BatchNumber) -> None:
        self._unit.execute(
            "UPDATE errand_batch SET is_written = true,"
            " total = (SELECT count(*) FROM errand WHERE errand.batch = errand_batch.number) WHERE number = ?",
            (number,),
        )

    def half_written(self, before: datetime) -> Sequence[BatchNumber]:
        sql = "SELECT number FROM errand_batch WHERE is_written IS FALSE AND asked_at < ?"
        return [BatchNumber(row[0]) for row in self._unit.all(sql, (to_micros(before),))]

    def batch(self, number: BatchNumber) -> Batch | None:
        rows = self._unit.select(select(batch).where(batch.c.number == number))
        return _with_counts(self._unit, rows)[0] if rows else None

    def batches(self, page: PageRequest) -> Page[Batch]:
        statement = select(batch).order_by(batch.c.number.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(batch.c.number < after)
        rows = self._unit.select(paged(statement, page))
        known = {one.number: one for one in _with_counts(self._unit, rows)}
        return page_of(rows, page, lambda row: known[BatchNumber(row[0])], lambda row: row[0])

    def queued_for(self, station_key: int) -> Sequence[ErrandNumber]:
        queued = "SELECT number FROM errand WHERE station_key = ? AND state = 'queued' ORDER BY number"
        return [ErrandNumber(row[0]) for row in self._unit.all(queued, (station_key,))]

    def queued_in(self, batch: BatchNumber, limit: int) -> Sequence[ErrandNumber]:
        queued = "SELECT number FROM errand WHERE batch = ? AND state = 'queued' ORDER BY number LIMIT ?"
        rows = self._unit.all(queued, (batch, limit))
        return [ErrandNumber(row[0]) for row in rows]


def _with_counts(unit: Unit, rows: Sequence[Row]) -> list[Batch]:
    statement = (
        select(_columns.batch, _columns.state, func.count())
        .where(_columns.batch.in_([row[0] for row in rows]))
        .group_by(_columns.batch, _columns.state)
    )
    counts: dict[int, dict[ErrandState, int]] = {}
    for number, state, count in unit.select(statement):
        counts.setdefault(number, {})[ErrandState(state)] = count
    return [
        Batch(
            number=BatchNumber(number),
            operation=operation,
            asked_by=asked_by,
            asked_at=from_micros(asked_at),
            total=total,
            counts=counts.get(number, {}),
            is_written=bool(is_written),
        )
        for number, operation, asked_by, asked_at, total, is_written, _ in rows
    ]


def _reason(state: str, is_expired: bool) -> str:
    if state == "sent":
        return _LOST_NODE
    return "" if is_expired else _WENT_OFFLINE


def _shown() -> Select[Any]:
    station = metadata.tables["station"]
    return select(station.c.identity, *columns_of(errand, _SHOWN)).join(station, station.c.key == _columns.station_key)


def _filtered(statement: Select[Any], wanted: ErrandFilter) -> Select[Any]:
    if wanted.station is not None:
        statement = statement.where(metadata.tables["station"].c.identity == wanted.station)
    if wanted.operation is not None:
        statement = statement.where(_columns.operation == wanted.operation)
    if wanted.states is not None:
        statement = statement.where(_columns.state.in_(sorted(state.value for state in wanted.states)))
    if wanted.batch is not None:
        statement = statement.where(_columns.batch == wanted.batch)
    if wanted.asked_by is not None:
        statement = statement.where(_columns.asked_by == wanted.asked_by)
    if wanted.since is not None:
        statement = statement.where(_columns.queued_at >= to_micros(wanted.since))
    if wanted.until is not None:
        statement = statement.where(_columns.queued_at < to_micros(wanted.until))
    return statement


def _to_errand(row: Row) -> Errand:
    station, number, operation, action, request, state, asked_by, delivery, priority, of_batch = row[:10]
    queued_at, expires_at, sent_at, ended_at, changed_at, attempts, reason, code, response, is_unknown, warnings = row[
        10:
    ]
    return Errand(
        number=ErrandNumber(number),
        station=station,
        operation=operation,
        action=action,
        request=request,
        state=ErrandState(state),
        asked_by=asked_by,
        delivery=Delivery(delivery),
        priority=Priority(priority),
        batch=None if of_batch is None else BatchNumber(of_batch),
        queued_at=from_micros(queued_at),
        expires_at=from_micros(expires_at),
        sent_at=maybe_from_micros(sent_at),
        ended_at=maybe_from_micros(ended_at),
        changed_at=from_micros(changed_at),
        attempts=attempts,
        reason=reason,
        code=code,
        response=response,
        is_outcome_unknown=bool(is_unknown),
        warnings=tuple(warnings.splitlines()),
    )
