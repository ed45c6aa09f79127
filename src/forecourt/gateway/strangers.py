"""Unregistered stations that knocked, gathered on the event loop and written down together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import structlog

from forecourt.clock import Clock
from forecourt.domain.provisioning.model import StationKey, UnknownStation
from forecourt.domain.services import Services
from forecourt.gateway.connection import Desk, Outcome

STRANGERS_NOTED: Final = 200
"""Written down at a time; more of them at once is an attack, not a mistake."""

_SUBPROTOCOLS: Final = 200
"""Characters that are kept of what a stranger offered."""

_log = structlog.get_logger(__name__)


class StrangerBook:
    """Takes down who knocked, without waiting."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock
        self._gathered: dict[str, UnknownStation] = {}

    @property
    def gathered(self) -> tuple[UnknownStation, ...]:
        """Who knocked since it was written down last."""
        return tuple(self._gathered.values())

    def note_stranger(self, identity: str, address: str, subprotocols: Iterable[str]) -> None:
        """An unregistered station knocked."""
        known = self._gathered.get(identity)
        if known is None and len(self._gathered) >= STRANGERS_NOTED:
            return
        now = self._clock.now()
        first, attempts = (now, 0) if known is None else (known.first_seen_at, known.attempts)
        self._gathered[identity] = UnknownStation(
            identity, address, ", ".join(subprotocols)[:_SUBPROTOCOLS], first, now, attempts + 1
        )

    def write(self) -> None:
        """Send who was gathered to be written down. Those whom the database does not take are lost: they come again."""
        if self._gathered:
            strangers, self._gathered = list(self._gathered.values()), {}
            self._desk.submit(StationKey(0), _noting(strangers), _logged)


def _noting(strangers: list[UnknownStation]) -> Callable[[Services], None]:
    return lambda services: services.provisioning.record_strangers(strangers)


def _logged(outcome: Outcome[None]) -> None:
    if outcome.error is not None:
        _log.warning("strangers_not_kept", error=repr(outcome.error)[:300])
