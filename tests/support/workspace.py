"""A Workspace over the real stores, on a database in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from forecourt.clock import Clock
from forecourt.domain.access.model import PasswordHasher
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.files.model import FilePolicy
from forecourt.domain.provisioning.service import BootPolicy
from forecourt.domain.services import Services
from forecourt.storage.building import services_on
from tests.support.clock import FakeClock
from tests.support.scratch import ScratchUnit
from tests.support.vault import VAULT

Result = TypeVar("Result")


class PlainHasher:
    """A PasswordHasher that is quick and hides nothing."""

    def hash(self, password: str) -> str:
        return f"plain:{password}"

    def is_match(self, hashed: str, password: str) -> bool:
        return hashed == self.hash(password)


class HeardChanges:
    """What the bell was rung for."""

    def __init__(self, unit: ScratchUnit) -> None:
        self._unit = unit

    @property
    def stations(self) -> list[str]:
        """Identities of stations that changed."""
        return self._about("station")

    @property
    def errands(self) -> list[str]:
        """Identities of stations for which an errand was written."""
        return self._about("errand")

    def _about(self, word: str) -> list[str]:
        return [ring.partition(" ")[2] for ring in self._unit.rings if ring.startswith(f"{word} ")]


class MemoryWorkspace:
    """Does works one after the other. A work that raises leaves nothing behind, as the contract of Workspace wants.

    ``clock`` and ``changes`` may be driven and looked at; ``is_available`` set to False makes every work fail
    as a database does that takes nothing. ``writes`` counts works that were begun, ``stored`` those that were kept.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        hasher: PasswordHasher | None = None,
        file_policy: FilePolicy | None = None,
    ) -> None:
        self.unit = ScratchUnit()
        self.changes = HeardChanges(self.unit)
        self.is_available = True
        self.writes = 0
        self.stored = 0
        self.services = services_over(
            self.unit, clock or FakeClock(), hasher or PlainHasher(), file_policy or FilePolicy()
        )

    async def write(self, work: Callable[[Services], Result]) -> Result:
        await self._turn()
        self.writes += 1
        self.begin()
        try:
            result = work(self.services)
        except BaseException:
            self.take_back()
            raise
        self.keep()
        self.stored += 1
        return result

    async def read(self, work: Callable[[Services], Result]) -> Result:
        await self._turn()
        return work(self.services)

    def begin(self) -> None:
        self.unit.connection.execute("SAVEPOINT work")

    def keep(self) -> None:
        self.unit.connection.execute("RELEASE SAVEPOINT work")

    def take_back(self) -> None:
        self.unit.connection.execute("ROLLBACK TO SAVEPOINT work")
        self.keep()

    async def _turn(self) -> None:
        await asyncio.sleep(0)
        if not self.is_available:
            raise DomainError(Kind.UNAVAILABLE, "The database did not take this now; try again in a moment.")


def services_over(
    unit: ScratchUnit,
    clock: Clock,
    hasher: PasswordHasher,
    file_policy: FilePolicy = FilePolicy(),  # noqa: B008  # a frozen value
) -> Services:
    """Every service, over one database."""
    return services_on(clock=clock, policy=BootPolicy(), hasher=hasher, vault=VAULT, file_policy=file_policy)(unit)


def services_without_token(unit: ScratchUnit, clock: Clock) -> Services:
    """As they are where the settings name no PKCS#11 token."""
    return services_on(clock=clock, policy=BootPolicy(), hasher=PlainHasher(), vault=VAULT, has_token=False)(unit)
