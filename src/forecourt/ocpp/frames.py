"""The three frames of OCPP-J: CALL, CALLRESULT and CALLERROR (OCPP-J 1.6 §4.2).

Message ids are kept as the raw JSON that the peer sent, so that an answer carries the very same bytes.
"""

from __future__ import annotations

import json
from json.decoder import JSONDecodeError

import msgspec

from forecourt.ocpp.errors import BadFrame, Fault

CALL, CALL_RESULT, CALL_ERROR = 2, 3, 4

MAX_ID_CHARACTERS = 36
"""OCPP-J 1.6 §4.1.4."""

_NOTHING = msgspec.Raw(b"")
_HEAD_BYTES = 256


class Frame(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A message as received, cut into its elements and no further.

    CALL: ``second`` is the action, ``third`` the payload. CALLRESULT: ``second`` is the payload.
    CALLERROR: ``second`` is the code, ``third`` the description, ``fourth`` the details.
    Further elements are ignored: some stations send them, and they carry no meaning.
    """

    kind: int
    id: msgspec.Raw
    second: msgspec.Raw = _NOTHING
    third: msgspec.Raw = _NOTHING
    fourth: msgspec.Raw = _NOTHING


_decode = msgspec.json.Decoder(Frame).decode
_encode_text = msgspec.json.Encoder().encode
_decode_text = msgspec.json.Decoder(str).decode


def decode(text: bytes) -> Frame:
    """Cut a frame into its elements.

    Raises BadFrame for text that is not a message, with the id where it could be read all the same.
    """
    try:
        frame = _decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BadFrame(_reason(error), call_id=salvage_call_id(text)) from error
    if frame.kind == CALL and not bytes(frame.third):
        raise BadFrame("a CALL has four elements: [2, id, action, payload]", call_id=salvage_call_id(text))
    return frame


def encode_call(call_id: str, action: str, payload: bytes) -> bytes:
    return b"[2,%b,%b,%b]" % (_encode_text(call_id), _encode_text(action), payload)


def encode_result(call_id: bytes, payload: bytes) -> bytes:
    return b"[3,%b,%b]" % (call_id, payload)


def encode_error(call_id: bytes, code: str, description: str) -> bytes:
    """A CALLERROR; the description is cut to the 255 characters of OCPP-J 1.6 §4.2.3."""
    return b"[4,%b,%b,%b,{}]" % (call_id, _encode_text(code), _encode_text(description[:255]))


def check_call_id(raw: bytes) -> None:
    """Raise BadFrame unless the id is a string of 1 to 36 characters (OCPP-J 1.6 §4.1.4)."""
    if raw[:1] != b'"':
        is_number = raw.isascii() and raw[:1] in b"-0123456789" and len(raw) <= MAX_ID_CHARACTERS
        raise BadFrame("the message id must be a string", call_id=raw if is_number else None)
    if 2 < len(raw) <= MAX_ID_CHARACTERS + 2 and raw.isascii():
        return
    text = read_text(raw)
    if text is None:
        raise BadFrame("the message id is not valid UTF-8")
    if not text:
        raise BadFrame("the message id is empty", call_id=raw)
    if len(text) > MAX_ID_CHARACTERS:
        too_long = f"the message id has {len(text)} characters; at most {MAX_ID_CHARACTERS} are allowed"
        raise BadFrame(too_long, call_id=raw if len(raw) <= _HEAD_BYTES else None)


def read_text(raw: bytes | msgspec.Raw) -> str | None:
    """The string in a raw element, or None when it is not one."""
    try:
        return _decode_text(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def salvage_call_id(text: bytes) -> bytes | None:
    """The raw id of a CALL of which only the head can be trusted, or None.

    Used for frames that are too big or break off, so that they can be answered (an unanswered CALL makes a
    station wait for its full time-out). Frames of other kinds are never answered.
    """
    head = text[:_HEAD_BYTES].decode("utf-8", "replace").lstrip()
    if not head.startswith("["):
        return None
    kind, comma, rest = head[1:].partition(",")
    if not comma or kind.strip() != str(CALL):
        return None
    try:
        call_id, _end = json.JSONDecoder().raw_decode(rest.lstrip())
    except JSONDecodeError:
        return None
    if not isinstance(call_id, str) or not 0 < len(call_id) <= MAX_ID_CHARACTERS or not call_id.isprintable():
        return None
    return _encode_text(call_id) if "\ufffd" not in call_id else None


def too_big(text: bytes, limit_bytes: int) -> BadFrame:
    """The refusal of a frame above the limit."""
    reason = f"the message has {len(text)} bytes; at most {limit_bytes} are accepted"
    return BadFrame(reason, fault=Fault.FORMAT, call_id=salvage_call_id(text))


def _reason(error: Exception) -> str:
    match error:
        case RecursionError():
            return "the message is nested too deeply"
        case UnicodeDecodeError():
            return "the message is not valid UTF-8"
        case msgspec.ValidationError():
            return "the message must be a JSON array: [type, id, …]"
        case _:
            return "the message is not valid JSON"
