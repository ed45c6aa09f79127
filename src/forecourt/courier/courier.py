"""Carries errands to the links of this node, and their ends back to the database.

One errand of a station is out at a time. Before it is sent it is marked as sent, and that is committed: after a crash
it is known which errands may have been done. All methods run on the event loop; nothing here waits.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import structlog

from forecourt.courier.endings import (
    Ending,
    Link,
    Out,
    answered,
    answered_late,
    failed,
    failed_late,
    lost,
    refused,
    text_of,
)
from forecourt.dialect import Dialect
from forecourt.domain.errands.model import MAX_TROUBLES, Claim, Failure, Line
from forecourt.domain.errors import DomainError, is_lasting
from forecourt.domain.services import Services, Workspace
from forecourt.ocpp.errors import QueueFull
from forecourt.ocpp.session import Answered, Failed
from forecourt.waiting import wait_at_most

AGAIN_SECONDS: Final = 1.0
"""Wait before the end of an errand is recorded again when the database did not take it, and between two looks at
what waits and was not rung for."""

_log = structlog.get_logger(__name__)


class Lines(Protocol):
    """What the courier needs of all connections of this node."""

    def line(self, identity: str) -> Link | None: ...

    def on_change(self, listener: Callable[[str], None]) -> None: ...


class Outcome(Protocol):
    """How a unit of work ended."""

    @property
    def result(self) -> Out | None: ...

    @property
    def error(self) -> Exception | None: ...


class Office(Workspace, Protocol):
    """Where the courier has its work done, in order with all else that is done for a station."""

    def submit(
        self, station_key: int, work: Callable[[Services], Out | None], done: Callable[[Outcome], None]
    ) -> None: ...


class Courier:
    """Carries the errands of one node."""

    def __init__(
        self, office: Office, lines: Lines, dialects: Mapping[str, Dialect], *, node: str, answer_seconds: float
    ) -> None:
        self._office = office
        self._lines = lines
        self._dialects = dialects
        self._node = node
        self._answer_seconds = answer_seconds
        self._busy: dict[str, bool] = {}
        """Stations that are being seen to; true when they must be looked at once more afterwards."""
        self._at_rest = asyncio.Event()
        self._at_rest.set()
        self._is_draining = False
        self._looks_now = asyncio.Event()
        lines.on_change(self.wake)

    @property
    def is_idle(self) -> bool:
        """True when no errand is out, and all that was out is recorded."""
        return not self._busy

    async def wait_until_idle(self, seconds: float) -> None:
        """Return when nothing is out any more, or after so long."""
        await wait_at_most(self._at_rest, seconds)

    def stop_sending(self) -> None:
        """Send nothing more; what is out may still end."""
        self._is_draining = True

    def wake(self, identity: str) -> None:
        """There may be something to send to a station."""
        if identity in self._busy:
            self._busy[identity] = True
            return
        link = self._lines.line(identity)
        if link is not None and not self._is_draining:
            self._busy[identity] = False
            self._at_rest.clear()
            self._look(link, None)

    def rung(self, identity: str | None) -> None:
        """The bell rang for a station, or for any when that is None."""
        if identity is None:
            self._looks_now.set()
        else:
            self.wake(identity)

    async def recover(self) -> None:
        """Before anything is sent: end what this node had sent when it was stopped without warning."""
        for claim in await self._office.read(lambda services: services.errands.sent_by(self._node)):
            for _ in range(MAX_TROUBLES + 1):
                try:
                    await self._office.write(functools.partial(self._lost_in_a_crash, claim))
                    break
                except Exception:  # a room that fails when it is told must not keep the node from starting
                    _log.exception("errand_not_recovered", errand=claim.number)

    def _lost_in_a_crash(self, claim: Claim, services: Services) -> None:
        reason = "The system stopped before it had the answer."
        services.errands.lost(claim, reason, is_repeatable=self._is_repeatable(claim, services))

    async def run(self) -> None:
        """Look every second for what waits and was not rung for, for ever."""
        while True:
            await wait_at_most(self._looks_now, AGAIN_SECONDS)
            self._looks_now.clear()
            await self.look_around()

    async def look_around(self) -> None:
        """Wake every station of this node for which something waits."""
        try:
            for identity in await self._office.read(lambda services: services.errands.waiting(self._node)):
                self.wake(identity)
        except Exception as error:  # mostly a database that is out of reach; this must go on until it is back
            _log.warning("errands_not_read", reason=str(error))

    # One station: claim, send, record, and claim the next in the same unit of work

    def _look(self, link: Link, ending: Ending | None, ended: Out | None = None) -> None:
        work = functools.partial(self._record_and_claim, link, ending)
        self._office.submit(link.station.key, work, functools.partial(self._claimed, link, ending, ended))

    def _record_again(self, link: Link, ending: Ending, ended: Out | None) -> None:
        """Without claiming: whatever is wrong with the next errand, this one is to be recorded."""
        self._busy[link.station.identity] = True  # look afterwards
        self._office.submit(link.station.key, ending, functools.partial(self._claimed, link, ending, ended))

    def _record_and_claim(self, link: Link, ending: Ending | None, services: Services) -> Out | None:
        if ending is not None:
            ending(services)
        line = Line(self._node, link.link_id)
        while not self._is_draining and self._is_open(link):
            claim = services.errands.next_for(link.station, line)
            if claim is None:
                return None
            try:
                command = self._dialects[link.subprotocol].command(claim.intent, link.station)
                words = text_of(command.words)
            except DomainError as error:
                services.errands.refuse_to_send(claim, error.sentence)
                continue
            except Exception:  # a mistake in one translation must not keep the other errands of the station
                _log.exception("errand_not_said", errand=claim.number, intent=type(claim.intent).__name__)
                services.errands.refuse_to_send(claim, "It could not be put into words; the system's log says why.")
                continue
            is_sent = services.errands.send(
                claim,
                line=line,
                action=command.action.name,
                shown=words,
                answer_seconds=self._answer_seconds,
            )
            if is_sent:
                return Out(claim, command, link)
        return None

    def _claimed(self, link: Link, ending: Ending | None, ended: Out | None, outcome: Outcome) -> None:
        identity = link.station.identity
        if outcome.error is not None:
            _log.warning("errand_not_recorded", station=identity, error=repr(outcome.error)[:300])
            if ended is not None and ended.is_told and is_lasting(outcome.error):
                ended.unheard += 1
            if ending is not None:
                asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._record_again, link, ending, ended)
            else:
                self._let_go(identity)  # `run` looks again
            return
        out = outcome.result
        if out is not None:
            self._send(out)
            return
        if self._let_go(identity):
            self.wake(identity)

    def _let_go(self, identity: str) -> bool:
        """The station is seen to; true when somebody woke the courier for it meanwhile."""
        again = self._busy.pop(identity)
        if not self._busy:
            self._at_rest.set()
        return again

    def _send(self, out: Out) -> None:
        if not self._is_open(out.link):
            self._end(out, lost(out, "The connection was closed.", None))
            return
        ended = functools.partial(self._ended, out)
        try:
            out.link.call(out.command.action, out.command.words, ended, asyncio.get_running_loop().time())
        except QueueFull as full:
            self._end(out, failed(out, Failure(f"{full}."), None))

    def _ended(self, out: Out, event: Answered | Failed) -> None:
        if out.is_given_up:
            self._ended_late(out, event)
            return
        out.is_given_up = True
        if isinstance(event, Answered):
            self._end(out, functools.partial(answered, self._dialects[out.link.subprotocol], out, event))
        elif event.payload is None:
            reason = f"{event.reason[:1].upper()}{event.reason[1:]}."
            self._end(out, lost(out, reason, event))
        else:
            self._end(out, refused(out, event, event.payload))

    def _ended_late(self, out: Out, event: Answered | Failed) -> None:
        """Not tried again when the database does not take it: the errand has ended with its outcome unknown."""
        if isinstance(event, Answered):
            work = functools.partial(answered_late, self._dialects[out.link.subprotocol], out, event)
            self._office.submit(out.link.station.key, work, _logged)
        elif event.code is not None:
            self._office.submit(out.link.station.key, functools.partial(failed_late, out, event), _logged)

    def _end(self, out: Out, ending: Ending) -> None:
        link = self._lines.line(out.link.station.identity)
        self._look(out.link if link is None else link, ending, out)

    def _is_open(self, link: Link) -> bool:
        """Asked from any thread: nothing is claimed for a link that has ended and is not recorded as ended yet."""
        current = self._lines.line(link.station.identity)
        return current is not None and current.link_id == link.link_id

    def _is_repeatable(self, claim: Claim, services: Services) -> bool:
        """True when every version of OCPP in use says so of what was sent."""
        action = services.errands.get(claim.number).action or ""
        known = [dialect.actions[action] for dialect in self._dialects.values() if action in dialect.actions]
        return bool(known) and all(one.is_repeatable for one in known)


def _logged(outcome: Outcome) -> None:
    if outcome.error is not None:
        _log.warning("late_answer_not_recorded", error=repr(outcome.error)[:300])
