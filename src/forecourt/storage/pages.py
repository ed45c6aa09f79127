"""Turns the rows that were read for a page into the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from forecourt.domain.paging import Page, PageRequest
from forecourt.storage.connection import Row

Item = TypeVar("Item")


def page_of(
    rows: Sequence[Row], page: PageRequest, to_item: Callable[[Row], Item], position: Callable[[Row], object]
) -> Page[Item]:
    """The page; ``rows`` holds one more than fits when another page follows. ``position`` is a row's place in
    the order of the list."""
    shown = rows[: page.limit]
    return Page([to_item(row) for row in shown], str(position(shown[-1])) if len(rows) > page.limit else None)


def pair_after(page: PageRequest, *, beyond: tuple[int, int]) -> tuple[int, int] | None:
    """The position of a list that is ordered by time and number, written ``micros-number``. For one that is none,
    ``beyond``: it asks for nothing that exists."""
    if page.after is None:
        return None
    first, _, second = page.after.rpartition("-")
    is_whole = first.removeprefix("-").isdecimal() and second.isdecimal()
    if not is_whole or len(first) > 18 or len(second) > 18:
        return beyond
    return int(first), int(second)


def number_after(page: PageRequest) -> int | None:
    """The position of a list that is ordered by number. One that is no number asks for nothing that exists."""
    if page.after is None:
        return None
    return int(page.after) if page.after.isdecimal() and len(page.after) < 19 else 0
