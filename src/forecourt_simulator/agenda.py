"""What a simulated station does later by itself: the next step of an upload, of an update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from forecourt_simulator.moment import Moment

Act: TypeAlias = Callable[[Moment], None]


@dataclass(frozen=True, slots=True)
class _Entry:
    topic: str
    act: Act
    seconds: float
    not_before: datetime | None


@dataclass(slots=True)
class Agenda:
    """Each topic has at most one next step."""

    _entries: dict[str, _Entry] = field(default_factory=dict)

    def put(self, topic: str, act: Act, *, seconds: float, not_before: datetime | None = None) -> None:
        """Do it at these simulated seconds, and not before that time of day. It takes the place of the topic's other
        step."""
        self._entries[topic] = _Entry(topic, act, seconds, not_before)

    def has(self, topic: str) -> bool:
        return topic in self._entries

    def drop(self, topic: str) -> bool:
        """True when there was something to give up."""
        return self._entries.pop(topic, None) is not None

    def do_what_is_due(self, now: Moment) -> None:
        for entry in list(self._entries.values()):
            is_time = entry.not_before is None or entry.not_before <= now.wall
            if entry.seconds <= now.seconds and is_time:
                del self._entries[entry.topic]
                entry.act(now)
