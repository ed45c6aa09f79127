"""Local authorization lists of stations as lines of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from forecourt.asgi.csv import Cell
from forecourt.domain.local_list.model import ListLine

LIST_COLUMNS: Final = (
    *("stationId", "managed", "all", "version", "acknowledgedEntries", "contentKnown", "acknowledgedAt"),
    *("sendingVersion", "reportedVersion", "reportedAt", "supported", "reason"),
)


def list_rows(line: ListLine) -> Iterator[Sequence[Cell]]:
    """One row, in the order of `LIST_COLUMNS`."""
    record = line.record
    yield (
        *(line.station, record.is_managed, record.follows_all, record.version, line.acknowledged),
        *(record.is_content_known, record.acknowledged_at, record.sending_version, record.reported_version),
        *(record.reported_at, not record.is_unsupported, record.failure),
    )
