"""What is written down of an exchange that a station began."""

from __future__ import annotations

from forecourt.domain.message_log.model import MAX_TEXT, Direction, Exchange
from forecourt.ocpp.frames import read_text
from forecourt.ocpp.redaction import without_key_values
from forecourt.ocpp.session import Request

_MOST_BYTES = 4 * MAX_TEXT + 4


def handled(request: Request, answer: bytes) -> Exchange:
    """A request that was answered. No request of a station has fields for secrets, and what it repeats of ours was
    taken out of the frame (`forecourt.redaction`)."""
    return Exchange(
        direction=Direction.IN,
        action=request.action.name,
        message_id=_id(request.call_id),
        request=request.payload.decode("utf-8", "replace"),
        response=answer.decode(),
    )


def refused(call_id: bytes, action: str, payload: bytes, reason: str) -> Exchange:
    """One that was answered with an error, or not at all because it was no message."""
    return Exchange(
        direction=Direction.IN,
        action=action or "–",
        message_id=_id(call_id),
        request=without_key_values(payload[:_MOST_BYTES].decode("utf-8", "replace")),
        error=reason,
    )


def _id(call_id: bytes) -> str:
    """Ids are kept as they stand in the frame, with their quotes."""
    if call_id[:1] == b'"' and b"\\" not in call_id:
        return call_id[1:-1].decode("utf-8", "replace")
    return read_text(call_id) or call_id.decode("utf-8", "replace")
