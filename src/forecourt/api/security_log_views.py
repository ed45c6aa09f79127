"""How entries of the security log are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec

from forecourt.asgi.csv import Cell
from forecourt.domain.security_log.model import Kind, StoredNote


class SecurityLogEntryView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An entry. ``stationId`` is what somebody called himself: it need not be registered. ``count`` tells how often the
    same happened, where that is written down once for many times."""

    entry: int
    timestamp: datetime
    kind: Kind
    reason: str
    station_id: str | None
    address: str | None
    asked_by: str | None
    count: int


class SecurityLogKindView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One kind of entry."""

    kind: Kind
    summary: str


def show_entry(stored: StoredNote) -> SecurityLogEntryView:
    note = stored.note
    return SecurityLogEntryView(
        entry=stored.number,
        timestamp=stored.at,
        kind=note.kind,
        reason=note.reason,
        station_id=note.station,
        address=note.address,
        asked_by=note.asked_by,
        count=note.count,
    )


def show_kind(kind: Kind) -> SecurityLogKindView:
    return SecurityLogKindView(kind=kind, summary=kind.summary)


ENTRY_COLUMNS: Final = tuple(field.encode_name for field in msgspec.structs.fields(SecurityLogEntryView))


def entry_rows(stored: StoredNote) -> Iterator[Sequence[Cell]]:
    note = stored.note
    number: int = stored.number
    yield [number, stored.at, note.kind.value, note.reason, note.station, note.address, note.asked_by, note.count]
