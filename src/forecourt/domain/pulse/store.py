"""What the pulse needs from storage."""

from __future__ import annotations

from typing import Protocol

from forecourt.domain.pulse.model import Marks


class PulseStore(Protocol):
    """Asked every second, so it reads ends of indexes and nothing else."""

    def marks(self) -> Marks: ...
