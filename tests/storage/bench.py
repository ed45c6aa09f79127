"""A workbench for stores: one connection, one unit of work, and every store over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import StationDraft, StationKey
from forecourt.storage.access import AccessRecords
from forecourt.storage.availability import AvailabilityRecords
from forecourt.storage.database import Database
from forecourt.storage.errands import Errands
from forecourt.storage.id_tokens import IdTokens
from forecourt.storage.job_statuses import JobStatuses
from forecourt.storage.jobs import Jobs
from forecourt.storage.links import Links
from forecourt.storage.security_events import SecurityRecords
from forecourt.storage.stations import Stations
from forecourt.storage.transactions import TransactionRecords
from forecourt.storage.unit_of_work import Unit
from forecourt.storage.vendor_messages import VendorMessages
from tests.support.clock import NOON
from tests.support.vault import VAULT

Item = TypeVar("Item")

UNUSUAL_TEXTS = [
    'it\'s "quoted"; DROP TABLE station; --',
    "🔌⚡ Straße",
    "100%_sure\\",
    "",
    "?, %s, %(a)s, :b, {c}",
    "tab\tand\nline\r\n\x01",
    "a\u0301 combined, אבג right to left",
    "x" * 100_000,
]
"""What a station or a person may write into a free text."""

HIGHEST, LOWEST = 2**63 - 1, -(2**63)
"""The limits of a number in both databases."""


class Bench:
    """Does what a committer does, one group at a time, on the thread of the test."""

    def __init__(self, database: Database) -> None:
        self.connection = database.connect()
        self.unit = unit = Unit(self.connection)
        self.stations = Stations(unit)
        self.tokens = IdTokens(unit)
        self.transactions = TransactionRecords(unit)
        self.availability = AvailabilityRecords(unit)
        self.errands = Errands(unit, VAULT)
        self.jobs = Jobs(unit)
        self.job_statuses = JobStatuses(unit)
        self.security = SecurityRecords(unit)
        self.vendors = VendorMessages(unit)
        self.links = Links(unit)
        self.access = AccessRecords(unit)

    @contextmanager
    def committed(self) -> Iterator[None]:
        """What is done inside is one group with one unit; it is committed, or taken back when it raises."""
        self.connection.begin()
        try:
            yield
            self.unit.keep()
            self.unit.flush_all()
            self.connection.commit()
        except BaseException:
            self.connection.rollback()
            raise
        finally:
            self.unit.forget()

    @contextmanager
    def reading(self) -> Iterator[None]:
        self.connection.begin_reading()
        try:
            yield
        finally:
            self.connection.rollback()

    def add_station(self, identity: str = "CP-1") -> StationKey:
        with self.committed():
            station = self.stations.add(StationDraft(identity=identity), NOON)
        assert station is not None
        return station.key

    def count(self, table: str) -> int:
        with self.reading():
            row = self.connection.one(f"SELECT count(*) FROM {table}")
        assert row is not None
        return int(row[0])

    def close(self) -> None:
        self.connection.close()


def all_pages(ask: Callable[[PageRequest], Page[Item]], limit: int) -> list[Item]:
    """Every item of a list, read page by page; every page but the last is full."""
    found: list[Item] = []
    after: str | None = None
    while True:
        page = ask(PageRequest(limit, after))
        found += page.items
        if page.next_after is None:
            return found
        assert len(page.items) == limit
        assert page.next_after != after, "the same page again"
        after = page.next_after
