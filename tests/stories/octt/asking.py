"""Has the system say something to a station, and looks at all that comes of it: the words, the errand, the answer."""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import TypeVar

from tests.stories.moments import is_now, parse
from tests.stories.waiting import eventually
from tests.stories.wire import Wire
from tests.support.peer import Peer
from tests.support.rest import Json, Rest

Link = TypeVar("Link", Peer, Wire)

ASKED_BY = "token tests"
"""Who asks over REST."""


def say(
    rest: Rest,
    peer: Peer,
    action: str,
    words: Json,
    answer: Json,
    *,
    shown: Json = None,
    state: str = "answered",
    warnings: Sequence[str] | EllipsisType = (),
) -> Json:
    """Send an action exactly as it is written here; the station gives `answer`. The errand.

    `shown` is the request as the errand shows it, where secrets are hidden. `warnings=...` leaves them to the story.
    """
    return carry_out(
        rest, peer, action, words, sends=(action, words), answer=answer, shown=shown, state=state, warnings=warnings
    )


def carry_out(
    rest: Rest,
    peer: Peer,
    operation: str,
    parameters: Json,
    *,
    sends: tuple[str, Json],
    answer: Json,
    shown: Json = None,
    state: str = "answered",
    warnings: Sequence[str] | EllipsisType = (),
) -> Json:
    """Have an operation carried out that sends one action with these words."""
    action, words = sends
    peer.answers(action, answer)
    before = len(peer.calls)
    errand = rest.operate(peer.identity, operation, parameters)
    assert peer.calls[before:] == [(action, words)]
    assert_ended(
        errand,
        stationId=peer.identity,
        operation=operation,
        action=action,
        request=words if shown is None else shown,
        response=answer,
        state=state,
        reason=f"The station answered {answer['status']}." if state == "refused" else None,
        warnings=errand["warnings"] if isinstance(warnings, EllipsisType) else list(warnings),
    )
    assert rest.errand(errand["errand"]) == errand
    return errand


def on_line(rest: Rest, link: Link) -> Link:
    """The link, once the system knows of it: what is wanted of a station at once fails before."""
    eventually(lambda: rest.station(link.identity)["online"] is True, f"{link.identity} shows as on line")
    return link


def asked(wire: Wire, action: str, words: Json) -> str:
    """The id of the call that comes next, which must be this one."""
    kind, call_id, name, payload = wire.receive()
    assert (kind, name, payload) == (2, action, words)
    identity: str = call_id
    return identity


def ended(rest: Rest, errand: Json) -> Json:
    """The errand, once it has ended."""
    number = errand["errand"]
    eventually(lambda: rest.errand(number)["endedAt"] is not None, f"errand {number} has ended")
    return rest.errand(number)


def state_of(rest: Rest, errand: Json) -> str:
    state: str = rest.errand(errand["errand"])["state"]
    return state


def assert_ended(errand: Json, **expected: Json) -> None:
    """The errand has these fields, and its other fields are those of one that was sent once and has ended."""
    left = dict(errand)
    assert left.pop("errand") > 0
    assert is_now(left.pop("queuedAt"))
    assert is_now(left.pop("endedAt"))
    sent_at = left.pop("sentAt")
    assert sent_at is None if expected.get("attempts") == 0 else is_now(sent_at)
    assert parse(left.pop("expiresAt")) > parse(errand["queuedAt"])
    assert left == {
        "delivery": "now",
        "priority": "normal",
        "batch": None,
        "askedBy": ASKED_BY,
        "attempts": 1,
        "reason": None,
        "errorCode": None,
        "outcomeUnknown": False,
        "warnings": [],
        **expected,
    }
