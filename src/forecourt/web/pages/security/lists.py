"""What the lists of this room have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from forecourt.domain.errors import Sentence, not_found
from forecourt.domain.paging import Page, PageRequest
from forecourt.web.language import gettext as _
from forecourt.web.language import translated
from forecourt.web.visit import MAX_NOTICE_CHARACTERS, Visit

Item = TypeVar("Item")

MAX_LONG: Final = 2**63 - 1
SOON: Final = timedelta(days=30)
"""What ends sooner is marked."""


def part_of(items: Sequence[Item], page: PageRequest) -> Page[Item]:
    """A page of a list that is read as a whole, because it is short. A cursor of another list finds nothing."""
    start = 0 if page.after is None else int(page.after) if page.after.isdecimal() else len(items)
    end = start + page.limit
    return Page(items[start:end], str(end) if end < len(items) else None)


def told(done: str, warnings: Iterable[Sentence]) -> str:
    """What was done, and what an operator should know about it, as far as a notice has room."""
    return " ".join((done, *map(translated, warnings)))[:MAX_NOTICE_CHARACTERS]


def number_in(path: int, sentence: str) -> int:
    """A number as the database can compare it. Raises DomainError NOT_FOUND."""
    if not 0 < path <= MAX_LONG:
        raise not_found(sentence)
    return path


def expires_before(visit: Visit) -> datetime | None:
    """The filter for what ends within so many days; what has ended is among it."""
    days = visit.query.number("expires", low=1, high=36_500)
    return None if days is None else visit.house.clock.now() + timedelta(days=days)


def expiries() -> list[tuple[str, str]]:
    """The choices of that filter."""
    return [(str(days), _("Within %(days)s days") % {"days": days}) for days in (7, 30, 90, 365)]
