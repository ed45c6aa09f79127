"""Asks something of stations, one or thousands, and waits for what becomes of it by reading again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from forecourt.domain.errands.model import (
    BatchNumber,
    Errand,
    ErrandFilter,
    ErrandNumber,
    ErrandState,
)
from forecourt.domain.paging import MAX_LIMIT, PageRequest
from forecourt.domain.provisioning.model import StationFilter
from forecourt.domain.services import Services, Workspace
from forecourt.operations.asking import Wish, ask_many

SHORTEST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 0.2
"""Seconds between two looks at the database; they grow while nothing happens."""

LOOKS_AT_ALL: Final = 10
"""Every tenth look is at the whole batch: nodes have clocks of their own, and a change may bear a time long past."""

_OVERLAP: Final = timedelta(seconds=2)
"""A change is stamped before it is committed, so the newest moments are read again."""


@dataclass(slots=True)
class Asked:
    """What was written down."""

    total: int
    """How many stations are meant."""
    errands: dict[ErrandNumber, Errand] = field(default_factory=dict)
    """As they were when they were last looked at."""
    refused: dict[str, str] = field(default_factory=dict)
    """Stations for which nothing could be written, and why."""
    batch: BatchNumber | None = None

    @property
    def counts(self) -> dict[ErrandState, int]:
        counts: dict[ErrandState, int] = {}
        for errand in self.errands.values():
            counts[errand.state] = counts.get(errand.state, 0) + 1
        return counts

    @property
    def is_all_done(self) -> bool:
        """True when every station did it."""
        return not self.refused and all(one.state is ErrandState.ANSWERED for one in self.errands.values())

    @property
    def has_failed(self) -> bool:
        """True when it is certain that not every station will do it."""
        ended = (one.state for one in self.errands.values() if one.state.is_final)
        return bool(self.refused) or any(state is not ErrandState.ANSWERED for state in ended)


class Audience(Protocol):
    """Is told how it goes."""

    def ended(self, errand: Errand) -> None: ...

    def counted(self, counts: dict[ErrandState, int]) -> None: ...


async def registered_among(workspace: Workspace, identities: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those that are registered, and those that are not; each once, in the order given."""

    def look(services: Services) -> tuple[list[str], list[str]]:
        known: list[str] = []
        unknown: list[str] = []
        for identity in dict.fromkeys(identities):
            (unknown if services.provisioning.find_station(identity) is None else known).append(identity)
        return known, unknown

    return await workspace.read(look)


async def stations_that(workspace: Workspace, wanted: StationFilter) -> list[str]:
    """The identities of all stations that fit."""
    found: list[str] = []
    after: str | None = None
    while True:
        request = PageRequest(MAX_LIMIT, after)
        page = await workspace.read(partial(_page_of_stations, wanted=wanted, page=request))
        found += page[0]
        after = page[1]
        if after is None:
            return found


async def ask(workspace: Workspace, wish: Wish, identities: Sequence[str], asked: Asked, audience: Audience) -> None:
    """Write an errand for every station; several stations make a batch. ``asked`` is filled as it goes.

    What is refused for one of several does not keep the others from being asked. Raises DomainError when it is refused
    for the only one, and UNAVAILABLE when the database took nothing.
    """

    def written(batch: BatchNumber | None, errands: Sequence[Errand]) -> None:
        asked.batch = batch
        asked.errands |= {errand.number: errand for errand in errands}
        audience.counted(asked.counts)

    if len(identities) == 1:
        written(None, [await workspace.write(partial(wish.ask, identity=identities[0]))])
    else:
        asked.refused = (await ask_many(workspace, wish, identities, written)).refused


async def wait_for_ends(workspace: Workspace, asked: Asked, *, seconds: float, audience: Audience) -> None:
    """Look again and again until everything has ended, or for so long. ``asked`` is brought up to date."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    told: set[ErrandNumber] = set()
    pause, since, looks = SHORTEST_PAUSE, _oldest(asked), 0
    while True:
        is_new = _tell_new(asked, told, audience)
        left = deadline - loop.time()
        if len(told) == len(asked.errands) or left <= 0:
            return
        pause = SHORTEST_PAUSE if is_new else min(pause * 1.3, LONGEST_PAUSE)
        await asyncio.sleep(min(pause, left))
        looks += 1
        if looks % LOOKS_AT_ALL == 0 and asked.batch is not None:
            await _look_at_all(workspace, asked)
        else:
            since = await _look(workspace, asked, since)


def _page_of_stations(services: Services, wanted: StationFilter, page: PageRequest) -> tuple[list[str], str | None]:
    found = services.provisioning.list(wanted, page)
    return [sheet.station.identity for sheet in found.items], found.next_after


# Waiting


def _tell_new(asked: Asked, told: set[ErrandNumber], audience: Audience) -> bool:
    new = [one for number, one in asked.errands.items() if one.state.is_final and number not in told]
    for errand in new:
        told.add(errand.number)
        audience.ended(errand)
    audience.counted(asked.counts)
    return bool(new)


async def _look(workspace: Workspace, asked: Asked, since: datetime) -> datetime:
    """Take in what changed; returns the moment from which to look the next time."""
    if asked.batch is None:
        for number in asked.errands:
            asked.errands[number] = await workspace.read(partial(_get, number=number))
        return since
    wanted = ErrandFilter(batch=asked.batch)
    changed = await workspace.read(partial(_changed, wanted=wanted, since=since))
    asked.errands |= {errand.number: errand for errand in changed}
    if not changed:
        return since
    newest = changed[-1].changed_at
    return newest if len(changed) == MAX_LIMIT else max(since, newest - _OVERLAP)


async def _look_at_all(workspace: Workspace, asked: Asked) -> None:
    after: str | None = None
    while True:
        wanted = ErrandFilter(batch=asked.batch)
        request = PageRequest(MAX_LIMIT, after)
        page = await workspace.read(partial(_page_of_errands, wanted=wanted, page=request))
        asked.errands |= {errand.number: errand for errand in page[0]}
        after = page[1]
        if after is None:
            return


def _get(services: Services, number: ErrandNumber) -> Errand:
    return services.errands.get(number)


def _changed(services: Services, wanted: ErrandFilter, since: datetime) -> Sequence[Errand]:
    return services.errands.changed_since(wanted, since, MAX_LIMIT)


def _page_of_errands(
    services: Services, wanted: ErrandFilter, page: PageRequest
) -> tuple[Sequence[Errand], str | None]:
    found = services.errands.list(wanted, page)
    return found.items, found.next_after


def _oldest(asked: Asked) -> datetime:
    return min(errand.changed_at for errand in asked.errands.values())
