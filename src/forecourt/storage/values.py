"""Rows that are written at once and many at a time, because the unit of work reads them back.

What nobody reads back before the commit is appended to a Bulk instead, which is cheaper.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from forecourt.storage.connection import Row
from forecourt.storage.unit_of_work import Unit

ROWS_AT_ONCE: Final = 100
"""Rows in one statement: few round trips, and far from the limits of both databases on parameters."""


def write_values(unit: Unit, into: str, rows: Sequence[Row], ending: str = "") -> None:
    """Write the rows with ``INSERT INTO {into} VALUES … {ending}``; ``into`` is a table with its columns."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        marks = ", ".join([f"({', '.join('?' * len(part[0]))})"] * len(part))
        unit.execute(f"INSERT INTO {into} VALUES {marks}{ending}", [value for row in part for value in row])
