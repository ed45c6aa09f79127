"""Has stations do something by the operations that are declared, from pages with forms of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from forecourt.domain.errands.model import BatchNumber, Delivery, Errand, Order
from forecourt.domain.errors import invalid
from forecourt.operations.asking import Wish, ask_many
from forecourt.operations.reading import BadParameters, read_parameters
from forecourt.web.visit import Visit


def wish(visit: Visit, name: str, parameters: Mapping[str, object]) -> Wish:
    """It waits until the station is on line. Raises DomainError INVALID for what the operation does not take."""
    operation = visit.house.catalogue[name]
    try:
        read = read_parameters(msgspec.json.encode(parameters), operation.params)
    except BadParameters as bad:
        raise invalid(" ".join(one.reason for one in bad.fields), field=bad.fields[0].path or None) from bad
    return Wish(operation, read, Order(asked_by=visit.asked_by, delivery=Delivery.WHEN_ONLINE))


async def ask_one(visit: Visit, name: str, station: str, parameters: Mapping[str, object]) -> Errand:
    """Raises DomainError."""
    wanted = wish(visit, name, parameters)
    return await visit.write(lambda services: wanted.ask(services, station))


async def ask_all(visit: Visit, name: str, stations: Sequence[str], parameters: Mapping[str, object]) -> BatchNumber:
    """Stations of which it cannot be asked get an errand that has failed, with the reason. Raises DomainError."""
    return (await ask_many(visit.workspace, wish(visit, name, parameters), stations)).batch
