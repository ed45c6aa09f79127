"""Links: which station is connected, where, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

Epoch = NewType("Epoch", int)
"""Counts the links of one station. The newest link has the highest epoch and ends all others."""

LinkId = NewType("LinkId", int)
"""Names one link among all that ever were: a random number of 63 bits, drawn by the node that has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRecord:
    """One open link."""

    station: str
    link_id: LinkId
    epoch: Epoch
    node: str
    address: str
    subprotocol: str
    connected_at: datetime
    is_to_close: bool = False
    """An operator asked for its end, and the gateway has not closed it yet."""
