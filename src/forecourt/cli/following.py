"""Prints errands as they change, by reading again and again."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from forecourt.cli.asking import LONGEST_PAUSE, SHORTEST_PAUSE
from forecourt.cli.errand_facts import errand_facts, listed_facts
from forecourt.cli.output import plain, print_json
from forecourt.domain.errands.model import Errand, ErrandFilter, ErrandNumber, ErrandState
from forecourt.domain.paging import MAX_LIMIT, PageRequest
from forecourt.domain.services import Services, Workspace

_COLUMNS: Final = ("errand", "stationId", "operation", "state", "outcome")
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OVERLAP: Final = timedelta(seconds=10)
"""How much later than its time a change may come into sight: transactions take time, and nodes' clocks differ."""


async def follow_one(workspace: Workspace, number: ErrandNumber, *, as_json: bool) -> Errand:
    """Print an errand and every change of it until it has ended. Raises DomainError NOT_FOUND."""
    shown: ErrandState | None = None
    pause = SHORTEST_PAUSE
    while True:
        errand = await workspace.read(partial(_get, number=number))
        pause = min(pause * 1.3, LONGEST_PAUSE)
        if errand.state is not shown:
            shown, pause = errand.state, SHORTEST_PAUSE
            _print(errand, as_json=as_json)
        if errand.state.is_final:
            return errand
        await asyncio.sleep(pause)


async def follow(workspace: Workspace, wanted: ErrandFilter, *, as_json: bool) -> None:
    """Print what is open, then every change, for ever."""
    latest = await workspace.read(partial(_latest, wanted=wanted))
    for errand in reversed(latest):
        if not errand.state.is_final:
            _print(errand, as_json=as_json)
    seen = {errand.number: errand for errand in latest}
    since = max((errand.changed_at for errand in latest), default=_LONG_AGO)
    pause = SHORTEST_PAUSE
    while True:
        changed = await workspace.read(partial(_changed, wanted=wanted, since=since))
        new = [one for one in changed if one.number not in seen or seen[one.number].state is not one.state]
        for errand in new:
            _print(errand, as_json=as_json)
        seen |= {errand.number: errand for errand in changed}
        if changed:
            newest = changed[-1].changed_at
            since = newest if len(changed) == MAX_LIMIT else max(since, newest - _OVERLAP)
            seen = {number: one for number, one in seen.items() if one.changed_at >= since}
        pause = SHORTEST_PAUSE if new else min(pause * 1.3, LONGEST_PAUSE)
        await asyncio.sleep(pause)


def _print(errand: Errand, *, as_json: bool) -> None:
    if as_json:
        print_json(errand_facts(errand))
    else:
        facts = listed_facts(errand)
        print("\t".join(plain(facts[name]) for name in _COLUMNS))
    sys.stdout.flush()


def _get(services: Services, number: ErrandNumber) -> Errand:
    return services.errands.get(number)


def _latest(services: Services, wanted: ErrandFilter) -> Sequence[Errand]:
    return services.errands.list(wanted, PageRequest(MAX_LIMIT)).items


def _changed(services: Services, wanted: ErrandFilter, since: datetime) -> Sequence[Errand]:
    return services.errands.changed_since(wanted, since, MAX_LIMIT)
