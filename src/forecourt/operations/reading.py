"""Reads what an operation is told, from JSON, and says everything that is wrong with it at once."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final, TypeVar

import jsonschema_rs
import msgspec
from jsonschema_rs import ValidationErrorKind

from forecourt.ocpp.payload import MAX_DEPTH, has_nul, is_deep

Value = TypeVar("Value", bound=msgspec.Struct)

MAX_FAULTS = 50
"""More of them help nobody."""


@dataclass(frozen=True, slots=True)
class BadField:
    """One field at fault; ``path`` is written as in ``chargingSchedule.chargingSchedulePeriod[0].limit`` and is empty
    for the whole."""

    path: str
    reason: str


class BadParameters(Exception):
    """What was written cannot be used; ``fields`` holds every fault."""

    def __init__(self, fields: list[BadField]) -> None:
        super().__init__("; ".join(f"{one.path}: {one.reason}" if one.path else one.reason for one in fields))
        self.fields = fields


def read_parameters(raw: bytes, kind: type[Value]) -> Value:
    """The parameters; raises BadParameters."""
    try:
        value = msgspec.json.decode(raw or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadParameters([BadField("", f"This is not JSON: {error}.")]) from error
    if is_deep(value):
        raise BadParameters([BadField("", f"This is nested more than {MAX_DEPTH} levels deep.")])
    if has_nul(value):
        raise BadParameters([BadField("", "No text may hold the character U+0000; no database keeps it.")])
    faults = list(islice(chain.from_iterable(map(_faults, _validator(kind).iter_errors(value))), MAX_FAULTS))
    if faults:
        raise BadParameters(faults)
    try:
        return msgspec.convert(value, kind, strict=True)
    except (msgspec.ValidationError, ValueError) as error:  # what a schema cannot say, such as a date or a step
        reason, _, path = str(error).partition(" - at `$")
        raise BadParameters([BadField(path.rstrip("`").lstrip("."), _sentence(reason))]) from error


@functools.cache
def _validator(kind: type[msgspec.Struct]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(msgspec.json.schema(kind))


def _faults(found: jsonschema_rs.ValidationError) -> Iterator[BadField]:
    """What is wrong, in words of ours: the validator's own repeat the value, which may be a secret."""
    path = list(found.instance_path)
    match found.kind:
        case ValidationErrorKind.Required(name):
            yield BadField(_path([*path, name]), "This field is missing.")
        case ValidationErrorKind.AdditionalProperties(names):
            for name in names:
                yield BadField(_path([*path, name]), "There is no such field.")
        case ValidationErrorKind.Type(types):
            yield BadField(_path(path), f"This must be {' or '.join(_TYPES.get(one, one) for one in types)}.")
        case ValidationErrorKind.Enum(options):
            yield BadField(_path(path), f"This must be one of {', '.join(map(str, options))}.")
        case kind if kind.name in _LIMITS:
            limit = kind.as_dict()["limit"]
            yield BadField(_path(path), f"This must be {_LIMITS[kind.name].format(limit)}.")
        case kind:
            yield BadField(_path(path), f"This cannot be used ({kind.name}).")


_LIMITS: Final = {
    "maximum": "at most {}",
    "minimum": "at least {}",
    "exclusiveMaximum": "below {}",
    "exclusiveMinimum": "above {}",
    "maxLength": "a text of at most {} characters",
    "minLength": "a text of at least {} characters",
    "maxItems": "a list of at most {} items",
    "minItems": "a list of at least {} items",
}
_TYPES: Final = {
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
}


def _path(parts: list[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")


def _sentence(message: str) -> str:
    return message if message.endswith(".") else f"{message}."
