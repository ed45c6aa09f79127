"""Requests to authorities in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.sql import Select

from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.signing.model import (
    EndedState,
    Signing,
    SigningFilter,
    SigningNumber,
    SigningState,
    Use,
    Wanted,
)
from forecourt.domain.signing.store import Waited
from forecourt.pki.csr import read_csr
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import (
    columns_of,
    from_micros,
    maybe_from_micros,
    maybe_to_micros,
    paged,
    to_micros,
)
from forecourt.storage.signing_tables import signing_request
from forecourt.storage.unit_of_work import Unit

_columns = signing_request.c

_ADD: Final = (
    "INSERT INTO signing_request (use, owner, authority, csr, key_digest, common_name, organisation, host_names, days,"
    " state, attempts, asked_by, asked_at, tried_since, again_at, is_told)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', 0, ?, ?, ?, ?, FALSE)"
    " RETURNING number"
)
_FREE: Final = "state = 'waiting' AND (leased_until IS NULL OR leased_until <= ?)"
_ENABLED: Final = "authority NOT IN (SELECT name FROM authority WHERE NOT is_enabled)"
_DUE: Final = f"FROM signing_request WHERE {_FREE} AND again_at <= ? AND {_ENABLED}"
_LEASE: Final = f"UPDATE signing_request SET node = ?, leased_until = ? WHERE number = ? AND {_FREE}"
_RELEASE: Final = (
    "UPDATE signing_request SET node = NULL, leased_until = NULL WHERE node = ? AND state = 'waiting'"
    " AND leased_until IS NOT NULL"
)
_HOLD: Final = (
    "UPDATE signing_request SET node = node WHERE number = ? AND state = 'waiting' AND node = ?"
    " AND leased_until IS NOT NULL"
)
_END: Final = (
    "UPDATE signing_request SET state = ?, reason = ?, fingerprint = ?, progress = NULL, silent_since = NULL,"
    " is_told = FALSE, leased_until = NULL, ended_at = ? WHERE number = ? AND state = 'waiting'"
)
_PUT_OFF: Final = (
    "UPDATE signing_request SET reason = ?, progress = ?, attempts = ?, silent_since = ?, again_at = ?,"
    " is_told = ?, leased_until = NULL WHERE number = ? AND state = 'waiting' AND node = ?"
)
_BEGIN_ANEW: Final = (
    "UPDATE signing_request SET progress = NULL, attempts = 0, silent_since = NULL, is_told = FALSE, node = NULL,"
    " leased_until = NULL, tried_since = ?, again_at = ? WHERE number = ? AND state = 'waiting'"
)
_HASTEN: Final = f"UPDATE signing_request SET again_at = ? WHERE number = ? AND {_FREE}"
_WAITED: Final = (
    "number, use, owner, authority, csr, common_name, organisation, host_names, days, progress, attempts, asked_by,"
    " tried_since, silent_since, is_told"
)
_FIND_WAITED: Final = f"SELECT {_WAITED} FROM signing_request WHERE number = ?"
_OVERDUE: Final = f"FROM signing_request WHERE {_FREE} AND tried_since <= ? AND {_ENABLED}"
_SHOWN: Final = (
    "number use owner authority common_name host_names key_digest state reason attempts asked_by asked_at again_at"
    " ended_at fingerprint"
)


class SigningRecords:
    """The SigningStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, wanted: Wanted, authority: str, at: datetime) -> SigningNumber:
        now = to_micros(at)
        row = self._unit.upsert(
            _ADD,
            (
                wanted.use.value,
                wanted.owner,
                authority,
                wanted.csr.pem,
                wanted.csr.key_digest,
                wanted.common_name,
                wanted.organisation,
                "\n".join(wanted.host_names),
                wanted.days,
                wanted.asked_by,
                now,
                now,
                now,
            ),
        )
        return SigningNumber(row[0])

    # One request goes its way

    def asked(self, at: datetime) -> Sequence[str]:
        now = to_micros(at)
        return [row[0] for row in self._unit.all(f"SELECT DISTINCT authority {_DUE}", (now, now))]

    def due(self, at: datetime, limit: int, authority: str | None) -> Sequence[SigningNumber]:
        now = to_micros(at)
        of, which = ("", ()) if authority is None else (" AND authority = ?", (authority,))
        rows = self._unit.all(f"SELECT number {_DUE}{of} ORDER BY again_at, number LIMIT ?", (now, now, *which, limit))
        return [SigningNumber(row[0]) for row in rows]

    def lease(self, number: SigningNumber, node: str, *, at: datetime, until: datetime) -> bool:
        return self._unit.execute(_LEASE, (node, to_micros(until), number, to_micros(at))) > 0

    def release(self, node: str) -> int:
        return self._unit.execute(_RELEASE, (node,))

    def end(self, number: SigningNumber, state: EndedState, reason: str, *, at: datetime, node: str | None) -> bool:
        return self._has_ended((state.value, reason, None, to_micros(at), number), node)

    def issue(self, number: SigningNumber, fingerprint: str, *, at: datetime, node: str) -> bool:
        return self._has_ended((SigningState.ISSUED.value, None, fingerprint, to_micros(at), number), node)

    def _has_ended(self, parameters: Row, node: str | None) -> bool:
        if node is None:
            return self._unit.execute(_END, parameters) > 0
        return self._unit.execute(f"{_END} AND node = ?", (*parameters, node)) > 0

    def hold(self, number: SigningNumber, node: str) -> bool:
        return self._unit.execute(_HOLD, (number, node)) > 0

    def put_off(self, waited: Waited, sentence: str, *, node: str, again_at: datetime) -> bool:
        again = to_micros(again_at)
        tried = (waited.progress, waited.attempts, maybe_to_micros(waited.silent_since), again)
        return self._unit.execute(_PUT_OFF, (sentence, *tried, waited.is_told, waited.number, node)) > 0

    def begin_anew(self, authority: str, at: datetime) -> None:
        now = to_micros(at)
        waiting = "SELECT number FROM signing_request WHERE authority = ? AND state = 'waiting' ORDER BY number"
        for (number,) in self._unit.all(waiting, (authority,)):  # locked in one order everywhere
            self._unit.execute(_BEGIN_ANEW, (now, now, number))

    def has_told(self, authority: str) -> bool:
        told = "SELECT 1 FROM signing_request WHERE authority = ? AND state = 'waiting' AND is_told LIMIT 1"
        return self._unit.one(told, (authority,)) is not None

    def hasten(self, number: SigningNumber, at: datetime) -> bool:
        now = to_micros(at)
        return self._unit.execute(_HASTEN, (now, number, now)) > 0

    def waited(self, number: SigningNumber) -> Waited | None:
        row = self._unit.one(_FIND_WAITED, (number,))
        return None if row is None else _to_waited(row)

    # What must be done

    def overdue(self, tried_before: datetime, at: datetime, limit: int) -> Sequence[SigningNumber]:
        sql = f"SELECT number {_OVERDUE} ORDER BY number LIMIT ?"
        return [SigningNumber(row[0]) for row in self._unit.all(sql, (to_micros(at), to_micros(tried_before), limit))]

    def is_overdue(self, tried_before: datetime, at: datetime) -> bool:
        tried = (to_micros(at), to_micros(tried_before))
        return self._unit.one(f"SELECT 1 {_OVERDUE} LIMIT 1", tried) is not None

    # Questions

    def find(self, number: SigningNumber) -> Signing | None:
        rows = self._unit.select(_shown().where(_columns.number == number))
        return _to_signing(rows[0]) if rows else None

    def list(self, wanted: SigningFilter, page: PageRequest) -> Page[Signing]:
        statement = _filtered(_shown(), wanted).order_by(_columns.number.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.number < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_signing, lambda row: row[0])

    def counts(self, authority: str) -> dict[SigningState, int]:
        sql = "SELECT state, count(*) FROM signing_request WHERE authority = ? GROUP BY state"
        return {SigningState(state): count for state, count in self._unit.all(sql, (authority,))}


