"""What needs a person: raised by rooms, shown and acknowledged by operators, ended by whatever put it right."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.alarms.model import (
    MAX_SENTENCE,
    MAX_SUBJECT,
    Alarm,
    AlarmFilter,
    AlarmNumber,
    Level,
    OpenAlarms,
    Raised,
    Topic,
)
from forecourt.domain.alarms.store import AlarmStore
from forecourt.domain.changes import Changes
from forecourt.domain.errors import conflict, not_found
from forecourt.domain.events.kinds import Kind as Told
from forecourt.domain.events.service import Events
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.storable import storable

KEPT: Final = timedelta(days=365)
"""How long an alarm can be looked up after its end."""


class Alarms:
    """Everything that can happen to alarms."""

    def __init__(self, store: AlarmStore, clock: Clock, changes: Changes, *, events: Events) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes
        self._events = events

    def raise_(self, topic: Topic, subject: str, level: Level, sentence: str) -> None:
        """See to it that this alarm is open, with this level and this sentence, which says what is wrong and what to
        do. May be called again and again: nothing happens when nothing is other than before."""
        name, said = storable(subject, MAX_SUBJECT), storable(sentence, MAX_SENTENCE)
        came_of_it = self._store.raise_(topic, name, level, said, self._clock.now())
        if came_of_it is not Raised.UNCHANGED:
            self._changes.security_noted()
        if came_of_it is Raised.RAISED:
            self._events.tell(Told.ALARM_RAISED, name, {"topic": topic.value, "level": level.value, "sentence": said})

    def end(self, topic: Topic, subject: str) -> None:
        """It is over. Nothing happens when it is not open."""
        name = storable(subject, MAX_SUBJECT)
        if self._store.end(topic, name, self._clock.now()):
            self._changes.security_noted()
            self._events.tell(Told.ALARM_ENDED, name, {"topic": topic.value})

    def acknowledge(self, number: AlarmNumber, *, asked_by: str) -> Alarm:
        """An operator knows of it; it stays open until it is over. Raises DomainError NOT_FOUND, or CONFLICT for one
        that has ended or that somebody has acknowledged already."""
        is_first = self._store.acknowledge(number, asked_by, self._clock.now())
        alarm = self.get(number)
        if not is_first:
            if not alarm.is_open:
                raise conflict("The alarm {} has ended; there is nothing to acknowledge.", number)
            raise conflict("The alarm {} was acknowledged already, by {}.", number, alarm.acknowledged_by)
        self._changes.security_noted()
        return alarm

    def get(self, number: AlarmNumber) -> Alarm:
        """Raises DomainError NOT_FOUND."""
        alarm = self._store.find(number)
        if alarm is None:
            raise not_found("There is no alarm {}.", number)
        return alarm

    def list(self, wanted: AlarmFilter, page: PageRequest) -> Page[Alarm]:
        """The one that was raised last first."""
        return self._store.list(wanted, page)

    def open_counts(self) -> OpenAlarms:
        return self._store.open_counts()

    def prune(self) -> None:
        """Forget alarms that ended a year ago."""
        self._store.prune(self._clock.now() - KEPT)
