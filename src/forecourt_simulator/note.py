"""What happened at a simulated station, for a log or a story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

Detail: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True)
class Note:
    """One event of one station; ``connector_id`` is 0 for the station itself."""

    event: str
    station: str
    connector_id: int = 0
    details: dict[str, Detail] = field(default_factory=dict)


Tell: TypeAlias = Callable[[Note], None]


def tell_nobody(note: Note) -> None:
    """For stations whose events nobody wants."""
