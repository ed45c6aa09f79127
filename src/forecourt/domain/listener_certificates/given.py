"""Server certificates that nobody renews: an operator gave them, or they are no longer managed.

Somebody is told before they end, in the steps in which stations' certificates are told of. What is open follows from
what is in the store and what time it is, so that nothing has to be kept, and a look that was lost is made up for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.alarms.model import AlarmFilter, Level, Topic
from forecourt.domain.alarms.service import Alarms
from forecourt.domain.certificates.calendar import EXPIRED, Cover, alarm_step, alarm_time, level_of
from forecourt.domain.paging import MAX_LIMIT, PageRequest
from forecourt.domain.trust.model import ServerChain
from forecourt.domain.trust.service import Trust

LOOKS_EVERY: Final = timedelta(minutes=1)
"""Between two looks; at a change of the store it is looked at once."""

_ALARMS: Final = PageRequest(limit=MAX_LIMIT)
"""More than there can be server certificates."""

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


class GivenCertificates:
    """Sees to it that the alarms about them are those that should be open."""

    def __init__(self, trust: Trust, alarms: Alarms, clock: Clock, *, is_managed: Callable[[str], bool]) -> None:
        self._trust = trust
        self._alarms = alarms
        self._clock = clock
        self._is_managed = is_managed
        self._looked_at: datetime | None = None
        trust.watch(self.look)

    def is_due(self) -> bool:
        """Whether an alarm should be other than it is; who asks again within a minute is told no."""
        now = self._clock.now()
        if self._looked_at is not None and now - self._looked_at < LOOKS_EVERY:
            return False
        self._looked_at = now
        return self._wanted(now) != self._open()

    def look(self) -> None:
        """Raise what has to be raised, and end what is over: what is replaced, removed or no longer presented."""
        wanted = self._wanted(self._clock.now())
        for name, (level, sentence) in wanted.items():
            self._alarms.raise_(Topic.SERVER_CERTIFICATE, name, level, sentence)
        for name in self._open().keys() - wanted.keys():
            self._alarms.end(Topic.SERVER_CERTIFICATE, name)

    def _wanted(self, now: datetime) -> dict[str, tuple[Level, str]]:
        found = {}
        for served in self._trust.server_certificates():
            if served.is_enabled and not self._is_managed(served.name):
                cover = _cover(served)
                step = alarm_step(cover, now)
                if step:
                    found[served.name] = level_of(step), _sentence(served, cover, step)
        return found

    def _open(self) -> dict[str, tuple[Level, str]]:
        wanted = AlarmFilter(topics=frozenset({Topic.SERVER_CERTIFICATE}), is_open=True)
        alarms = self._alarms.list(wanted, _ALARMS).items
        return {one.subject: (one.level, one.sentence) for one in alarms if not self._is_managed(one.subject)}


def _cover(served: ServerChain) -> Cover:
    """What ends first: stations refuse a chain of which any certificate has ended (RFC 5280 §6.1.3)."""
    first = min(served.chain, key=lambda one: one.not_after)
    return Cover(first.not_before, first.not_after, is_renewed=False)


def _sentence(served: ServerChain, cover: Cover, step: int) -> str:
    what = f"The server certificate {served.name!r}"
    if cover.not_after != served.chain[0].not_after:
        what = f"A CA certificate in the chain of the server certificate {served.name!r}"
    end = f"{cover.not_after:%Y-%m-%d %H:%M} UTC"
    advice = "Nobody renews it: give another one under this name, or have one managed."
    reached = alarm_time(cover, step - 1)
    if step >= EXPIRED or reached is None:
        return f"{what} expired on {end}: stations refuse it. {advice}"
    return f"{what} has less than {_told(cover.not_after - reached)} left: it expires on {end}. {advice}"


def _told(span: timedelta) -> str:
    """Rounded up, so that less than that is left."""
    number, unit = (-(-span // _DAY), "day") if span >= _DAY else (-(-span // _HOUR), "hour")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
