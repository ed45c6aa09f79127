"""Whom a plot is drawn for: in which language its words are, and in which zone its times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final


@dataclass(frozen=True, slots=True)
class Audience:
    """Its ``say`` translates a text, with its placeholders still in it."""

    say: Callable[[str], str] = str
    zone: tzinfo = UTC
    zone_name: str = "UTC"

    def moment(self, at: datetime, *, with_seconds: bool = False) -> str:
        written = "%Y-%m-%d %H:%M:%S" if with_seconds else "%Y-%m-%d %H:%M"
        return f"{at.astimezone(self.zone):{written}} {self.zone_name}"


EVERYBODY: Final = Audience()
"""Programs, and people of whom nothing is known: English and UTC."""
