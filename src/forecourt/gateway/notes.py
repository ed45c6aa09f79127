"""Notes of this process for the security log: gathered, and written down once a second.

Whoever knocks decides how often something is noted. So that nobody can fill the disk, equal notes of one second become
one with a count, and of those that strangers can cause only so many are written one by one. The process's own log says
the same, and no more often.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import structlog

from forecourt.domain.provisioning.model import StationKey
from forecourt.domain.security_log.model import MAX_ADDRESS, MAX_REASON, MAX_STATION, Kind, Note
from forecourt.domain.services import Services
from forecourt.gateway.connection import Desk, Outcome

NOTE_SECONDS: Final = 1.0
DISTINCT_NOTES: Final = 200
"""Different notes written per second at most; more of them at once is an attack, not a mistake."""

OWN: Final = frozenset({Kind.LINK_CLOSED, Kind.LISTENER_FAILED})
"""Kinds that come from decisions of ours: no stranger can cause them, and none of them is left out."""

_log = structlog.get_logger(__name__)


class Notes:
    """Takes notes on the event loop, without waiting."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._gathered: dict[tuple[Kind, str | None, str | None, str], Note] = {}
        self._strange = 0
        """How many of the gathered ones strangers can cause."""
        self._left_out: dict[Kind, int] = {}

    def note(self, note: Note) -> None:
        """Take a note. What came from outside is shortened and cleaned here."""
        note = replace(
            note,
            reason=_clean(note.reason, MAX_REASON),
            station=None if note.station is None else _clean(note.station, MAX_STATION),
            address=None if note.address is None else _clean(note.address, MAX_ADDRESS),
        )
        self._gather(note)

    async def run(self) -> None:
        """Write down what was gathered, once a second, for ever."""
        while True:
            await asyncio.sleep(NOTE_SECONDS)
            self.write()

    def write(self) -> None:
        """Send what was gathered to be written down. What the database does not take is kept for the next time."""
        notes = [*self._gathered.values(), *(_summary(kind, count) for kind, count in self._left_out.items())]
        self._gathered, self._left_out, self._strange = {}, {}, 0
        if not notes:
            return

        def done(outcome: Outcome[None]) -> None:
            if outcome.error is not None:
                _log.warning("notes_not_written", count=len(notes), error=repr(outcome.error)[:300])
                for note in notes:
                    self._gather(note)
                return
            for note in notes:
                _log.info(
                    "security",
                    kind=note.kind.value,
                    station=note.station,
                    address=note.address,
                    reason=note.reason,
                    count=note.count,
                )

        self._desk.submit(StationKey(0), _writing(notes), done)

    def _gather(self, note: Note) -> None:
        key = (note.kind, note.station, note.address, note.reason)
        known = self._gathered.get(key)
        if known is not None:
            self._gathered[key] = replace(known, count=known.count + note.count)
        elif note.kind in OWN:
            self._gathered[key] = note
        elif self._strange < DISTINCT_NOTES:
            self._strange += 1
            self._gathered[key] = note
        else:
            self._left_out[note.kind] = self._left_out.get(note.kind, 0) + note.count


def _writing(notes: Sequence[Note]) -> Callable[[Services], None]:
    return lambda services: services.security_log.note_all(notes)


def _summary(kind: Kind, count: int) -> Note:
    return Note(kind=kind, reason="More of these came at once than are written down one by one.", count=count)


def _clean(text: str, length: int) -> str:
    """What every store takes and every terminal shows as it is: no control characters, no lone surrogates."""
    short = text if len(text) <= length else f"{text[: length - 1]}…"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in short)
