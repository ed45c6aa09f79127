"""What an operation is told, field by field: made from the JSON Schema of its parameters, for every door that has
people fill them in."""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec
from msgspec import inspect

Schema: TypeAlias = Mapping[str, object]

MAX_DEPTH: Final = 5
"""Objects inside one another whose fields can be filled in one by one; what is deeper is JSON."""


class Kind(enum.Enum):
    """How a text becomes a value; the value of a member is its word for people."""

    TEXT = "TEXT"
    MOMENT = "TIME"
    INTEGER = "INTEGER"
    NUMBER = "NUMBER"
    FLAG = "FLAG"
    JSON = "JSON"
    """Anything else: an object, or a list of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the parameters, at whatever depth."""

    path: tuple[str, ...]
    """The names on the wire, from the outside in."""
    kind: Kind
    is_list: bool
    """It holds any number of values."""
    is_group: bool
    """It is an object whose fields follow as fields of their own. It can be given as a whole, too."""
    description: str
    is_required: bool
    """In the object that it is in."""
    is_certain: bool
    """Everything that it is in has to be there."""
    choices: tuple[str, ...]
    """All values that there are; empty when any will do."""
    default: object
    """What stands for an absent value; None when absent means absent."""
    least: float | None
    most: float | None
    shortest: int | None
    longest: int | None
    """Characters of a text."""
    example: object
    """A value as JSON holds it, to show how one is written."""

    @property
    def dotted(self) -> str:
        return ".".join(self.path)


class NotJson(Exception):
    """Texts that have to be JSON and are not, by the dotted path of the field."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{path}: {reason}" for path, reason in reasons.items()))
        self.reasons = reasons


def fields_of(parameters: type[msgspec.Struct]) -> list[Field]:
    """Every field that can be filled in, outer ones before those inside them."""
    schema = msgspec.json.schema(parameters)
    definitions = _mapping(schema.get("$defs"))
    moments = frozenset(_moments(inspect.type_info(parameters), ()))
    return list(_walk(_resolved(schema, definitions), definitions, moments, above=(), is_certain=True))


def body_of(fields: Sequence[Field], given: Sequence[object]) -> dict[str, object]:
    """The parameters as JSON would hold them; ``given`` has a value for each field, None where it was not filled in.

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
        except (ValueError, RecursionError) as error:
            faults[field.dotted] = f"this is not JSON: {error}"
    if faults:
        raise NotJson(faults)
    return body


def _walk(
    schema: Schema,
    definitions: Schema,
    moments: frozenset[tuple[str, ...]],
    *,
    above: tuple[str, ...],
    is_certain: bool,
) -> Iterator[Field]:
    required = _sequence(schema.get("required"))
    for name, found in _mapping(schema.get("properties")).items():
        outer = _mapping(found)
        inner = _resolved(outer, definitions)
        path = (*above, name)
        kind, is_list = _kind(inner, definitions)
        is_group = "properties" in inner and len(path) < MAX_DEPTH
        value = _resolved(_mapping(inner.get("items")), definitions) if is_list else inner
        yield Field(
            path=path,
            kind=Kind.MOMENT if path in moments and kind is Kind.TEXT else kind,
            is_list=is_list,
            is_group=is_group,
            description=str(outer.get("description") or inner.get("description") or ""),
            is_required=name in required,
            is_certain=is_certain,
            choices=tuple(str(one) for one in _sequence(value.get("enum"))),
            default=None if outer.get("default") in ("", [], ()) else outer.get("default"),
            least=_number(value, "minimum"),
            most=_number(value, "maximum"),
            shortest=_count(value, "minLength"),
            longest=_count(value, "maxLength"),
            example=_example(inner, definitions),
        )
        if is_group:
            certain = is_certain and name in required
            yield from _walk(inner, definitions, moments, above=path, is_certain=certain)


def _moments(found: inspect.Type, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The paths of times. The schema does not tell those that may have no zone from other texts."""
    match found:
        case inspect.Metadata():
            yield from _moments(found.type, above)
        case inspect.UnionType():
            for one in found.types:
                yield from _moments(one, above)
        case inspect.DateTimeType():
            yield above
        case inspect.StructType() if len(above) < MAX_DEPTH:
            for field in found.fields:
                yield from _moments(field.type, (*above, field.encode_name))


def _kind(schema: Schema, definitions: Schema) -> tuple[Kind, bool]:
    if "enum" in schema:
        return Kind.TEXT, False
    match schema.get("type"):
        case "string":
            return Kind.MOMENT if schema.get("format") == "date-time" else Kind.TEXT, False
        case "integer":
            return Kind.INTEGER, False
        case "number":
            return Kind.NUMBER, False
        case "boolean":
            return Kind.FLAG, False
        case "array":
            kind, is_list = _kind(_resolved(_mapping(schema.get("items")), definitions), definitions)
            if not is_list and kind not in (Kind.FLAG, Kind.JSON):
                return kind, True
    return Kind.JSON, False


def _example(schema: Schema, definitions: Schema) -> object:
    schema = _resolved(schema, definitions)
    choices = _sequence(schema.get("enum"))
    if choices:
        return choices[0]
    match schema.get("type"):
        case "string":
            return "2030-01-31T12:00:00Z" if schema.get("format") == "date-time" else "…"
        case "integer" | "number":
            return max(0, int(_number(schema, "minimum") or 0))
        case "boolean":
            return False
        case "array":
            return [_example(_mapping(schema.get("items")), definitions)]
        case _:
            required = _sequence(schema.get("required"))
            fields = _mapping(schema.get("properties"))
            return {name: _example(_mapping(inner), definitions) for name, inner in fields.items() if name in required}


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    """The schema itself, behind references and behind the choice between a value and null."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _resolved(_mapping(definitions.get(reference.rpartition("/")[2])), definitions)
    choices = [_mapping(one) for one in _sequence(schema.get("anyOf"))]
    real = [one for one in choices if one.get("type") != "null"]
    return _resolved(real[0], definitions) if len(real) == 1 else schema


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


def _number(schema: Schema, name: str) -> float | None:
    value = schema.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _count(schema: Schema, name: str) -> int | None:
    value = schema.get(name)
    return value if isinstance(value, int) else None


def _mapping(value: object) -> Schema:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()
