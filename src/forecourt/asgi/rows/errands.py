"""Errands as lines of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from forecourt.asgi.csv import Cell
from forecourt.domain.errands.model import Errand

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
        errand.priority.name.lower(),
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
