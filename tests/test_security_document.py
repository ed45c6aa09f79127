"""docs/security.md speaks of every requirement once, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parent
ROWS: Final = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (TESTS.parent / "docs" / "security.md").read_text("utf-8").splitlines()
    if re.match(r"\| A\d\d\.FR\.", line)
]


def numbers(prefix: str, first: int, last: int, digits: int = 3) -> list[str]:
    return [f"{prefix}.FR.{number:0{digits}}" for number in range(first, last + 1)]


REQUIREMENTS: Final = [
    *(one for first, last in [(1, 6), (201, 206), (301, 324), (401, 429)] for one in numbers("A00", first, last)),
    *(one for first, last in [(501, 512), (601, 603), (701, 704)] for one in numbers("A00", first, last)),
    *(one for first, last in [(706, 706), (801, 806)] for one in numbers("A00", first, last)),
    *numbers("A01", 1, 12, digits=2),
    *numbers("A04", 1, 4, digits=2),
    *numbers("A05", 1, 9, digits=2),
]


def named_tests() -> Iterator[tuple[str, str]]:
    """Path and function of every test that a row names; the function is empty where a whole file is named."""
    for row in ROWS:
        for name in re.findall(r"`([^`]+\.py[^`]*)`", row[3]):
            path, _, function = name.partition("::")
            yield path, function


def test_every_requirement_has_one_row() -> None:
    assert [row[0].split()[0] for row in ROWS] == REQUIREMENTS


def test_every_row_is_whole() -> None:
    for requirement, binds, forecourt, _ in ROWS:
        assert re.fullmatch(r"\S+ [MSO] .+", requirement), requirement
        assert binds in ("station", "system", "both", "operator", "maker"), requirement
        assert forecourt, requirement


def test_what_binds_the_system_is_shown_by_a_test() -> None:
    """Only what binds others may be "not ours"."""
    for requirement, binds, _, shown in ROWS:
        if binds in ("system", "both"):
            assert re.search(r"`[^`]+\.py[^`]*`", shown), requirement
        else:
            assert shown == "not ours" or "`" in shown, requirement


def test_every_test_that_is_named_exists() -> None:
    known: dict[str, set[str]] = {}
    missing = []
    for path, function in named_tests():
        file = TESTS / path
        if path not in known:
            tree = ast.parse(file.read_text("utf-8")) if file.is_file() else ast.Module([], [])
            known[path] = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        if not known[path] or (function and function not in known[path]):
            missing.append(f"{path}::{function}")
    assert not missing
