"""What local authorization lists need from storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.errands.intents import ListEntry
from forecourt.domain.local_list.model import Due, ListFilter, ListItem, ListLine, ListRecord
from forecourt.domain.paging import Page, PageRequest


class LocalListStore(Protocol):
    """Lists of all stations. What a list should hold is worked out from the register of tokens as it is at ``now``;
    ``follows_all`` says whether that is every token or the chosen ones. Tags are compared without case."""

    def find(self, station_key: int) -> ListRecord: ...

    def take(self, station_key: int) -> ListRecord:
        """The record, for one who is going to change it: nobody else may until this unit of work ends."""
        ...

    def put(self, station_key: int, record: ListRecord) -> None:
        """Write down a record that was taken."""
        ...

    def choose(self, station_key: int, id_tokens: Mapping[str, str]) -> None:
        """Replace the chosen tags; they are given by their folded form."""
        ...

    def unregistered(self, station_key: int, limit: int) -> Sequence[str]:
        """Chosen tags that are not in the register."""
        ...

    def count_wanted(self, station_key: int, *, follows_all: bool) -> int:
        """How many entries the list should have."""
        ...

    def count_acknowledged(self, station_key: int) -> int: ...

    def due(self, station_key: int, now: datetime, *, follows_all: bool) -> Due: ...

    def first_wanted(self, station_key: int, now: datetime, limit: int, *, follows_all: bool) -> Sequence[ListEntry]:
        """What the list should hold, ordered by tag."""
        ...

    def first_due(self, station_key: int, now: datetime, limit: int, *, follows_all: bool) -> Sequence[ListEntry]:
        """What differs, deletions (entries without a status) first."""
        ...

    def next_due(
        self, station_key: int, now: datetime, limit: int, after: str, *, follows_all: bool
    ) -> Sequence[ListEntry]:
        """What the list lacks behind a tag, given in its folded form. It looks no further than it must."""
        ...

    def replace_entries(self, station_key: int, entries: Sequence[ListEntry]) -> None:
        """The station has these and no others."""
        ...

    def change_entries(self, station_key: int, entries: Sequence[ListEntry]) -> None:
        """The station has these, and no longer those without a status."""
        ...

    def stations_holding(self, id_token: str, limit: int) -> Sequence[str]:
        """Stations, by their identities, that acknowledged this tag in their lists."""
        ...

    def items(self, station_key: int, now: datetime, page: PageRequest, *, follows_all: bool) -> Page[ListItem]:
        """Every tag that the list should hold or that the station acknowledged, ordered by tag."""
        ...

    def overview(self, wanted: ListFilter, page: PageRequest) -> Page[ListLine]:
        """Registered stations with what is recorded of their lists, by identity."""
        ...
