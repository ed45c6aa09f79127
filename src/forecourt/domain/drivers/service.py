"""Who charges: drivers and their tags."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.drivers.model import Driver, DriverDraft, DriverName, DriverNumber, check_driver
from forecourt.domain.drivers.store import DriverStore
from forecourt.domain.errors import not_found
from forecourt.domain.paging import Page, PageRequest

MAX_DRIVER_NUMBER: Final = 2**63 - 1


class Drivers:
    """Everything that can happen to drivers."""

    def __init__(self, store: DriverStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    # What operators do

    def add(self, draft: DriverDraft) -> Driver:
        """Put a driver on record. Raises DomainError INVALID."""
        return self.get(self._store.add(check_driver(draft), self._clock.now()))

    def change(self, number: DriverNumber, draft: DriverDraft) -> Driver:
        """Raises DomainError INVALID or NOT_FOUND."""
        self.get(number)
        self._store.replace(number, check_driver(draft))
        return self.get(number)

    def forget(self, number: DriverNumber) -> None:
        """Delete all personal data of a driver: the record, and the notes on the driver's tags. The tags may charge as
        before, and the transactions stay; neither leads to the person any more."""
        if not self._is_possible(number) or not self._store.forget(number):
            raise _unknown(number)

    # Questions

    def get(self, number: DriverNumber) -> Driver:
        driver = self._store.find(number) if self._is_possible(number) else None
        if driver is None:
            raise _unknown(number)
        return driver

    def list(self, search: str | None, page: PageRequest) -> Page[Driver]:
        return self._store.list(search, page)

    def names(self, numbers: Collection[DriverNumber]) -> Mapping[DriverNumber, DriverName]:
        """Of those that are on record."""
        return self._store.names(numbers) if numbers else {}

    def names_of_tags(self, id_tokens: Collection[str]) -> Mapping[str, DriverName]:
        """Whose tags these are, by the folded tag; those that are nobody's are left out."""
        return self._store.names_of_tags(id_tokens) if id_tokens else {}

    def with_email(self, emails: Collection[str]) -> Mapping[str, frozenset[DriverNumber]]:
        """Who has one of these addresses, by the address in small letters. Several drivers may share one."""
        found: dict[str, frozenset[DriverNumber]] = {}
        for email, number in self._store.with_email(emails) if emails else ():
            found[email] = found.get(email, frozenset()) | {number}
        return found

    def _is_possible(self, number: DriverNumber) -> bool:
        return 0 < number <= MAX_DRIVER_NUMBER


def _unknown(number: DriverNumber) -> Exception:
    return not_found("There is no driver {}.", number)
