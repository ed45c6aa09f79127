"""Requests to start or stop charging from here, and what became of them (OCPP 1.6 §5.11, §5.12)."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forecourt.domain.authorization.model import fold
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.errors import conflict
from forecourt.domain.evse import Place
from forecourt.domain.provisioning.model import Station
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

    A request that failed with an unknown outcome may still become STARTED or STOPPED while it is open, and what its
    late answer says at any time.
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
    def may_be_answered(self) -> bool:
        """True while its answer can tell something new: until it has an end, and after it was given up as lost."""
        return self.is_open or self.is_outcome_unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRequestFilter:
    """Which requests to list; None means any."""

    station: str | None = None
    kind: RequestKind | None = None
    states: frozenset[RequestState] | None = None


def start_request_of(open_requests: Iterable[RemoteRequest], report: StartReport) -> RemoteRequest | None:
    """The request that a start comes from. Of those that fit, one that the station accepted comes before one whose
    answer was lost, and then the oldest."""
    fitting = (request for request in open_requests if _is_start_of(request, report))
    return min(fitting, key=lambda one: (one.state is not RequestState.ACCEPTED, one.errand), default=None)


def _is_start_of(request: RemoteRequest, report: StartReport) -> bool:
    """True when it was asked to start for this token, here or anywhere. A start that was queued off line before the
    request was sent comes from somebody at the station."""
    return (
        request.kind is RequestKind.START
        and request.sent_at is not None
        and report.started_at >= request.sent_at - CLOCK_TOLERANCE
        and request.id_token is not None
        and fold(request.id_token) == fold(report.id_token)
        and request.evse in (None, report.evse)
    )


def stop_requests_of(open_requests: Iterable[RemoteRequest], transaction_id: int) -> list[RemoteRequest]:
    """The requests that asked the station to end a transaction; what comes first is the one that did: the first that
    it accepted, or else the newest."""
    fitting = [
        request
        for request in open_requests
        if request.kind is RequestKind.STOP and request.transaction_id == transaction_id and request.sent_at is not None
    ]
    accepted = [request for request in fitting if request.state is RequestState.ACCEPTED]
    others = [request for request in fitting if request.state is not RequestState.ACCEPTED]
    return [
        *sorted(accepted, key=lambda one: one.errand),
        *sorted(others, key=lambda one: one.errand, reverse=True),
    ]


def check_accepted(station: Station) -> None:
    """Pending stations must not be sent remote starts and stops, and Rejected ones nothing (OCPP 1.6 §4.2). Raises
    DomainError CONFLICT."""
    if not station.is_accepted:
        raise conflict(
            "The station is {} and must not be asked to start or stop charging (OCPP 1.6 §4.2); accept it first.",
            station.registration.value,
        )
