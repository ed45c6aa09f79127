"""What diagnostics needs from storage."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class DiagnosticsStore(Protocol):
    """How uploads of diagnostics go, as the stations report it."""

    def record_status(self, station_key: int, status: str, at: datetime) -> None:
        """Add to the history; becomes the station's present status."""
        ...
