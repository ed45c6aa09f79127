"""Finds out what there is to tell one client since it was told the last time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from forecourt.asgi.news import SECURITY, Topic
from forecourt.domain.paging import Tail
from forecourt.domain.services import Services, Workspace

PAGE: Final = 500
"""Entries in memory at once for one client."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a client is told. After an interruption it goes on from the last ``id``."""

    name: str
    view: msgspec.Struct
    id: int | None = None


class Follower(Protocol):
    """One client, and how far it was told."""

    about: Topic
    """What is rung for when there may be something to tell."""
    has_more: bool
    """True when the last look did not come to the end."""
    is_done: bool
    """True when there will be nothing to tell any more."""

    async def look(self) -> list[Event]:
        """What is new, in order. Raises DomainError UNAVAILABLE; then nothing counts as told."""
        ...


@dataclass(frozen=True, slots=True)
class Growing:
    """A list to which entries are added, with ever higher numbers, and never changed."""

    after: Callable[[Services, int, int], Tail[Event]]
    """The entries that follow a number, and how many are wanted at most."""
    settled: Callable[[Services], int]
    """The number after which the entries begin that come from now on."""


class GrowingFollower:
    """One client that is told of every new entry: once, and in order."""

    about = SECURITY
    is_done = False

    def __init__(self, workspace: Workspace, growing: Growing, after: int) -> None:
        self._workspace = workspace
        self._growing = growing
        self._after = after
        self.has_more = False

    async def look(self) -> list[Event]:
        after, limit = self._after, PAGE
        tail = await self._workspace.read(lambda services: self._growing.after(services, after, limit))
        self._after, self.has_more = tail.reached, tail.has_more
        return list(tail.items)
