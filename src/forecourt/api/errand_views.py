"""Errands and batches as the REST interface shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from forecourt.domain.errands.model import Batch, Delivery, Errand, ErrandState, Priority

PriorityName = Literal["low", "normal", "high"]

_REFUSED: Final = (
    "In the answer to the request alone: stations that could not be asked, with the reasons. Those that are not"
    " registered have no errand; those of which the system itself refused it have one, counted as failed."
)


class ErrandView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What was asked of a station, and what became of it. ``request`` is what is sent, without secrets; it is null
    while that is not known yet. ``response`` is what the station answered: an object, or a text when it was none."""

    errand: Annotated[int, Meta(description="Its number, which is never used again.")]
    station_id: Annotated[str, Meta(description="The station of which it is wanted.")]
    operation: Annotated[str, Meta(description="The operation that was asked for.")]
    action: Annotated[str | None, Meta(description="The OCPP action that is sent for it; null until that is known.")]
    request: Annotated[msgspec.Raw, Meta(description="What is sent, without secrets; null until that is known.")]
    state: Annotated[ErrandState, Meta(description="How far it is; `queued` and `sent` are not the end.")]
    delivery: Annotated[Delivery, Meta(description="Whether it fails at once while the station is off line, or waits.")]
    priority: Annotated[
        PriorityName, Meta(description="Which of the station's errands goes first; among equals the older.")
    ]
    batch: Annotated[int | None, Meta(description="The batch with which it was asked for, if any.")]
    asked_by: Annotated[str, Meta(description="Who asked for it.")]
    queued_at: Annotated[datetime, Meta(description="When it was written down.")]
    expires_at: Annotated[datetime, Meta(description="It is not sent after this time.")]
    sent_at: Annotated[datetime | None, Meta(description="When it was sent last.")]
    ended_at: Annotated[datetime | None, Meta(description="When it ended; null until then.")]
    attempts: Annotated[int, Meta(description="How often it was sent.")]
    reason: Annotated[str | None, Meta(description="Why it ended otherwise than answered, in a sentence.")]
    error_code: Annotated[str | None, Meta(description="The error code of OCPP, when the station answered with one.")]
    response: Annotated[
        msgspec.Raw,
        Meta(description="What the station answered: an object, or a text when it was none; null until then."),
    ]
    outcome_unknown: Annotated[
        bool, Meta(description="True when it was sent and nobody knows whether the station did it.")
    ]
    warnings: Annotated[Sequence[str], Meta(description="What looks wrong in it; it is sent all the same.")]


class RefusedStation(msgspec.Struct, frozen=True, rename="camel"):
    """A station of which something was wanted that could not be asked, and why."""

    station_id: Annotated[str, Meta(description="The station that was named.")]
    reason: Annotated[str, Meta(description="Why it could not be asked, in a sentence.")]


class ErrandBatchView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One request to many stations, and how many of its errands are in which state. It is finished when all of them
    have ended. ``refused`` is in the answer to the request alone."""

    batch: Annotated[int, Meta(description="Its number.")]
    operation: Annotated[str, Meta(description="The operation that was asked for.")]
    asked_by: Annotated[str, Meta(description="Who asked for it.")]
    asked_at: Annotated[datetime, Meta(description="When it was asked for.")]
    total: Annotated[int, Meta(description="How many registered stations were meant.")]
    counts: Annotated[dict[str, int], Meta(description="How many of its errands are in each state.")]
    finished: Annotated[bool, Meta(description="True when all of its errands have ended.")]
    refused: Annotated[
        Sequence[RefusedStation] | UnsetType,
        Meta(description=_REFUSED),
    ] = UNSET


PRIORITIES: Final[dict[Priority, PriorityName]] = {
    Priority.LOW: "low",
    Priority.NORMAL: "normal",
    Priority.HIGH: "high",
}

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


def _json(stored: str | None) -> msgspec.Raw:
    """An object as it was stored, and anything else as a text."""
    if stored is None:
        return msgspec.Raw(_NULL)
    try:
        is_object = isinstance(msgspec.json.decode(stored), dict)
    except (msgspec.DecodeError, RecursionError):
        is_object = False
    return msgspec.Raw(stored.encode() if is_object else msgspec.json.encode(stored))
