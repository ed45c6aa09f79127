"""Asks an operation of stations, of one or of thousands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeAlias

import msgspec

from forecourt.domain.errands.model import Batch, BatchNumber, Errand, Order
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.services import Services, Workspace
from forecourt.ocpp.action import Message
from forecourt.ocpp.redaction import shown
from forecourt.operations.operation import AnyOperation

_encode: Final = msgspec.json.Encoder().encode

STATIONS_PER_WORK: Final = 200
"""One unit of work for ten thousand stations would keep the messages of stations waiting for seconds: a database may
have one writer."""


Written: TypeAlias = Callable[[BatchNumber, Sequence[Errand]], None]
"""Is told which errands of a batch were written down."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted, and how it is to be carried."""

    operation: AnyOperation
    parameters: Message
    order: Order

    def ask(self, services: Services, identity: str) -> Errand:
        """Write the errand for one station; raises DomainError."""
        station = services.provisioning.get_station(identity)
        order = replace(self.order, parameters=_encode(shown(self.parameters)).decode())
        return self.operation.run(services, station, self.parameters, order)


@dataclass(slots=True)
class AskedMany:
    """A batch, and the stations of which it could not be asked, with the reasons."""

    batch: BatchNumber
    refused: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    """Stations whose errand is written down."""


async def ask_many(
    workspace: Workspace,
    wish: Wish,
    stations: Sequence[str],
    written: Written = lambda _batch, _errands: None,
) -> AskedMany:
    """Write an errand for each station, a part of them at a time; ``written`` is told of each part.

    A station for which the business refuses it gets an errand that has failed with the reason. Raises DomainError
    UNAVAILABLE when the database took nothing; stations that it did not take after others are refused.
    """
    name, asked_by, total = wish.operation.name, wish.order.asked_by, len(stations)
    batch = await workspace.write(lambda services: services.errands.add_batch(name, asked_by, total))
    asked = AskedMany(batch)
    wish = replace(wish, order=replace(wish.order, batch=batch))
    for start in range(0, total, STATIONS_PER_WORK):
        try:
            await _ask_some(workspace, wish, stations[start : start + STATIONS_PER_WORK], asked, written)
        except DomainError as error:
            if not asked.asked and not asked.refused:
                raise
            rest = (station for station in stations[start:] if station not in asked.asked | asked.refused.keys())
            asked.refused |= dict.fromkeys(rest, error.sentence)
            break
    with suppress(DomainError):  # what was asked is asked; the sweeper finishes the batch
        await workspace.write(lambda services: services.errands.finish_writing(batch))
    return asked


async def cancel_batch(workspace: Workspace, number: BatchNumber) -> Batch:
    """Take back what of a batch was not sent yet. Raises DomainError NOT_FOUND."""
    while await workspace.write(lambda services: services.errands.cancel_some(number)):
        continue
    return await workspace.read(lambda services: services.errands.get_batch(number))


async def _ask_some(
    workspace: Workspace, wish: Wish, stations: Sequence[str], asked: AskedMany, written: Written
) -> None:
    """All in one unit of work; where one is refused, each in its own, because a refusal must store nothing.

    Each station may be held until the end of the unit of work, so that all units take them in one order, whatever the
    order in which they were selected.
    """
    stations = sorted(stations)
    try:
        errands = await workspace.write(lambda services: [wish.ask(services, station) for station in stations])
    except DomainError as error:
        if error.kind is Kind.UNAVAILABLE:
            raise
    else:
        asked.asked.update(stations)
        written(asked.batch, errands)
        return
    for station in stations:
        written(asked.batch, await _ask_one(workspace, wish, station, asked))


async def _ask_one(workspace: Workspace, wish: Wish, station: str, asked: AskedMany) -> list[Errand]:
    try:
        errand = await workspace.write(partial(wish.ask, identity=station))
    except DomainError as refusal:
        if refusal.kind is Kind.UNAVAILABLE:
            raise
        noted = await workspace.write(partial(_note_refused, wish, station, refusal.sentence))
        asked.refused[station] = refusal.sentence
        return [] if noted is None else [noted]
    asked.asked.add(station)
    return [errand]


def _note_refused(wish: Wish, identity: str, reason: str, services: Services) -> Errand | None:
    """None for a station that was taken off the register meanwhile."""
    station = services.provisioning.find_station(identity)
    if station is None:
        return None
    return services.errands.ask_refused(station, wish.operation.name, wish.order, reason)
