"""One page of a list: lists have no end, pages do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Shown = TypeVar("Shown")

MAX_LIMIT = 1000

COMMITTED_WITHIN: Final = timedelta(seconds=5)
"""How long after it was written something may still be on its way into sight: transactions take time, and clocks of
nodes differ."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page: at most ``limit`` items that come after the one that ``after`` names (its sort key as text)."""

    limit: int = 100
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items in order; ``next_after`` asks for those that follow, and is None at the end."""

    items: Sequence[Item]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class Tail(Generic[Item]):
    """What came to a list that only grows, the oldest first. Go on after ``reached``: up to that number nothing new
    will appear."""

    items: Sequence[Item]
    reached: int
    has_more: bool
    """True when there was more than was asked for."""

    def map(self, show: Callable[[Item], Shown]) -> Tail[Shown]:
        return Tail([show(item) for item in self.items], self.reached, self.has_more)
