"""Says how far things have come, for whoever is to be told that something is new."""

from __future__ import annotations

from forecourt.domain.pulse.model import Marks
from forecourt.domain.pulse.store import PulseStore


class Pulse:
    """Changes nothing. The message path rings no bell for what comes all the time, so this is looked at instead."""

    def __init__(self, store: PulseStore) -> None:
        self._store = store

    def marks(self) -> Marks:
        return self._store.marks()
