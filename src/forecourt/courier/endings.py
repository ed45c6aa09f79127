"""How an errand that was sent ends: what is recorded of its answer, of its failure, or that nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
import structlog

from forecourt.dialect import Command, Dialect, refusal
from forecourt.domain.errands.model import Claim, Failure
from forecourt.domain.errors import DomainError
from forecourt.domain.message_log.model import Direction, Exchange
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import Station
from forecourt.domain.services import Services
from forecourt.ocpp.action import Message
from forecourt.ocpp.redaction import scrubbed, secrets_in, shown, without_key_values
from forecourt.ocpp.session import Answered, AnyAction, Failed, OurCall

MAX_TEXT: Final = 1000
"""Characters that are kept of the words of a station's error."""

MAX_UNHEARD: Final = 5
"""How often it is tried to take an answer in; after that it is recorded, and what it means is lost."""

_log = structlog.get_logger(__name__)
_encode: Final = msgspec.json.Encoder().encode


Ended = Callable[[Answered | Failed], None]


class Link(Protocol):
    """What the courier needs of a station's connection."""

    @property
    def station(self) -> Station: ...

    @property
    def link_id(self) -> LinkId: ...

    @property
    def subprotocol(self) -> str: ...

    def call(self, action: AnyAction, words: Message, ended: Ended, now: float) -> None: ...


@dataclass(slots=True)
class Out:
    """An errand that is marked as sent, and what must be sent for it."""

    claim: Claim
    command: Command
    link: Link
    unheard: int = 0
    """How often the business failed to take the answer in, or the database what it made of it."""
    is_told: bool = False
    """The business was told the answer, in a unit of work that may have failed since."""
    is_given_up: bool = False
    """Its end was recorded; what comes now comes late."""


Ending = Callable[[Services], None]
"""Records how an errand ended."""


def answered(dialect: Dialect, out: Out, event: Answered, services: Services) -> None:
    """Record the answer, and what it means. An answer that the business cannot take in is recorded all the same."""
    action = out.command.action
    response = _response(out, event)
    _note(out, event.call, services, response=response)
    out.is_told = False
    if not services.errands.answered(out.claim, response=response, refusal=refusal(action, event.words)):
        _log.warning("late_answer", errand=out.claim.number, action=action.name)
        answered_late(dialect, out, event, services)  # it was given up meanwhile, or this was stored before
        return
    if out.unheard >= MAX_UNHEARD:
        return
    out.is_told = True
    _hear(dialect, out, event, services)


def _hear(dialect: Dialect, out: Out, event: Answered, services: Services) -> None:
    try:
        dialect.hear(out.command, event.words, out.link.station, services, out.claim.number)
    except DomainError as error:
        action = out.command.action.name
        _log.warning("answer_not_used", errand=out.claim.number, action=action, reason=error.sentence)


def answered_late(dialect: Dialect, out: Out, event: Answered, services: Services) -> None:
    """Record an answer to an errand whose outcome had been given up as unknown."""
    refused_as = refusal(out.command.action, event.words)
    if services.errands.answered_late(out.claim, response=_response(out, event), refusal=refused_as):
        _hear(dialect, out, event, services)


def _response(out: Out, event: Answered) -> str:
    """The answer as it came, unless there is a secret in it: a field of the action, or what the station was told."""
    safe = shown(event.words)
    text = event.payload.decode("utf-8", "replace") if safe is event.words else _encode(safe).decode()
    return scrubbed(text, secrets_in(out.command.words))


def lost(out: Out, reason: str, event: Failed | None) -> Ending:
    """Nobody knows how it ended. Without an event nothing was sent."""
    repeatable, was_sent = out.command.action.is_repeatable, event is not None and event.was_sent

    def end(services: Services) -> None:
        services.errands.lost(out.claim, reason, is_repeatable=repeatable, was_sent=was_sent)
        if event is not None and was_sent:
            _note(out, event.call, services, error=reason)

    return end


def failed(out: Out, failure: Failure, event: Failed | None, response: str | None = None) -> Ending:
    """It was not done. Without an event nothing was sent."""

    def end(services: Services) -> None:
        services.errands.failed(out.claim, failure, response=response)
        if event is not None:
            _note(out, event.call, services, response=response, error=failure.reason)

    return end


def refused(out: Out, event: Failed, answer: bytes) -> Ending:
    """The station answered with an error, or with what cannot be read."""
    return failed(out, _failure(out, event), event, _kept_answer(out, answer))


def failed_late(out: Out, event: Failed, services: Services) -> None:
    """As `answered_late`, for an error."""
    services.errands.failed_late(out.claim, _failure(out, event), response=_kept_answer(out, event.payload or b""))


def _note(
    out: Out, call: OurCall, services: Services, *, response: str | None = None, error: str | None = None
) -> None:
    """Write down what was said, without secrets."""
    exchange = Exchange(
        direction=Direction.OUT,
        action=out.command.action.name,
        message_id=call.call_id,
        request=text_of(out.command.words),
        response=response,
        error=error,
    )
    sent_at = call.expires_at - call.seconds
    services.message_log.note(
        out.link.station.key, exchange, since=sent_at, is_answered=error is None or response is not None
    )


def _failure(out: Out, event: Failed) -> Failure:
    """What a station says may repeat what it was told."""
    secrets = secrets_in(out.command.words)
    reason = _kept(scrubbed(event.reason, secrets))
    if event.code is None:
        sentence = f"{reason[:1].upper()}{reason[1:]}. Whether the station did it is not known."
        return Failure(sentence, is_outcome_unknown=True)
    code = _kept(scrubbed(event.code, secrets))
    return Failure(f"The station answered with the error {code}{f': {reason}' if reason else ''}", code)


def _kept(text: str) -> str:
    """A text of a station as it can be stored: no database keeps U+0000, and nobody reads a megabyte."""
    return text[:MAX_TEXT].replace("\0", "\ufffd")


def _kept_answer(out: Out, payload: bytes) -> str:
    """An answer that cannot be read into words, as it came but for secrets."""
    text = scrubbed(payload.decode("utf-8", "replace"), secrets_in(out.command.words))
    return without_key_values(text).replace("\0", "\ufffd")


def text_of(words: Message) -> str:
    """What is said as JSON, without secrets."""
    return _encode(shown(words)).decode()
