"""The business, by name, and where its work is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from forecourt.domain.access.service import Access
from forecourt.domain.authorization.service import Authorization
from forecourt.domain.availability.service import Availability
from forecourt.domain.data_transfer.service import DataTransfer
from forecourt.domain.diagnostics.service import Diagnostics
from forecourt.domain.firmware.service import Firmware
from forecourt.domain.presence.service import Presence
from forecourt.domain.provisioning.service import Provisioning
from forecourt.domain.transactions.service import Transactions


@dataclass(frozen=True, slots=True)
class Services:
    """Every domain service. What is called on them belongs to the unit of work in which they are handed out."""

    provisioning: Provisioning
    authorization: Authorization
    transactions: Transactions
    availability: Availability
    firmware: Firmware
    diagnostics: Diagnostics
    data_transfer: DataTransfer
    presence: Presence
    access: Access


Result = TypeVar("Result")


class Workspace(Protocol):
    """Where doors have units of work done. A work is a function of the services; it must not keep them."""

    async def write(self, work: Callable[[Services], Result]) -> Result:
        """Do it in a unit of work; when this returns, it is on disk.

        Raises what the work raised, after which nothing of it is stored, or DomainError UNAVAILABLE when the
        database did not take it.
        """
        ...

    async def read(self, work: Callable[[Services], Result]) -> Result:
        """Answer a question from what is committed, without waiting for writers."""
        ...
