"""Events: facts that the outside may want to know, as they were when they happened."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NewType, TypeAlias

from forecourt.domain.events.kinds import Group, Kind
from forecourt.domain.evse import WHOLE_STATION, Place
from forecourt.domain.storable import storable

EventNumber = NewType("EventNumber", int)
"""Numbers all events in the order in which they were written; never used again."""

Value: TypeAlias = str | int | float | bool | Sequence[str] | None
"""What stands in the data of an event, as JSON has it. Times are texts (RFC 3339)."""

MAX_SUBJECT: Final = 255
MAX_TEXT: Final = 500
"""How many characters of one text are kept: stations and strangers may have written it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened."""

    number: EventNumber
    kind: Kind
    subject: str
    """What it happened to: mostly the identity of a station."""
    station: str | None
    """The identity of the station that it happened to, if it was one."""
    data: Mapping[str, Value]
    at: datetime

    @property
    def id(self) -> str:
        """Its name to the outside; whoever gets an event twice knows it by this."""
        return f"evt_{self.number}"

    def said(self, template: str | None = None) -> str:
        """What happened, as a sentence; ``template`` is that of its kind in another language."""
        return filled(self.kind.sentence if template is None else template, self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events to list; None means any."""

    kinds: frozenset[Kind] | None = None
    groups: frozenset[Group] | None = None
    station: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def meant(self) -> frozenset[Kind] | None:
        """The kinds that are asked for, by name or by their group."""
        if self.kinds is None and self.groups is None:
            return None
        return (self.kinds or frozenset()) | {kind for kind in Kind if kind.group in (self.groups or ())}


def exact(at: datetime | None) -> str | None:
    """A time as it stands in data."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def connector_number(place: Place) -> int:
    """As OCPP 1.6 counts connectors, and as the outside knows them: 0 is the whole station."""
    return 0 if place is WHOLE_STATION else int(place)


def kept(value: Value) -> Value:
    """A value as it can be stored: texts that others wrote are cut and cleaned."""
    if isinstance(value, str):
        is_plain = len(value) <= MAX_TEXT and value.isascii() and "\x00" not in value
        return value if is_plain else storable(value, MAX_TEXT)
    if isinstance(value, Sequence):
        return [storable(one, MAX_TEXT) for one in value]
    return value


def filled(template: str, data: Mapping[str, Value]) -> str:
    """A sentence with its data. What the data hold is never read as a template."""
    parts = []
    for text, name, _, _ in string.Formatter().parse(template):
        parts.append(text)
        if name is not None:
            parts.append(_shown(data.get(name)))
    return " ".join("".join(parts).split())


def _shown(value: Value) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case int():
            return str(value)
        case _:
            return ", ".join(value)
