"""What the HTTP status of an authority's answer means for a request, and what its JSON says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from forecourt.clerk.signers.http import HttpAnswer, HttpTalk
from forecourt.domain.signing.model import SigningRefused, SigningUnavailable

_SIGN_IN: Final = (401, 403, 407)
_NOT_THERE: Final = (404, 405, 410)
_LATER: Final = (408, 425, 429)

Told = TypeVar("Told")


def read_json(answer: HttpAnswer, kind: type[Told]) -> Told | None:
    """None for what is not of this kind, or is nested so deep that nobody reads it."""
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.MsgspecError, RecursionError):
        return None


def is_passing(status: int) -> bool:
    """True for a server that is out of order or has too much to do, whatever it was asked."""
    return status in _LATER or status >= 500


def not_good(
    name: str, answer: HttpAnswer, talk: HttpTalk, told: Callable[[HttpAnswer], str]
) -> SigningRefused | SigningUnavailable:
    """For an answer that is no success; ``told`` finds the authority's own words in it. What will not be signed is
    refused; what may be later is unavailable until the authority says."""
    said = talk.said(told(answer))
    what = f"status {answer.status}" + (f": {said}" if said else "")
    if answer.status in _SIGN_IN:
        sentence = f"The authority {name!r} does not let us ask ({what}). See to what it was given to know us by."
        return SigningUnavailable(sentence, needs_person=True)
    if answer.status in _NOT_THERE:
        sentence = f"The authority {name!r} has nothing under the address that is set ({what})."
        return SigningUnavailable(sentence, needs_person=True)
    if is_passing(answer.status):
        sentence = f"The authority {name!r} is out of order or has too much to do ({what})."
        return SigningUnavailable(sentence, again_seconds=answer.retry_seconds(0.0))
    return SigningRefused(f"The authority {name!r} refused ({what}).")


def rubbish(name: str, answer: HttpAnswer, talk: HttpTalk, wanted: str) -> SigningRefused:
    """For an answer that says to be a success and is not what it should be."""
    kind = talk.said(answer.kind)
    came = f"{len(answer.body):,} bytes of {kind[:80] or 'an unknown kind'}"
    return SigningRefused(f"The authority {name!r} answered with something that is no {wanted}: {came}.")
