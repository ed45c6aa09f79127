"""What the stores in memory share: everything that is stored. It can be copied, which is how a work is undone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from forecourt.domain.access.model import ApiToken
from forecourt.domain.authorization.model import IdToken, UnknownToken, fold
from forecourt.domain.availability.model import EvseStatus
from forecourt.domain.data_transfer.model import ReceivedMessage, Vendor
from forecourt.domain.evse import Place
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.presence.model import LinkRecord
from forecourt.domain.provisioning.model import (
    BootFacts,
    Station,
    StationFilter,
    StationKey,
    StationSheet,
    UnknownStation,
)
from forecourt.domain.transactions.metering import StoredReading
from forecourt.domain.transactions.model import (
    DoubtfulStop,
    Transaction,
    TransactionFilter,
)

Item = TypeVar("Item")


@dataclass
class StationRow:
    """A station; ``removed_at`` is set while it is off the register."""

    station: Station
    description: str
    created_at: datetime
    removed_at: datetime | None = None
    last_seen_at: datetime | None = None
    booted_at: datetime | None = None
    facts: BootFacts | None = None
    firmware_status: str | None = None
    diagnostics_status: str | None = None


@dataclass
class Memory:
    """Everything that is stored."""

    stations: dict[StationKey, StationRow] = field(default_factory=dict)
    keys: dict[str, StationKey] = field(default_factory=dict)
    unknown_stations: dict[str, UnknownStation] = field(default_factory=dict)
    tags: dict[str, IdToken] = field(default_factory=dict)
    unknown_tags: dict[str, UnknownToken] = field(default_factory=dict)
    transactions: dict[int, Transaction] = field(default_factory=dict)
    readings: list[tuple[int, StoredReading]] = field(default_factory=list)
    doubtful_stops: list[DoubtfulStop] = field(default_factory=list)
    statuses: list[tuple[int, EvseStatus]] = field(default_factory=list)
    present: dict[tuple[int, Place], EvseStatus] = field(default_factory=dict)
    firmware: list[tuple[int, str, datetime]] = field(default_factory=list)
    diagnostics: list[tuple[int, str, datetime]] = field(default_factory=list)
    vendors: dict[str, Vendor] = field(default_factory=dict)
    messages: list[ReceivedMessage] = field(default_factory=list)
    links: dict[str, LinkRecord] = field(default_factory=dict)
    last_epoch: int = 0
    tokens: dict[str, tuple[ApiToken, str]] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    def copy(self) -> Memory:
        """Containers are copied; what they hold is frozen, except for the rows of stations."""
        copies = {name: copy(value) for name, value in vars(self).items()}
        copies["stations"] = {key: replace(row) for key, row in self.stations.items()}
        return Memory(**copies)

    def become(self, other: Memory) -> None:
        vars(self).update(vars(other.copy()))

    def identity(self, key: int) -> str:
        return self.stations[StationKey(key)].station.identity

    def find(self, identity: str) -> StationRow | None:
        """A station of the register, by name."""
        key = self.keys.get(identity)
        return None if key is None or self.stations[key].removed_at is not None else self.stations[key]


def page_of(items: Iterable[Item], page: PageRequest, key: Callable[[Item], str]) -> Page[Item]:
    """A page of items in the order of a key that no two of them share."""
    found = sorted((item for item in items if page.after is None or key(item) > page.after), key=key)
    return Page(found[: page.limit], key(found[page.limit - 1]) if len(found) > page.limit else None)


def newest_first(items: dict[int, Item], page: PageRequest) -> Page[Item]:
    before = None if page.after is None else int(page.after)
    numbers = [n for n in sorted(items, reverse=True) if before is None or n < before]
    return _numbered(numbers, items, page)


def in_sequence(items: Sequence[Item], page: PageRequest) -> Page[Item]:
    first = 0 if page.after is None else int(page.after) + 1
    return _numbered(range(first, len(items)), dict(enumerate(items)), page)


def _numbered(numbers: Sequence[int], items: dict[int, Item], page: PageRequest) -> Page[Item]:
    shown = numbers[: page.limit]
    return Page([items[n] for n in shown], str(shown[-1]) if len(numbers) > page.limit else None)


def is_wanted(sheet: StationSheet, wanted: StationFilter) -> bool:
    return (
        contains(wanted.search, sheet.station.identity, sheet.description)
        and wanted.registration in {None, sheet.station.registration}
        and wanted.is_online in {None, sheet.is_online}
    )


def is_transaction_wanted(one: Transaction, wanted: TransactionFilter) -> bool:
    return (
        wanted.station in {None, one.station}
        and wanted.evse in {None, one.evse}
        and (wanted.id_token is None or fold(wanted.id_token) == fold(one.id_token))
        and wanted.is_active in {None, one.is_active}
        and wanted.is_doubtful in {None, bool(one.doubts)}
        and (wanted.since is None or one.started_at >= wanted.since)
        and (wanted.until is None or one.started_at < wanted.until)
    )


def contains(search: str | None, *texts: str) -> bool:
    return search is None or any(search.lower() in text.lower() for text in texts)


def keep_latest(known: dict[str, Item], keep: int, at: Callable[[Item], datetime]) -> None:
    for identity in sorted(known, key=lambda name: at(known[name]), reverse=True)[keep:]:
        del known[identity]
