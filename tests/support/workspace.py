"""A Workspace over the stores in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from forecourt.clock import Clock
from forecourt.domain.access.model import PasswordHasher
from forecourt.domain.access.service import Access
from forecourt.domain.authorization.service import Authorization
from forecourt.domain.availability.service import Availability
from forecourt.domain.data_transfer.service import DataTransfer
from forecourt.domain.diagnostics.service import Diagnostics
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.firmware.service import Firmware
from forecourt.domain.presence.service import Presence
from forecourt.domain.provisioning.service import BootPolicy, Provisioning
from forecourt.domain.services import Services
from forecourt.domain.transactions.service import Transactions
from tests.support.clock import FakeClock
from tests.support.memory import Memory
from tests.support.memory_stores import (
    MemoryAccess,
    MemoryAvailability,
    MemoryDataTransfer,
    MemoryDiagnostics,
    MemoryFirmware,
    MemoryLinks,
    MemoryStations,
    MemoryTags,
)
from tests.support.memory_transactions import MemoryTransactions

Result = TypeVar("Result")


class PlainHasher:
    """A PasswordHasher that is quick and hides nothing."""

    def hash(self, password: str) -> str:
        return f"plain:{password}"

    def is_match(self, hashed: str, password: str) -> bool:
        return hashed == self.hash(password)


class HeardChanges:
    """Changes that remember of which stations they were told."""

    def __init__(self) -> None:
        self.stations: list[str] = []

    def station_changed(self, identity: str) -> None:
        self.stations.append(identity)


class MemoryWorkspace:
    """Does works one after the other. A work that raises leaves nothing behind, as the contract of Workspace wants.

    ``clock`` and ``changes`` may be driven and looked at; ``is_available`` set to False makes every work fail
    as a database does that takes nothing.
    """

    def __init__(self, *, clock: Clock | None = None, hasher: PasswordHasher | None = None) -> None:
        self.memory = Memory()
        self.changes = HeardChanges()
        self.is_available = True
        self.writes = 0
        self.services = services_over(self.memory, clock or FakeClock(), self.changes, hasher or PlainHasher())

    async def write(self, work: Callable[[Services], Result]) -> Result:
        await self._turn()
        self.writes += 1
        before = self.memory.copy()
        try:
            return work(self.services)
        except BaseException:
            self.memory.become(before)
            raise

    async def read(self, work: Callable[[Services], Result]) -> Result:
        await self._turn()
        return work(self.services)

    async def _turn(self) -> None:
        await asyncio.sleep(0)
        if not self.is_available:
            raise DomainError(Kind.UNAVAILABLE, "The database did not take this now; try again in a moment.")


def services_over(memory: Memory, clock: Clock, changes: HeardChanges, hasher: PasswordHasher) -> Services:
    """Every service, over one memory."""
    authorization = Authorization(MemoryTags(memory), clock)
    return Services(
        provisioning=Provisioning(MemoryStations(memory), clock, changes, BootPolicy()),
        authorization=authorization,
        transactions=Transactions(MemoryTransactions(memory), authorization, clock),
        availability=Availability(MemoryAvailability(memory), clock),
        firmware=Firmware(MemoryFirmware(memory), clock),
        diagnostics=Diagnostics(MemoryDiagnostics(memory), clock),
        data_transfer=DataTransfer(MemoryDataTransfer(memory), clock),
        presence=Presence(MemoryLinks(memory), clock, changes),
        access=Access(MemoryAccess(memory), clock, hasher),
    )
