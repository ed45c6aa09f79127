"""Reads a payload into the words of its action, and says precisely what is wrong when it cannot.

The fast path is one call of msgspec. Only a payload that msgspec refused is looked at again: for an integer
written ``1.0``, which JSON Schema allows, and for the CALLERROR code that fits.
"""

from __future__ import annotations

import functools
from typing import Generic, NoReturn, TypeVar

import jsonschema_rs
import msgspec

from forecourt.ocpp.action import Message
from forecourt.ocpp.errors import Fault, PayloadRefused

Words = TypeVar("Words", bound=Message)

_FAULT_OF_KEYWORD = {
    "additionalProperties": Fault.FORMAT,
    "required": Fault.OCCURRENCE,
    "minItems": Fault.OCCURRENCE,
    "maxItems": Fault.OCCURRENCE,
    "type": Fault.TYPE,
}
"""JSON Schema keyword → fault; every other keyword restricts a value (enum, length, range): PROPERTY."""

_ESCAPED_NUL = b"\\u0000"

MAX_DEPTH = 32
"""Levels of a payload that was refused and is looked at again. No action has more than seven."""


class Reader(Generic[Words]):
    """Reads payloads of one type."""

    __slots__ = ("_decode", "_words", "validator")

    def __init__(self, words: type[Words]) -> None:
        self._words = words
        self._decode = msgspec.json.Decoder(words).decode
        self.validator = functools.cache(lambda: jsonschema_rs.validator_for(msgspec.json.schema(words)))

    def read(self, raw: msgspec.Raw) -> Words:
        """Raises PayloadRefused with the fault, the field's path and the reason."""
        payload = bytes(raw)
        if _ESCAPED_NUL in payload:
            _refuse_nul(payload)
        try:
            return self._decode(payload)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, ValueError):
            return self._read_again(payload)

    def _read_again(self, payload: bytes) -> Words:
        value = _decode_any(payload)
        if value is None:
            value = {}  # an empty payload may be sent as null (OCPP-J 1.6 Table 4)
        if not isinstance(value, dict):
            raise PayloadRefused(Fault.FORMAT, path="$", reason="the payload must be a JSON object")
        try:
            return msgspec.convert(_with_whole_numbers(value), self._words)
        except (msgspec.ValidationError, ValueError) as error:
            self._explain(value, error)

    def _explain(self, value: object, error: Exception) -> NoReturn:
        violation = next(iter(self.validator().iter_errors(value)), None)
        if violation is None:  # what the schema cannot say, such as a date-time or a step
            raise PayloadRefused(Fault.PROPERTY, path="$", reason=str(error)[:200]) from error
        keyword = violation.schema_path[-1] if violation.schema_path else ""
        fault = _FAULT_OF_KEYWORD.get(str(keyword), Fault.PROPERTY)
        raise PayloadRefused(fault, path=_path(violation.instance_path), reason=violation.message[:200]) from error


def _decode_any(payload: bytes) -> object:
    """Any JSON value, up to a depth that the rest of this file can walk."""
    try:
        value = msgspec.json.decode(payload)
        if is_deep(value):
            raise _too_deep()
        return value
    except RecursionError as error:
        raise _too_deep() from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        reason = "the payload is not valid JSON in UTF-8"
        raise PayloadRefused(Fault.FORMAT, path="$", reason=reason) from error


def is_deep(value: object, left: int = MAX_DEPTH) -> bool:
    """True when a JSON value has more levels than the functions of this file can walk."""
    if not isinstance(value, list | dict):
        return False
    return not left or any(is_deep(inner, left - 1) for inner in (value.values() if isinstance(value, dict) else value))


def _too_deep() -> PayloadRefused:
    return PayloadRefused(Fault.FORMAT, path="$", reason=f"the payload is nested more than {MAX_DEPTH} levels deep")


def _refuse_nul(payload: bytes) -> None:
    if has_nul(_decode_any(payload)):
        raise PayloadRefused(Fault.PROPERTY, path="$", reason="a text contains the character U+0000")


def has_nul(value: object) -> bool:
    """True when a text in it holds U+0000: no character of any natural language, and PostgreSQL cannot keep it."""
    match value:
        case str():
            return "\0" in value
        case list():
            return any(has_nul(item) for item in value)
        case dict():
            return any(has_nul(key) or has_nul(item) for key, item in value.items())
        case _:
            return False


def _with_whole_numbers(value: object) -> object:
    """The same value with every ``1.0`` as ``1``: to JSON Schema both are integers."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_with_whole_numbers(item) for item in value]
        case dict():
            return {key: _with_whole_numbers(item) for key, item in value.items()}
        case _:
            return value


def _path(parts: list[str | int]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
