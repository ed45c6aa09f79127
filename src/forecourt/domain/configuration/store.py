"""What the configuration of stations needs from storage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.configuration.model import BootNote, Desired, Setting, Snapshot


class ConfigurationStore(Protocol):
    """Settings as stations told them, and desired values. Names are compared without case."""

    def snapshot(self, station_key: int) -> Snapshot: ...

    def setting(self, station_key: int, name: str) -> Setting | None: ...

    def put(self, station_key: int, settings: Sequence[Setting]) -> None:
        """Add settings, or replace those of the same names."""
        ...

    def replace(self, station_key: int, settings: Sequence[Setting]) -> None:
        """Forget all settings and write these down."""
        ...

    def complete(self, station_key: int, at: datetime) -> None:
        """The station told all of its keys."""
        ...

    def note_at_boot(self, station_key: int, operation: str | None) -> BootNote:
        """In one look-up; ``operation`` is the name of errands that read the configuration, None when it does not
        matter whether there are any."""
        ...

    def restarted(self, station_key: int) -> None:
        """What awaited a restart should hold from now on; that is known when the station is next read."""
        ...

    def desired(self, station_key: int) -> Sequence[Desired]:
        """Ordered by name."""
        ...

    def put_desired(self, station_key: int, desired: Desired) -> None: ...

    def remove_desired(self, station_key: int, name: str) -> bool: ...

    def suspects(self, after: str | None, limit: int) -> Sequence[tuple[str, int]]:
        """Identity and key of stations that may drift, because a desired value and what the station has are not the
        same text. Ordered by identity."""
        ...
