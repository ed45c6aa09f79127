"""How a simulated station answers its central system: all the answers there are, brought together."""

from __future__ import annotations

from forecourt_simulator.commands import (
    availability,
    charging,
    configuration,
    data_transfer,
    firmware,
    local_list,
    reservation,
    security,
    smart_charging,
    triggers,
    uploads,
)
from forecourt_simulator.commands.dispatch import CannotAnswer, answer

__all__ = [
    "CannotAnswer",
    "answer",
    "availability",
    "charging",
    "configuration",
    "data_transfer",
    "firmware",
    "local_list",
    "reservation",
    "security",
    "smart_charging",
    "triggers",
    "uploads",
]
