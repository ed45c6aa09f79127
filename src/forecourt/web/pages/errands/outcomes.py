"""What became of errands, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from forecourt.domain.errands.model import Delivery, Errand, ErrandState
from forecourt.web.language import gettext as _
from forecourt.web.language import mark

TONES: Final[Mapping[ErrandState, str]] = {
    ErrandState.QUEUED: "quiet",
    ErrandState.SENT: "busy",
    ErrandState.ANSWERED: "good",
    ErrandState.REFUSED: "bad",
    ErrandState.FAILED: "bad",
    ErrandState.EXPIRED: "warn",
    ErrandState.CANCELLED: "quiet",
}

_WORDS: Final[Mapping[ErrandState, str]] = {
    ErrandState.QUEUED: mark("Waits to be sent"),
    ErrandState.SENT: mark("Sent, the answer is awaited"),
    ErrandState.ANSWERED: mark("Done"),
    ErrandState.REFUSED: mark("Refused by the station"),
    ErrandState.FAILED: mark("Failed"),
    ErrandState.EXPIRED: mark("Not reached in time"),
    ErrandState.CANCELLED: mark("Taken back"),
}

NOT_DONE: Final = (ErrandState.REFUSED, ErrandState.FAILED, ErrandState.EXPIRED, ErrandState.CANCELLED)
"""The ends after which one may try again."""

_MAX_SUMMARY: Final = 120


@dataclass(frozen=True, slots=True)
class Step:
    """One moment in the life of an errand or a job."""

    at: datetime | None
    text: str
    more: str = ""
    is_to_come: bool = False


def state_words(state: ErrandState) -> str:
    return _(_WORDS[state])


def outcome(errand: Errand) -> str:
    if errand.is_outcome_unknown:
        return _("Sent, and nobody knows whether the station did it")
    if errand.state is ErrandState.QUEUED and errand.delivery is Delivery.WHEN_ONLINE:
        return _("Waits until the station is on line")
    return state_words(errand.state)


def tone(errand: Errand) -> str:
    return "warn" if errand.is_outcome_unknown else TONES[errand.state]


def answer_in_short(errand: Errand) -> str:
    """The status that the station answered with, or the beginning of its answer."""
    if errand.response is None:
        return ""
    try:
        told = msgspec.json.decode(errand.response)
    except (msgspec.DecodeError, RecursionError):
        return errand.response[:_MAX_SUMMARY]
    if isinstance(told, dict) and isinstance(told.get("status"), str):
        return str(told["status"])[:_MAX_SUMMARY]
    return "" if told == {} else errand.response[:_MAX_SUMMARY]


def pretty(text: str | None) -> str:
    """JSON on several lines; what is none stays as it is."""
    if text is None:
        return ""
    try:
        return msgspec.json.format(text, indent=2)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return text


def timeline(errand: Errand) -> Sequence[Step]:
    return list(_steps(errand))


def _steps(errand: Errand) -> Iterator[Step]:
    yield Step(errand.queued_at, _("Asked for by %(who)s") % {"who": errand.asked_by})
    if errand.sent_at is not None:
        times = _("for the %(count)s. time") % {"count": errand.attempts} if errand.attempts > 1 else ""
        yield Step(errand.sent_at, _("Sent to the station"), times)
    if errand.ended_at is not None:
        yield Step(errand.ended_at, outcome(errand), errand.reason or "")
    elif errand.state is ErrandState.QUEUED:
        yield Step(errand.expires_at, _("Given up, unless it is sent before"), is_to_come=True)
