"""Requests to start or stop charging from here, and what became of them (OCPP 1.6 §5.11, §5.12)."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forecourt.domain.authorization.model import fold
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.evse import Place
from forecourt.domain.transactions.model import CLOCK_TOLERANCE, StartReport

PATIENCE: Final = timedelta(minutes=5)
"""How long an accepted request waits for its transaction. The station's own limit is its ConnectionTimeOut (OCPP 1.6
§9.1.4), mostly one to three minutes, which is not always known; this leaves time for the report besides."""


class RequestKind(enum.Enum):
    """What was asked for."""

    START = "start"
    STOP = "stop"


class RequestState(enum.Enum):
    """The life of a request::

    REQUESTED ── ACCEPTED ── STARTED | STOPPED | TIMED_OUT
        ├── REFUSED | FAILED
        └── STARTED | STOPPED: the transaction was reported before the answer

    A request that failed with an unknown outcome may still become STARTED or STOPPED while it is open.
    """

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    """The station will try; its transaction is awaited."""
    STARTED = "started"
    STOPPED = "stopped"
    REFUSED = "refused"
    FAILED = "failed"
    """The station was not reached, or gave no usable answer."""
    TIMED_OUT = "timedOut"
    """The station accepted, and no transaction began or ended in time (nobody plugged in, mostly)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRequest:
    """One request; the number of its errand is its own. It is open until it has an end."""

    errand: ErrandNumber
    station: str
    kind: RequestKind
    state: RequestState
    asked_by: str
    evse: Place | None = None
    """Where to start; None leaves the choice to the station."""
    id_token: str | None = None
    """For whom to start."""
    transaction_id: int | None = None
    """The transaction that was started, or that is to be stopped."""
    status: str | None = None
    """What the station answered."""
    reason: str | None = None
    """Why it failed or timed out, in a sentence."""
    is_outcome_unknown: bool = False
    """It was sent, and nobody knows whether the station did it."""
    requested_at: datetime
    sent_at: datetime | None = None
    """When its errand was sent; what a station did before cannot come from it."""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    waits_until: datetime
    """When an open request is given up."""

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def awaits_answer(self) -> bool:
        """True while an answer of the station may be the one to this request; also after it was given up as lost."""
        return self.sent_at is not None and self.state in (RequestState.REQUESTED, RequestState.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRequestFilter:
    """Which requests to list; None means any."""

    station: str | None = None
    kind: RequestKind | None = None
    states: frozenset[RequestState] | None = None


def start_request_of(open_requests: Iterable[RemoteRequest], report: StartReport) -> RemoteRequest | None:
    """The request that a start comes from: the oldest of those that fit. A start that was queued off line before the
    request was sent comes from somebody at the station."""
    for request in open_requests:
        if (
            request.kind is RequestKind.START
            and request.sent_at is not None
            and report.started_at >= request.sent_at - CLOCK_TOLERANCE
            and is_start_of(request, report.evse, report.id_token)
        ):
            return request
    return None


def is_start_of(request: RemoteRequest, evse: Place | None, id_token: str) -> bool:
    """True when it was asked to start for this token, here or anywhere."""
    return (
        request.kind is RequestKind.START
        and request.id_token is not None
        and fold(request.id_token) == fold(id_token)
        and request.evse in (None, evse)
    )
