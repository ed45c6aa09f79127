"""One page of a list: lists have no end, pages do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

MAX_LIMIT = 1000


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
