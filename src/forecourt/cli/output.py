"""What commands print: tables for people, and plain text, JSON or CSV for programs."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol, TypeAlias

from forecourt.domain.errors import Sentence


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON document inside a fact, kept as its text."""

    text: str


Value: TypeAlias = str | int | float | bool | datetime | Sequence[str] | Document | None

Facts: TypeAlias = Mapping[str, Value]
"""Names as in the REST interface, in order."""

_STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


def is_for_people() -> bool:
    return sys.stdout.isatty()


def print_facts(facts: Facts) -> None:
    """One fact per line; what is not known is left out for people."""
    width = max(map(len, facts)) + 2 if is_for_people() else 0
    for name, value in facts.items():
        if not is_for_people():
            print(f"{name}\t{plain(value)}")
        elif text := plain(value):
            print(f"{name:<{width}}{text}")


def print_json(facts: Facts) -> None:
    print(_json(facts))


def warn(warnings: Iterable[Sentence | str]) -> None:
    """What follows from what was done, beside what is printed for programs."""
    for warning in warnings:
        print(f"Warning: {warning}", file=sys.stderr)


class Lines(Protocol):
    """A list that is printed as its items come."""

    def add(self, rows: Iterable[Facts]) -> None: ...

    def end(self) -> None: ...


class PlainLines:
    """A heading and tab-separated lines, for pipes."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        print("\t".join(columns))

    def add(self, rows: Iterable[Facts]) -> None:
        for row in rows:
            print("\t".join(plain(row[name]) for name in self._columns))

    def end(self) -> None:
        sys.stdout.flush()


class TableLines:
    """A table for a terminal, printed at the end because only then the widths are known."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._rows: list[list[str]] = []

    def add(self, rows: Iterable[Facts]) -> None:
        self._rows += ([plain(row[name]) for name in self._columns] for row in rows)

    def end(self) -> None:
        from rich.console import Console
        from rich.table import Table

        table = Table(*self._columns, box=None, pad_edge=False, header_style="bold")
        for row in self._rows:
            table.add_row(*row)
        Console(markup=False, highlight=False, emoji=False).print(table)


class JsonLines:
    """A JSON array, one item per line, written as the items come."""

    def __init__(self) -> None:
        self._is_empty = True

    def add(self, rows: Iterable[Facts]) -> None:
        for row in rows:
            print("[" if self._is_empty else ",")
            print(_json(row), end="")
            self._is_empty = False

    def end(self) -> None:
        print("[]" if self._is_empty else "\n]")


class CsvLines:
    """CSV with a heading, written as the items come and safe to open in a spreadsheet."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._writer = csv.writer(sys.stdout, lineterminator="\n")
        self._writer.writerow(columns)

    def add(self, rows: Iterable[Facts]) -> None:
        self._writer.writerows([_cell(row[name]) for name in self._columns] for row in rows)

    def end(self) -> None:
        sys.stdout.flush()


def plain(value: Value) -> str:
    """A value as text without control characters: stations choose many texts, and a terminal obeys some."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in _text(value))


def _text(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case str() | int() | float():
            return str(value)
        case Document():
            return value.text
        case _:
            return " ".join(value)


def _json(facts: Facts) -> str:
    return json.dumps({name: _for_json(value) for name, value in facts.items()})


def _for_json(value: Value) -> object:
    match value:
        case datetime():
            return _text(value)
        case Document():
            return json.loads(value.text)
        case _:
            return value


def _cell(value: Value) -> str:
    """The text of a cell, which no spreadsheet runs as a formula."""
    text = _text(value)
    is_dangerous = isinstance(value, str) and text.startswith(_STARTS_FORMULA) and not _NUMBER.fullmatch(text)
    return "'" + text if is_dangerous else text