def _shown() -> Select[Any]:  # Any: a statement of any columns
    return select(*columns_of(signing_request, _SHOWN))


def _filtered(statement: Select[Any], wanted: SigningFilter) -> Select[Any]:
    if wanted.states is not None:
        statement = statement.where(_columns.state.in_(sorted(state.value for state in wanted.states)))
    if wanted.use is not None:
        statement = statement.where(_columns.use == wanted.use.value)
    if wanted.owner is not None:
        statement = statement.where(_columns.owner == wanted.owner)
    if wanted.authority is not None:
        statement = statement.where(_columns.authority == wanted.authority)
    if wanted.since is not None:
        statement = statement.where(_columns.asked_at >= to_micros(wanted.since))
    if wanted.until is not None:
        statement = statement.where(_columns.asked_at < to_micros(wanted.until))
    return statement


def _to_signing(row: Row) -> Signing:
    number, use, owner, authority, common_name, host_names, key_digest, state, reason, attempts = row[:10]
    asked_by, asked_at, again_at, ended_at, fingerprint = row[10:]
    found = SigningState(state)
    return Signing(
        number=SigningNumber(number),
        use=Use(use),
        owner=owner,
        authority=authority,
        common_name=common_name,
        host_names=tuple(host_names.splitlines()),
        key_digest=key_digest,
        state=found,
        reason=reason,
        attempts=attempts,
        asked_by=asked_by,
        asked_at=from_micros(asked_at),
        again_at=from_micros(again_at) if found is SigningState.WAITING else None,
        ended_at=maybe_from_micros(ended_at),
        fingerprint=fingerprint,
    )


def _to_waited(row: Row) -> Waited:
    number, use, owner, authority, csr, common_name, organisation, host_names, days, progress, attempts = row[:11]
    asked_by, tried_since, silent_since, is_told = row[11:]
    return Waited(
        number=SigningNumber(number),
        wanted=Wanted(
            use=Use(use),
            csr=read_csr(csr),
            common_name=common_name,
            organisation=organisation,
            host_names=tuple(host_names.splitlines()),
            days=days,
            owner=owner,
            asked_by=asked_by,
        ),
        authority=authority,
        progress=progress,
        attempts=attempts,
        tried_since=from_micros(tried_since),
        silent_since=maybe_from_micros(silent_since),
        is_told=bool(is_told),
    )
