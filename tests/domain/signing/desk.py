"""A world with somebody who asks for certificates and is told how that ends."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from forecourt.domain.alarms.model import AlarmFilter, Level, Topic
from forecourt.domain.signing.model import (
    Assignment,
    Ended,
    Issued,
    Outage,
    SigningNumber,
    SigningState,
    Use,
    Wanted,
)
from forecourt.domain.signing.service import SigningDesk
from tests.domain.world import ALL, World
from tests.support.signings import a_wanted

CITY = "own"
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
NO_ROUTE = Outage("No route.")
STRANGERS = Outage("It does not know us.", needs_person=True)


class Told(NamedTuple):
    number: int
    owner: str
    outcome: Issued | Ended


class Desk(World):
    """A world with somebody who is told how requests of stations end."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Told] = []
        self.trouble: Exception | None = None
        self.desk.watch(Use.STATION, self._tell)

    @property
    def desk(self) -> SigningDesk:
        return self.services.signing

    def _tell(self, number: SigningNumber, owner: str, outcome: Issued | Ended) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.told.append(Told(number, owner, outcome))

    def asks(self, wanted: Wanted | None = None, authority: str = CITY) -> SigningNumber:
        return self.desk.ask(wanted or a_wanted(), authority)

    def claims(self, node: str = "a", limit: int = 10) -> list[Assignment]:
        return self.desk.claim(node, limit)

    def later(self, duration: timedelta) -> None:
        self.clock.advance(duration)

    def alarms(self) -> list[tuple[str, Level]]:
        found = self.services.alarms.list(AlarmFilter(topics=frozenset({Topic.AUTHORITY}), is_open=True), ALL)
        return [(one.subject, one.level) for one in found.items]

    def state(self, number: SigningNumber) -> SigningState:
        return self.desk.get(number).state
