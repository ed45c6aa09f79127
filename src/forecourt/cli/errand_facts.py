"""Errands and batches as they are printed: with the names of the REST interface."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from forecourt.cli.output import Document, Facts, Value
from forecourt.domain.errands.model import Batch, Errand, ErrandState

ERRAND_SHOWN: Final = ("errand", "stationId", "operation", "state", "queuedAt", "outcome")
ERRAND_COLUMNS: Final = (
    *("errand", "stationId", "operation", "action", "request", "state", "delivery", "priority", "batch", "askedBy"),
    *("queuedAt", "expiresAt", "sentAt", "endedAt", "attempts", "reason", "errorCode", "response", "outcomeUnknown"),
    "warnings",
)
BATCH_COLUMNS: Final = ("batch", "operation", "askedBy", "askedAt", "total", "finished", "counts")
OUTCOME_COLUMNS: Final = ("stationId", "errand", "state", "outcome")


def errand_facts(errand: Errand) -> Facts:
    """All there is to know."""
    return {
        "errand": errand.number,
        "stationId": errand.station,
        "operation": errand.operation,
        "action": errand.action,
        "request": _document(errand.request),
        "state": errand.state.value,
        "delivery": errand.delivery.value,
        "priority": errand.priority.name.lower(),
        "batch": errand.batch,
        "askedBy": errand.asked_by,
        "queuedAt": errand.queued_at,
        "expiresAt": errand.expires_at,
        "sentAt": errand.sent_at,
        "endedAt": errand.ended_at,
        "attempts": errand.attempts,
        "reason": errand.reason,
        "errorCode": errand.code,
        "response": _document(errand.response),
        "outcomeUnknown": errand.is_outcome_unknown,
        "warnings": list(errand.warnings),
    }


def listed_facts(errand: Errand) -> Facts:
    """The same, with its outcome in a few words for tables."""
    return {**errand_facts(errand), "outcome": outcome(errand)}


def short_facts(errand: Errand) -> Facts:
    """What came of it, for whoever asked: the answer field by field."""
    facts: dict[str, Value] = {
        "errand": errand.number,
        "stationId": errand.station,
        "operation": errand.operation,
        "state": errand.state.value,
    }
    if errand.reason is not None:
        facts["reason"] = errand.reason
    if errand.code is not None:
        facts["errorCode"] = errand.code
    for number, warning in enumerate(errand.warnings, 1):
        facts[f"warning {number}"] = warning
    facts.update(_answer_facts(errand.response))
    return facts


def outcome(errand: Errand) -> str:
    """The status in the answer, or why there is none, in a few words."""
    answer = _parsed(errand.response)
    status = answer.get("status") if isinstance(answer, dict) else None
    if errand.state is ErrandState.FAILED or not isinstance(status, str):
        return errand.reason or ""
    return status


def batch_facts(batch: Batch) -> Facts:
    counts = {state.value: batch.counts[state] for state in ErrandState if state in batch.counts}
    return {
        "batch": batch.number,
        "operation": batch.operation,
        "askedBy": batch.asked_by,
        "askedAt": batch.asked_at,
        "total": batch.total,
        "finished": batch.is_finished,
        "counts": Document(json.dumps(counts)),
    }


def counted(counts: dict[ErrandState, int]) -> str:
    """How many are in which state, for people."""
    return ", ".join(f"{counts[state]} {state.value}" for state in ErrandState if counts.get(state))


def _answer_facts(response: str | None) -> Iterator[tuple[str, Value]]:
    answer = _parsed(response)
    if isinstance(answer, dict):
        yield from _flat(answer, "")
    elif response is not None:
        yield "response", response


def _flat(value: object, path: str) -> Iterator[tuple[str, Value]]:
    """Fields of fields with dotted names; of objects in lists, each on one line."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield f"{path}[{number}]", _on_one_line(item)
    else:
        yield path, value if isinstance(value, str | int | float) or value is None else str(value)


def _on_one_line(value: object) -> str:
    if not isinstance(value, dict):
        return value if isinstance(value, str) else json.dumps(value)
    return ", ".join(f"{name}={_on_one_line(inner)}" for name, inner in value.items())


def _document(text: str | None) -> Value:
    """What is JSON as JSON, and what a station answered instead as a text."""
    return text if text is None or _parsed(text) is None else Document(text)


def _parsed(text: str | None) -> object:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return None
