"""Errands and batches as the REST interface shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from forecourt.api.csv import Cell
from forecourt.domain.errands.model import Batch, Delivery, Errand, ErrandState, Priority

PriorityName = Literal["low", "normal", "high"]


class ErrandView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What was asked of a station, and what became of it. ``request`` is what is sent, without secrets; it is null
    while that is not known yet. ``response`` is what the station answered: an object, or a text when it was none."""

    errand: int
    station_id: str
    operation: str
    action: str | None
    request: msgspec.Raw
    state: ErrandState
    delivery: Delivery
    priority: PriorityName
    batch: int | None
    asked_by: str
    queued_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None
    attempts: int
    reason: str | None
    error_code: str | None
    response: msgspec.Raw
    outcome_unknown: bool
    warnings: Sequence[str]


class RefusedStation(msgspec.Struct, frozen=True, rename="camel"):
    """A station that was named and cannot be asked, and why."""

    station_id: str
    reason: str


class ErrandBatchView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One request to many stations, and how many of its errands are in which state. It is finished when all of them
    have ended. ``refused`` is in the answer to the request alone."""

    batch: int
    operation: str
    asked_by: str
    asked_at: datetime
    total: int
    counts: dict[str, int]
    finished: bool
    refused: Sequence[RefusedStation] | UnsetType = UNSET


PRIORITIES: Final[dict[Priority, PriorityName]] = {
    Priority.LOW: "low",
    Priority.NORMAL: "normal",
    Priority.HIGH: "high",
}

ERRAND_COLUMNS: Final = (
    "errand",
    "stationId",
    "operation",
    "action",
    "request",
    "state",
    "delivery",
    "priority",
    "batch",
    "askedBy",
    "queuedAt",
    "expiresAt",
    "sentAt",
    "endedAt",
    "attempts",
    "reason",
    "errorCode",
    "response",
    "outcomeUnknown",
    "warnings",
)

_NULL: Final = b"null"


def show_errand(errand: Errand) -> ErrandView:
    return ErrandView(
        errand=errand.number,
        station_id=errand.station,
        operation=errand.operation,
        action=errand.action,
        request=_json(errand.request),
        state=errand.state,
        delivery=errand.delivery,
        priority=PRIORITIES[errand.priority],
        batch=errand.batch,
        asked_by=errand.asked_by,
        queued_at=errand.queued_at,
        expires_at=errand.expires_at,
        sent_at=errand.sent_at,
        ended_at=errand.ended_at,
        attempts=errand.attempts,
        reason=errand.reason,
        error_code=errand.code,
        response=_json(errand.response),
        outcome_unknown=errand.is_outcome_unknown,
        warnings=errand.warnings,
    )


def show_batch(batch: Batch, refused: Sequence[RefusedStation] | UnsetType = UNSET) -> ErrandBatchView:
    return ErrandBatchView(
        batch=batch.number,
        operation=batch.operation,
        asked_by=batch.asked_by,
        asked_at=batch.asked_at,
        total=batch.total,
        counts={state.value: batch.counts.get(state, 0) for state in ErrandState},
        finished=batch.is_finished,
        refused=refused,
    )


def errand_rows(errand: Errand) -> Iterator[Sequence[Cell]]:
    """One row, in the order of `ERRAND_COLUMNS`."""
    yield (
        errand.number,
        errand.station,
        errand.operation,
        errand.action,
        errand.request,
        errand.state.value,
        errand.delivery.value,
        PRIORITIES[errand.priority],
        errand.batch,
        errand.asked_by,
        errand.queued_at,
        errand.expires_at,
        errand.sent_at,
        errand.ended_at,
        errand.attempts,
        errand.reason,
        errand.code,
        errand.response,
        errand.is_outcome_unknown,
        "\n".join(errand.warnings),
    )


def _json(stored: str | None) -> msgspec.Raw:
    """An object as it was stored, and anything else as a text."""
    if stored is None:
        return msgspec.Raw(_NULL)
    try:
        is_object = isinstance(msgspec.json.decode(stored), dict)
    except (msgspec.DecodeError, RecursionError):
        is_object = False
    return msgspec.Raw(stored.encode() if is_object else msgspec.json.encode(stored))
