"""Writes a plan for thousands of stations down, a part of them at a time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from forecourt.domain.errors import DomainError, Kind, invalid
from forecourt.domain.rollovers.model import STATIONS_AT_ONCE, Progress, RolloverNumber, Wanted
from forecourt.domain.services import Services, Workspace


async def plan_for(workspace: Workspace, wanted: Wanted, stations: Sequence[str], asked_by: str) -> Progress:
    """The plan, begun. One whose writer stops half-way stays in preparation, and can only be cancelled. Raises
    DomainError."""
    if not stations:
        raise invalid("Name at least one station.", field="selection")
    number = (await workspace.write(lambda services: services.rollovers.plan(wanted, asked_by))).number
    try:
        for start in range(0, len(stations), STATIONS_AT_ONCE):
            part = stations[start : start + STATIONS_AT_ONCE]
            await workspace.write(partial(_add, number=number, stations=part))
        return await workspace.write(lambda services: services.rollovers.begin(number))
    except DomainError as error:
        if error.kind is not Kind.UNAVAILABLE:
            await workspace.write(lambda services: services.rollovers.cancel(number, asked_by))
        raise


def not_registered(identities: Sequence[str]) -> str:
    """A sentence that names them."""
    return f"Not registered as stations: {', '.join(map(repr, identities))}."


def _add(services: Services, *, number: RolloverNumber, stations: Sequence[str]) -> int:
    return services.rollovers.add_stations(number, stations)
