"""The log of messages: what was said on the links, for whoever looks for a fault."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.message_log.model import (
    MAX_NAME,
    MAX_TEXT,
    Exchange,
    Keeping,
    LoggedMessage,
    MessageFilter,
    MessagePolicy,
)
from forecourt.domain.message_log.store import MessageStore
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.storable import storable

REMOVED_AT_ONCE: Final = 5000
"""Few enough for a unit of work that stations wait behind."""


class MessageLog:
    """Everything that can happen to the message log."""

    def __init__(self, store: MessageStore, clock: Clock, policy: MessagePolicy) -> None:
        self._store = store
        self._clock = clock
        self._policy = policy
        self.keeps_all = policy.keeping is Keeping.ALL

    def note(self, station_key: int, exchange: Exchange, *, since: float, is_answered: bool = True) -> None:
        """Write an exchange down, if it is one of those that are kept. ``since`` is when its request came or was sent,
        in monotonic seconds."""
        if self._policy.keeping is Keeping.NONE or (exchange.error is None and not self.keeps_all):
            return
        now = self._clock.now()
        took = max(self._clock.monotonic() - since, 0.0)
        at = now - timedelta(seconds=took)
        self._store.add(station_key, _bounded(exchange), at, now if is_answered else None)

    def list(self, wanted: MessageFilter, page: PageRequest) -> Page[LoggedMessage]:
        """The newest first."""
        return self._store.list(wanted, page)

    def is_due(self) -> bool:
        return self._store.has_surplus(self._policy.most, self._oldest())

    def settle(self) -> None:
        """Forget what is too old or too much."""
        self._store.remove_surplus(self._policy.most, self._oldest(), REMOVED_AT_ONCE)

    def _oldest(self) -> datetime:
        return self._clock.now() - self._policy.age


def _bounded(exchange: Exchange) -> Exchange:
    """As it can be stored. What went well is made of words that were read, so that only its length matters."""
    request, response = exchange.request, exchange.response
    if exchange.error is None and len(request) <= MAX_TEXT and (response is None or len(response) <= MAX_TEXT):
        return exchange
    return Exchange(
        direction=exchange.direction,
        action=storable(exchange.action, MAX_NAME),
        message_id=storable(exchange.message_id, MAX_NAME),
        request=storable(request, MAX_TEXT),
        response=None if response is None else storable(response, MAX_TEXT),
        error=None if exchange.error is None else storable(exchange.error, MAX_TEXT),
    )
