"""Lists: a page of items and the cursor of the next one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

import msgspec
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from forecourt.api.problems import Fault, bad_request
from forecourt.domain.paging import MAX_LIMIT, Page, PageRequest

MAX_CURSOR_CHARACTERS = 2000
DEFAULT_LIMIT = 100

_LIMIT = f"How many items to answer: {DEFAULT_LIMIT} unless it is said, and at most {MAX_LIMIT}."

Item = TypeVar("Item")
Shown = TypeVar("Shown")


class Listing(msgspec.Struct, Generic[Shown], frozen=True):
    """Some items in order. ``next`` is the cursor of those that follow, and null at the end."""

    items: Sequence[Shown]
    next: str | None


Paging = NamedDependency[SkipValidation[PageRequest]]


async def page_request(
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description=_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None,
        QueryParameter(max_length=MAX_CURSOR_CHARACTERS, description="The `next` of the page before. Opaque."),
    ] = None,
) -> PageRequest:
    """Which page a request asks for."""
    return PageRequest(limit, decode_cursor(cursor) if cursor else None)


def listing(page: Page[Item], show: Callable[[Item], Shown]) -> Listing[Shown]:
    cursor = None if page.next_after is None else encode_cursor(page.next_after)
    return Listing([show(item) for item in page.items], cursor)


def part_of(items: Sequence[Item], page: PageRequest) -> Page[Item]:
    """A page of a list that is read as a whole, because it is short. A cursor of another list finds nothing."""
    start = 0 if page.after is None else int(page.after) if page.after.isdecimal() else len(items)
    end = start + page.limit
    return Page(items[start:end], str(end) if end < len(items) else None)


def encode_cursor(after: str) -> str:
    return base64.urlsafe_b64encode(after.encode()).decode("ascii").rstrip("=")


def decode_cursor(cursor: str) -> str:
    """What `encode_cursor` was given; raises Refusal 400 for anything that it did not make."""
    try:
        after = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise _bad_cursor() from error
    if "\x00" in after or encode_cursor(after) != cursor:
        raise _bad_cursor()
    return after


def _bad_cursor() -> Exception:
    reason = "This is not the 'next' of a page."
    return bad_request("The cursor cannot be used; start again without one.", Fault("cursor", reason))
