"""What drivers need from storage."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.drivers.model import Driver, DriverDraft, DriverName, DriverNumber
from forecourt.domain.paging import Page, PageRequest


class DriverStore(Protocol):
    """Drivers, and whose tags are whose."""

    def add(self, draft: DriverDraft, at: datetime) -> DriverNumber:
        """Numbers are above 0 and never used again."""
        ...

    def replace(self, number: DriverNumber, draft: DriverDraft) -> bool: ...

    def find(self, number: DriverNumber) -> Driver | None: ...

    def forget(self, number: DriverNumber) -> bool:
        """Take away the driver, and what is noted of the driver's tags. The tags stay and are nobody's."""
        ...

    def list(self, search: str | None, page: PageRequest) -> Page[Driver]:
        """By their names. The search looks at everything but the address."""
        ...

    def names(self, numbers: Collection[DriverNumber]) -> Mapping[DriverNumber, DriverName]: ...

    def names_of_tags(self, id_tokens: Collection[str]) -> Mapping[str, DriverName]:
        """By folded tags; those that are nobody's are left out."""
        ...

    def with_email(self, emails: Collection[str]) -> Sequence[tuple[str, DriverNumber]]:
        """Who has one of these addresses, which are compared without case; they come back in small letters."""
        ...
