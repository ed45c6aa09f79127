"""How far the numbers of a growing table are settled: where several write at once, a row with a lower number can be
committed after one with a higher."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy import Table

from forecourt.domain.paging import Tail
from forecourt.storage.connection import Row
from forecourt.storage.schema import to_micros
from forecourt.storage.unit_of_work import Unit

Item = TypeVar("Item")

PAGE: Final = 1000
"""Rows that are looked at at once, and at most in one look of somebody who follows."""
PAGES: Final = 20
"""How many pages are looked at for the place where somebody begins to follow."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Up to ``number`` nothing new will appear."""

    number: int
    has_more: bool
    """True when the look ended there, and not for a reason."""


class Numbering:
    """How the rows of one table are numbered; ``number`` and ``written_at`` are its columns.

    A number that is missing may belong to a transaction that is still open, or to none. Numbers are given in order, so
    it counts as missing for good when the next one that is there was written before a deadline.

    Holds as long as every transaction commits within COMMITTED_WITHIN of reading its clock; one that takes longer can
    be passed by whoever follows, and is in the list all the same.
    """

    def __init__(self, table: Table, *, number: str, written_at: str) -> None:
        select = f"SELECT {number}, {written_at} FROM {table.name}"
        self._newest = f"{select} ORDER BY {number} DESC LIMIT ?"
        self._before = f"{select} WHERE {number} < ? ORDER BY {number} DESC LIMIT ?"
        self._after = f"{select} WHERE {number} > ? ORDER BY {number} LIMIT ?"

    def settled_after(self, unit: Unit, after: int, committed_before: datetime) -> Settled:
        """How far whoever was told everything up to ``after`` may read. No number is passed that may still come."""
        rows = unit.all(self._after, (after, PAGE))
        deadline = to_micros(committed_before)
        reached = after
        for number, written_at in rows:
            if number != reached + 1 and written_at >= deadline:
                return Settled(reached, has_more=False)
            reached = number
        return Settled(reached, has_more=len(rows) == PAGE)

    def settled(self, unit: Unit, committed_before: datetime) -> int:
        """Where whoever wants to be told what comes from now on begins: below every number that may still come. Not
        more than the newest 20,000 rows are looked at; when even the oldest of these is young, it begins below it."""
        deadline = to_micros(committed_before)
        rows = unit.all(self._newest, (PAGE,))
        if not rows:
            return 0
        reached, above, is_young_above = rows[0][0], rows[0][0] + 1, False
        for _ in range(PAGES):
            for number, written_at in rows:
                if is_young_above and above != number + 1:
                    reached = number
                above, is_young_above = number, written_at >= deadline
            if len(rows) < PAGE:
                return 0 if is_young_above and above != 1 else int(reached)
            if all(written_at < deadline for _, written_at in rows):
                return int(reached)
            rows = unit.all(self._before, (above, PAGE))
        return int(above) - 1


def found_after(rows: Sequence[Row], to_item: Callable[[Row], Item], *, limit: int, settled: Settled) -> Tail[Item]:
    """What was read up to a settled number; the first column of a row is its number."""
    items = [to_item(row) for row in rows]
    if len(rows) == limit:
        return Tail(items, rows[-1][0], has_more=True)
    return Tail(items, settled.number, settled.has_more)
