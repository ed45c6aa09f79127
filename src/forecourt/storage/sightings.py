"""How the sightings of what nobody registered add up in a table: the first time, the last time, and how often."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Table

from forecourt.storage.bulk import Bulk
from forecourt.storage.schema import moment


def sighting_columns() -> list[Column[int]]:
    return [moment("first_seen_at"), moment("last_seen_at"), Column("attempts", BigInteger, nullable=False)]


def sightings(table: Table, columns: Sequence[str]) -> Bulk:
    """Rows of the columns named, the first of which is the key, and then of those above."""
    return Bulk(
        table,
        [*columns, "first_seen_at", "last_seen_at", "attempts"],
        key=columns[:1],
        assignments={
            "first_seen_at": f"{table.name}.first_seen_at",
            "attempts": f"{table.name}.attempts + excluded.attempts",
        },
        merge=lambda old, new: (*new[:-3], old[-3], new[-2], old[-1] + new[-1]),
    )
