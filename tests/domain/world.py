"""A world for the domain: services over a database in memory, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from forecourt.domain.authorization.model import IdToken
from forecourt.domain.errands.model import Line
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.evse import EvseId, Place
from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import Registration, Station, StationDraft
from forecourt.domain.transactions.metering import Reading
from forecourt.domain.transactions.model import StartReport, StopReport
from tests.support.clock import NOON, FakeClock
from tests.support.scratch import ScratchUnit
from tests.support.workspace import HeardChanges, PlainHasher, services_over

ALL = PageRequest(limit=1000)


class World:
    """Every service, and what it works on."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.unit = ScratchUnit()
        self.changes = HeardChanges(self.unit)
        self.services = services_over(self.unit, self.clock, PlainHasher())

    def a_station(
        self,
        identity: str = "CP-1",
        *,
        registration: Registration = Registration.ACCEPTED,
        heartbeat_seconds: int | None = None,
    ) -> Station:
        draft = StationDraft(identity=identity, registration=registration, heartbeat_seconds=heartbeat_seconds)
        return self.services.provisioning.add(draft).station

    def a_tag(
        self,
        id_token: str = "TAG",
        *,
        parent: str | None = None,
        expires_at: datetime | None = None,
        is_blocked: bool = False,
        max_active_transactions: int | None = 1,
    ) -> IdToken:
        token = IdToken(
            id_token=id_token,
            parent=parent,
            expires_at=expires_at,
            is_blocked=is_blocked,
            max_active_transactions=max_active_transactions,
        )
        return self.services.authorization.add(token)

    def is_connected(self, station: Station, *, node: str = "node", link_id: int = 1) -> Line:
        """The station's link, which is on record from now on."""
        link = LinkId(link_id)
        self.services.presence.open(station, link, node=node, address="192.0.2.1", subprotocol="ocpp1.6")
        return Line(node, link)

    def starts(
        self,
        station: Station,
        id_token: str = "TAG",
        *,
        evse: Place | None = None,
        started_at: datetime = NOON,
        meter_start_wh: int = 1000,
    ) -> int:
        """The id of a new transaction."""
        report = a_start(id_token, evse=evse, started_at=started_at, meter_start_wh=meter_start_wh)
        return self.services.transactions.start(station, report).transaction_id


def a_start(
    id_token: str = "TAG",
    *,
    evse: Place | None = None,
    started_at: datetime = NOON,
    meter_start_wh: int = 1000,
    reservation_id: int | None = None,
) -> StartReport:
    return StartReport(
        evse=EvseId(1) if evse is None else evse,
        id_token=id_token,
        started_at=started_at,
        meter_start_wh=meter_start_wh,
        reservation_id=reservation_id,
    )


def a_stop(
    transaction_id: int,
    *,
    stopped_at: datetime = NOON,
    meter_stop_wh: int = 2000,
    id_token: str | None = None,
    reason: str = "Local",
    readings: tuple[Reading, ...] = (),
) -> StopReport:
    return StopReport(
        transaction_id=transaction_id,
        stopped_at=stopped_at,
        meter_stop_wh=meter_stop_wh,
        reason=reason,
        id_token=id_token,
        readings=readings,
    )


@contextmanager
def refused(kind: Kind, *, field: str | None = None, about: str = "") -> Iterator[None]:
    """What is done inside must be refused, for this kind of reason."""
    with pytest.raises(DomainError) as caught:
        yield
    assert (caught.value.kind, caught.value.field) == (kind, field)
    assert about in caught.value.sentence
    assert str(caught.value) == caught.value.sentence
