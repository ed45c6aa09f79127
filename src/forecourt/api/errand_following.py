"""Finds out what changed about errands since one client was told the last time: errands change again and again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from forecourt.api.errand_views import show_batch, show_errand
from forecourt.api.following import PAGE, Event
from forecourt.asgi.news import ERRANDS
from forecourt.clock import Clock
from forecourt.domain.errands.model import Batch, BatchNumber, Errand, ErrandFilter, ErrandState
from forecourt.domain.paging import COMMITTED_WITHIN, Page, PageRequest
from forecourt.domain.services import Services, Workspace

MARGIN: Final = COMMITTED_WITHIN
"""How far back is looked every time: what changed earlier may be committed later, and clocks of nodes differ."""

_Change: TypeAlias = tuple[datetime, ErrandState]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def moment_of(event_id: int) -> datetime:
    """The moment of an errand's change that an event's id stands for."""
    return _EPOCH + event_id * _MICROSECOND


class ErrandFollower:
    """One client: what it wants to know, and what it was told in the time that is looked at again."""

    about = ERRANDS

    def __init__(self, workspace: Workspace, clock: Clock, wanted: ErrandFilter, since: datetime) -> None:
        self._workspace = workspace
        self._clock = clock
        self._wanted = wanted
        self._since = since
        self._from = since
        self._limit = PAGE
        self._told: dict[int, _Change] = {}
        self.has_more = False
        """True when the last look did not come to the end."""
        self.is_done = False
        """True when nothing can change any more."""

    async def skip(self) -> None:
        """Take everything that is there as told already."""
        await self._changed()
        while self.has_more:
            await self._changed()

    async def look(self) -> list[Event]:
        """What is new, oldest change first. Raises DomainError UNAVAILABLE; then nothing counts as told."""
        return [_told(errand) for errand in await self._changed()]

    async def _changed(self) -> list[Errand]:
        now = self._clock.now()
        since, limit = self._from, self._limit
        found = await self._workspace.read(lambda services: services.errands.changed_since(self._wanted, since, limit))
        new = self._untold(found)
        self._told |= {errand.number: _change(errand) for errand in new}
        self.has_more = len(found) == limit
        if not self.has_more:
            self._from, self._limit = max(now - MARGIN, self._since), PAGE
        elif found[-1].changed_at > since:
            self._from = found[-1].changed_at
        else:  # more of them changed in one moment than fit
            self._limit *= 2
        self._forget(min(self._from, now - MARGIN))
        return new

    def _forget(self, before: datetime) -> None:
        self._told = {number: change for number, change in self._told.items() if change[0] >= before}

    def _untold(self, errands: Sequence[Errand]) -> list[Errand]:
        return [errand for errand in errands if self._told.get(errand.number) != _change(errand)]


class BatchFollower(ErrandFollower):
    """One client that wants to know everything about one batch. What it was told is kept until the end: the batch
    itself limits that."""

    def __init__(self, workspace: Workspace, clock: Clock, number: BatchNumber, since: datetime) -> None:
        super().__init__(workspace, clock, ErrandFilter(batch=number), since)
        self._number = number
        self._progress: Batch | None = None
        self._after: str | None = None

    async def look(self) -> list[Event]:
        if self._progress is not None and self._progress.is_finished:
            return await self._rest(self._progress)
        events = await super().look()
        if self.has_more:
            return events
        batch = await self._workspace.read(lambda services: services.errands.get_batch(self._number))
        if batch != self._progress:
            events.append(Event("progress", show_batch(batch)))
        self._progress = batch
        self.has_more = batch.is_finished
        return events

    async def _rest(self, batch: Batch) -> list[Event]:
        """What was not told yet of a batch that is finished, a part at a time; and then its end."""

        def work(services: Services) -> Page[Errand]:
            return services.errands.list(self._wanted, PageRequest(PAGE, self._after))

        page = await self._workspace.read(work)
        events = [_told(errand) for errand in self._untold(page.items) if errand.changed_at >= self._since]
        self._after = page.next_after
        if self._after is None:
            events.append(Event("end", show_batch(batch)))
            self.is_done, self.has_more = True, False
        return events

    def _forget(self, before: datetime) -> None:
        """Nothing."""


def _change(errand: Errand) -> _Change:
    """What makes one change of an errand another one: two can happen in one moment."""
    return errand.changed_at, errand.state


def _told(errand: Errand) -> Event:
    return Event("errand", show_errand(errand), (errand.changed_at - _EPOCH) // _MICROSECOND)
