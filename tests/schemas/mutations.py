"""Changes to a valid payload, one at a time and each with a name, that may or may not make it invalid."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tests.schemas.official import Json, Schema, an_object, properties_of


@dataclass(frozen=True)
class Mutation:
    """One change, where it was made and what came out."""

    field: str
    """Path of the changed value, such as ``meterValue[].timestamp``; empty for the payload itself."""
    what: str
    payload: Json


DATE_TIMES = {
    "in UTC": "2026-01-31T23:59:59Z",
    "with an offset": "2026-01-31T23:59:59+05:30",
    "with a negative offset": "2026-01-31T23:59:59-11:00",
    "with milliseconds": "2026-01-31T23:59:59.123Z",
    "with nanoseconds": "2026-01-31T23:59:59.123456789Z",
    "in lower case": "2026-01-31t23:59:59z",
    "without a zone": "2026-01-31T23:59:59",
    "without a zone, with a fraction": "2026-01-31T23:59:59.5",
    "with a space for T": "2026-01-31 23:59:59Z",
    "with an offset without colon": "2026-01-31T23:59:59+0530",
    "with an offset of hours": "2026-01-31T23:59:59+05",
    "at a leap second": "2016-12-31T23:59:60Z",
    "at second 60 of another minute": "2026-01-31T12:30:60Z",
    "in the year 0": "0000-06-01T00:00:00Z",
    "before the year 1 in UTC": "0001-01-01T00:00:00+01:00",
    "after the year 9999 in UTC": "9999-12-31T23:59:59-01:00",
    "in the year 1": "0001-01-01T00:00:00Z",
    "in the year 9999": "9999-12-31T23:59:59Z",
    "in 1970": "1970-01-01T00:00:00Z",
    "at hour 24": "2026-01-31T24:00:00Z",
    "on 30 February": "2026-02-30T00:00:00Z",
    "on 29 February": "2024-02-29T00:00:00Z",
    "in month 13": "2026-13-01T00:00:00Z",
    "without seconds": "2026-01-31T23:59Z",
    "with an empty fraction": "2026-01-31T23:59:59.Z",
    "with a decimal comma": "2026-01-31T23:59:59,5Z",
    "with an offset of 24 hours": "2026-01-31T23:59:59+24:00",
    "as a date": "2026-01-31",
    "as seconds": "1769903999",
    "with a space before it": " 2026-01-31T23:59:59Z",
    "with a line end": "2026-01-31T23:59:59Z\n",
    "with two digits of the year": "26-01-31T23:59:59Z",
    "of nothing": "",
}

URIS = {
    "with a host": "http://files.example/path?query#part",
    "with a user": "ftp://user:p%40ss@files.example/",
    "with an IPv6 host": "https://[2001:db8::1]:8443/log",
    "without a host": "urn:example:firmware",
    "with an open bracket": "http://[2001:db8::1/log",
    "without a scheme": "files.example/log",
    "with a path only": "/var/log",
    "with a host only": "//files.example/log",
    "with a space": "ftp://files.example/my log",
    "with a letter beyond ASCII": "ftp://files.example/für",
    "with a broken escape": "ftp://files.example/%zz",
    "with a backslash": "ftp://files.example\\log",
    "of nothing": "",
}

INTEGERS = [0, 1, -1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**30, 0.5, -1.5]

NUMBERS = [0, 16, -1, 0.1, 0.2, 0.3, 0.7, 4.1, 6.1, 16.2, -3.3, 11040.7, 99999.9, 1e10, 2**53, 2**64, 1e300]
NOT_TENTHS = [0.05, 0.01, 6.15, 4.35, 32.55, 11040.75, 99999.95, 1e-7, 5e-324, 0.30000000000000004, 6.099999904632568]

WRONG_TYPES: list[Json] = [None, True, False, 0, 1, "", "1", "text", "null", [], [[]], {}, {"value": 1}]


def mutations(schema: Schema, payload: Json, words: Iterable[str]) -> Iterator[Mutation]:
    """Every change at every place of the payload; ``words`` are tried in every enum."""
    words = sorted(words)
    for field, local, value, put in _places(schema, payload):
        for what, changed in _changes(local, value, words):
            yield Mutation(field, what, put(changed))


def _places(
    schema: Schema, value: Json, field: str = "", put: Callable[[Json], Json] = lambda changed: changed
) -> Iterator[tuple[str, Schema, Json, Callable[[Json], Json]]]:
    """Each value inside with its path, its schema, and the way to make a payload with another value there."""
    yield field, schema, value, put
    if isinstance(value, dict):
        for name, inner in value.items():
            path = f"{field}.{name}" if field else name
            yield from _places(properties_of(schema)[name], inner, path, _put_at(value, name, put))
    elif isinstance(value, list):
        yield from _places(an_object(schema["items"]), value[0], f"{field}[]", lambda changed: put([changed]))


def _put_at(outer: dict[str, Json], name: str, put: Callable[[Json], Json]) -> Callable[[Json], Json]:
    return lambda changed: put({**outer, name: changed})


def _changes(schema: Schema, value: Json, words: list[str]) -> Iterator[tuple[str, Json]]:
    yield "unchanged", copy.deepcopy(value)
    for wrong in WRONG_TYPES:
        yield f"value {wrong!r}", wrong
    match schema, value:
        case {"type": "object"}, dict():
            yield from _object_changes(schema, value)
        case {"type": "array"}, list():
            yield "array with a null", [*value, None]
            yield from ((f"array of {length}", value * length) for length in (1, 2, 200))
        case {"enum": list()}, _:
            yield from ((f"word {word}", word) for word in words)
            yield from ((f"word {word}", word) for word in _in_other_cases(str(value)))
        case {"format": "date-time"}, _:
            yield from ((f"date-time {what}", text) for what, text in DATE_TIMES.items())
        case {"format": "uri"}, _:
            yield from ((f"uri {what}", text) for what, text in URIS.items())
        case {"type": "string"}, _:
            yield from _string_changes(schema)
        case {"type": "integer"}, _:
            yield from ((f"integer {number}", number) for number in INTEGERS)
        case {"type": "number"}, _:
            yield from ((f"number {number}", number) for number in [*NUMBERS, *NOT_TENTHS])


def _object_changes(schema: Schema, value: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    yield "unknown field", {**value, "unexpected": 1}
    yield "unknown field with null", {**value, "unexpected": None}
    for name in value:
        rest = {other: inner for other, inner in value.items() if other != name}
        yield f"without {name}", rest
        yield f"{name} in capitals", {**rest, name.upper() + "_": value[name]}
        yield f"{name} with a capital", {**rest, name[0].upper() + name[1:]: value[name]}
        yield (
            f"{name} in snake case",
            {**rest, "".join(f"_{c.lower()}" if c.isupper() else c for c in name): value[name]},
        )


def _string_changes(schema: Schema) -> Iterator[tuple[str, Json]]:
    longest = schema.get("maxLength")
    if not isinstance(longest, int):
        yield "string of 100,000 characters", "x" * 100_000
        return
    for letter, kind in (("x", "ASCII"), ("ü", "two bytes"), ("\N{HIGH VOLTAGE SIGN}", "three"), ("😀", "four")):
        for length in (longest - 1, longest, longest + 1):
            yield f"string of {length} characters ({kind})", letter * length


def _in_other_cases(word: str) -> list[str]:
    return [word.lower(), word.upper(), word.swapcase(), f" {word}", f"{word} ", word[:-1], "Unheard-of"]
