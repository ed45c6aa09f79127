"""What an operation is told, as options of a command: made from the JSON Schema of its parameters."""

from __future__ import annotations

import enum
import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Schema: TypeAlias = Mapping[str, object]

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LONGEST_INTEGER: Final = 2**63 - 1
"""A limit that only says what a computer can count is not worth a word."""


class Kind(enum.Enum):
    """How the text of an option becomes a value; the value is what its word for people stands for."""

    TEXT = "TEXT"
    INTEGER = "INTEGER"
    NUMBER = "NUMBER"
    FLAG = "FLAG"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the parameters, at whatever depth."""

    path: tuple[str, ...]
    """The names on the wire, from the outside in."""
    kind: Kind
    is_list: bool
    """The option may be given more than once."""
    metavar: str
    help: str
    option: str
    """With its dashes: ``--firmware.retrieve-date-time``."""

    @property
    def dotted(self) -> str:
        return ".".join(self.path)


class NotJson(Exception):
    """Texts that have to be JSON and are not, by the dotted path of the field."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{path}: {reason}" for path, reason in reasons.items()))
        self.reasons = reasons


def fields_of(schema: Schema, *, taken: Collection[str]) -> list[Field]:
    """Every field that an option can set, outer ones before those inside them.

    A field whose option would have a name that is ``taken`` gets ``--parameter-`` in front of its name.
    """
    definitions = _mapping(schema.get("$defs"))
    return list(_walk(_resolved(schema, definitions), definitions, taken=taken, above=(), is_certain=True))


def body_of(fields: Sequence[Field], given: Sequence[object]) -> dict[str, object]:
    """The parameters as JSON would hold them; ``given`` has a value for each field, None where the option is absent.

    Texts that do not fit their kind stay as they are: whoever checks the parameters says so, beside all other faults.
    Raises NotJson.
    """
    body: dict[str, object] = {}
    faults: dict[str, str] = {}
    for field, value in zip(fields, given, strict=True):
        if value is None or value == []:
            continue
        try:
            _put(body, field.path, _value(field, value))
        except ValueError as error:
            faults[field.dotted] = f"this is not JSON: {error}"
    if faults:
        raise NotJson(faults)
    return body


def _walk(
    schema: Schema, definitions: Schema, *, taken: Collection[str], above: tuple[str, ...], is_certain: bool
) -> Iterator[Field]:
    required = _sequence(schema.get("required"))
    for name, found in _mapping(schema.get("properties")).items():
        outer = _mapping(found)
        inner = _resolved(outer, definitions)
        path = (*above, name)
        kind, is_list, metavar = _kind(inner, definitions)
        notes = [*_limits(inner), *_need(name in required, is_certain=is_certain, above=above)]
        if is_list and kind is not Kind.JSON:
            notes.append("may be repeated")
        description = str(outer.get("description") or inner.get("description") or "")
        help_text = f"{description} [{'; '.join(notes)}]" if notes else description
        yield Field(path, kind, is_list, metavar, help_text.strip(), _option(path, taken))
        if "properties" in inner and len(path) < 5:
            certain = is_certain and name in required
            yield from _walk(inner, definitions, taken=taken, above=path, is_certain=certain)


def _kind(schema: Schema, definitions: Schema) -> tuple[Kind, bool, str]:
    choices = schema.get("enum")
    if choices is not None:
        return Kind.TEXT, False, "|".join(str(one) for one in _sequence(choices))
    match schema.get("type"):
        case "string":
            return Kind.TEXT, False, "TIME" if schema.get("format") == "date-time" else Kind.TEXT.value
        case "integer":
            return Kind.INTEGER, False, Kind.INTEGER.value
        case "number":
            return Kind.NUMBER, False, Kind.NUMBER.value
        case "boolean":
            return Kind.FLAG, False, Kind.FLAG.value
        case "array":
            kind, is_list, metavar = _kind(_resolved(_mapping(schema.get("items")), definitions), definitions)
            if not is_list and kind in (Kind.TEXT, Kind.INTEGER, Kind.NUMBER):
                return kind, True, metavar
    return Kind.JSON, False, Kind.JSON.value


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    """The schema itself, behind references and behind the choice between a value and null."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _resolved(_mapping(definitions.get(reference.rpartition("/")[2])), definitions)
    choices = [_mapping(one) for one in _sequence(schema.get("anyOf"))]
    real = [one for one in choices if one.get("type") != "null"]
    return _resolved(real[0], definitions) if len(real) == 1 else schema


def _limits(schema: Schema) -> list[str]:
    limits = []
    longest, least, most = schema.get("maxLength"), schema.get("minimum"), schema.get("maximum")
    if longest is not None:
        limits.append(f"at most {longest} characters")
    if isinstance(least, int | float) and abs(least) <= _LONGEST_INTEGER:
        limits.append(f"at least {least}")
    if isinstance(most, int | float) and abs(most) < _LONGEST_INTEGER:
        limits.append(f"at most {most}")
    return limits


def _need(is_required: bool, *, is_certain: bool, above: tuple[str, ...]) -> list[str]:
    if not is_required:
        return []
    return ["required"] if is_certain else [f"required with {'.'.join(_kebab(name) for name in above)}"]


def _option(path: tuple[str, ...], taken: Collection[str]) -> str:
    option = "--" + ".".join(_kebab(name) for name in path)
    return f"--parameter-{option[2:]}" if option in taken else option


def _kebab(name: str) -> str:
    return _HUMP.sub("-", name).replace("_", "-").lower()


def _value(field: Field, given: object) -> object:
    """Raises ValueError for a text that has to be JSON and is not."""
    if isinstance(given, list):
        return [_scalar(field.kind, text) for text in given]
    if field.kind is Kind.JSON:
        return json.loads(str(given))
    return _scalar(field.kind, given)


def _scalar(kind: Kind, given: object) -> object:
    try:
        if kind is Kind.INTEGER:
            return int(str(given))
        if kind is Kind.NUMBER and math.isfinite(float(str(given))):
            return float(str(given))
    except ValueError:
        pass  # it stays a text, and is refused as one
    return given


def _put(body: dict[str, object], path: tuple[str, ...], value: object) -> None:
    *above, last = path
    for name in above:
        inner = body.setdefault(name, {})
        if not isinstance(inner, dict):
            raise ValueError(f"{name} was given as a whole, and not as an object")
        body = inner
    body[last] = value


def _mapping(value: object) -> Schema:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
