"""All links of this node: who is connected, who is dead, who must go."""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from forecourt.clock import Clock
from forecourt.config import GatewayConfig
from forecourt.domain.admission.model import Caller, SecurityProfile
from forecourt.domain.errors import DomainError
from forecourt.domain.errors import Kind as Fault
from forecourt.domain.presence.model import LinkSecurity
from forecourt.domain.provisioning.model import StationKey
from forecourt.domain.security_log.model import Kind, Note
from forecourt.domain.services import Services, Workspace
from forecourt.domain.trust.held import How, Use
from forecourt.gateway import handshake
from forecourt.gateway.certificates import still_holds
from forecourt.gateway.connection import GOING_AWAY, NORMAL, POLICY, Connection, Desk, Outcome
from forecourt.gateway.guard import Guard
from forecourt.gateway.notes import Notes
from forecourt.gateway.refusals import Refused, not_known
from forecourt.gateway.strangers import StrangerBook
from forecourt.gateway.trust import Trusting
from forecourt.waiting import wait_at_most

SLICES: Final = 20
"""The wheel visits every link once a second, a slice of them at a time, so that the loop never pauses for all."""

NOTE_SECONDS: Final = 60.0
"""How often it is written down that a station was heard, and how often its record is read again."""

REFRESH_SECONDS: Final = 5.0
"""How often it is asked what others decided, in case the bell was not heard."""

READ_AT_ONCE: Final = 200
"""Records read in one unit of work, so that a change that concerns every link lets others in between."""

LOOKED_AT_ONCE: Final = 20
"""Links that are looked at again before the loop does something else: a certificate may have to be proven anew."""

ASKED_AT_ONCE: Final = 500
"""Links of which it is asked whether their certificates may still hold, before the loop does something else: some 5 ms.
"""

_log = structlog.get_logger(__name__)


class Office(Workspace, Desk, Protocol):
    """Where the gateway has its work done."""


class Links:
    """The register of open links, newest per station."""

    def __init__(
        self, office: Office, clock: Clock, config: GatewayConfig, node: str, *, guard: Guard, notes: Notes
    ) -> None:
        self._office = office
        self._guard = guard
        self._notes = notes
        self._clock = clock
        self._config = config
        self._node = node
        self._links: dict[str, Connection] = {}
        self._slices: list[set[Connection]] = [set() for _ in range(SLICES)]
        self._next_slice = 0
        self._count = 0
        self.strangers = StrangerBook(office, clock)
        """The wheel has it written once a second."""
        self._pruned_at = 0.0
        self._stale: dict[str, None] = {}
        """Whose records have to be read again, in this order."""
        self._rung = asyncio.Event()
        self._is_draining = False
        self._listeners: list[Callable[[str], None]] = []

    def __len__(self) -> int:
        return self._count

    def __contains__(self, identity: str) -> bool:
        return identity in self._links

    # Links come and go

    def add(self, connection: Connection) -> None:
        """A station connected. The newest socket wins: an older one is most likely half open."""
        identity = connection.station.identity
        older = self._links.get(identity)
        self._links[identity] = connection
        self._next_slice = connection.slice = (self._next_slice + 1) % SLICES
        self._slices[connection.slice].add(connection)
        self._count += 1
        self._record(connection)
        evidence = connection.admitted.certificate.evidence
        if evidence is not None and evidence.version != self._guard.trusting.version:
            self.changed(identity)  # it was decided on what was trusted a moment ago
        if older is not None:
            older.close(POLICY, "replaced by a newer connection of this station")
        if self._is_draining:
            connection.close(GOING_AWAY, "the system stops")
        _log.info("connected", station=identity, address=connection.address, subprotocol=connection.subprotocol)

    def remove(self, connection: Connection) -> None:
        """The socket of a link has ended."""
        identity = connection.station.identity
        connection.ended()
        self._slices[connection.slice].discard(connection)
        self._count -= 1
        if self._links.get(identity) is connection:
            del self._links[identity]

        def gone(outcome: Outcome[None]) -> None:
            _logged(outcome)
            self._tell(identity)

        self._office.submit(connection.station.key, _closing(connection), gone)
        _log.info("disconnected", station=identity, reason=connection.closed_for or "the station left")

    # Calls of ours

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Have somebody told, by identity, when a link is on record and when one has ended."""
        self._listeners.append(listener)

    def line(self, identity: str) -> Connection | None:
        """The link over which a station can be called now, or None."""
        connection = self._links.get(identity)
        return connection if connection is not None and connection.is_open else None

    def _tell(self, identity: str) -> None:
        for listener in self._listeners:
            listener(identity)

    # What must be done now and then

    async def run(self) -> None:
        """Turn the wheel and keep the stations' records fresh, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._turn_wheel())
            tasks.create_task(self._keep_fresh())

    async def _turn_wheel(self) -> None:
        turn = 0
        while True:
            await asyncio.sleep(1 / SLICES)
            turn = (turn + 1) % SLICES
            try:
                self._visit(self._slices[turn])
                if turn == 0:
                    self.strangers.write()
                    self._prune()
            except Exception:  # the wheel must go on turning, whatever one link brings
                _log.exception("wheel_failed")

    def _prune(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._pruned_at >= NOTE_SECONDS:
            self._pruned_at = now
            self._office.submit(StationKey(0), _pruning, _logged)

    def _visit(self, links: set[Connection]) -> None:
        now = asyncio.get_running_loop().time()
        contacts: list[tuple[StationKey, datetime]] = []
        for connection in list(links):
            connection.tick(now, ping_seconds=self._config.ping_seconds, pong_seconds=self._config.pong_seconds)
            if now - connection.noted_at >= NOTE_SECONDS and connection.heard_at > connection.noted_at:
                connection.noted_at = now
                at = self._clock.now() - timedelta(seconds=now - connection.heard_at)
                contacts.append((connection.station.key, at))
            if connection.recorded_at is None and connection.closed_for is None:
                self._record(connection)
            if now - connection.read_at >= NOTE_SECONDS:
                self._stale[connection.station.identity] = None
        if contacts:
            self._office.submit(contacts[0][0], _noting(contacts), _logged)

    # What others decided

    def changed(self, identity: str | None) -> None:
        """The record of a station changed (None: any may have); read it again soon. Called on the event loop."""
        self._stale.update(dict.fromkeys(self._links if identity is None else [identity]))
        self._rung.set()

    async def trust_changed(self, trusting: Trusting) -> None:
        """Something else is trusted than before, or the policy is another: every link has to hold against it, those
        first of which something that their certificates relied on was withdrawn."""
        first: list[str] = []
        for number, (identity, link) in enumerate(list(self._links.items()), 1):
            if _is_shaken(link, trusting):
                first.append(identity)
            if number % ASKED_AT_ONCE == 0:
                await asyncio.sleep(0)
        self._stale = {**dict.fromkeys(first), **self._stale, **dict.fromkeys(self._links)}
        self._rung.set()

    def revocations_changed(self) -> None:
        """A CA told something new of certificates."""
        proven = [one for one in self._links.values() if one.admitted.certificate.evidence is not None]
        self._stale.update(dict.fromkeys(one.station.identity for one in proven))
        self._rung.set()

    async def _keep_fresh(self) -> None:
        while True:
            await wait_at_most(self._rung, REFRESH_SECONDS)
            self._rung.clear()
            try:
                await self._refresh()
            except Exception as error:  # mostly a database that is out of reach; this must go on until it is back
                _log.warning("refresh_failed", reason=str(error))
                await asyncio.sleep(1)

    async def _refresh(self) -> None:
        """Read what is stale, some of it at a time, so that what turns up meanwhile and is more urgent comes next.

        Raises DomainError UNAVAILABLE, and then it is stale as before.
        """
        looked = 0
        is_first = True
        while self._stale or is_first:
            is_first = False
            some = list(itertools.islice(self._stale, READ_AT_ONCE))
            for identity in some:  # before it is read: what changes from now on makes it stale again
                del self._stale[identity]
            try:
                found = await self._callers(some) if some else []
            except BaseException:
                self._stale = {**dict.fromkeys(some), **self._stale}
                raise
            for identity, caller in found:
                connection = self._links.get(identity)
                if connection is not None:
                    await self._look_again(connection, caller)
                looked = (looked + 1) % LOOKED_AT_ONCE
                if looked == 0:
                    await asyncio.sleep(0)
            await self._close_as_asked()

    async def _close_as_asked(self) -> None:
        for identity, link_id in await self._office.read(lambda services: services.presence.to_close(self._node)):
            connection = self._links.get(identity)
            if connection is not None and connection.link_id == link_id:
                connection.close(NORMAL, "closed by the operator")

    async def _callers(self, identities: list[str]) -> list[tuple[str, Caller | None]]:
        """What is on record of stations. A record that cannot be read holds up no other one, and ends its link: nobody
        can say any more that it may stay. Raises DomainError UNAVAILABLE."""
        try:
            return await self._office.read(functools.partial(_looking, identities))
        except Exception as error:
            if _is_unavailable(error):
                raise
            if len(identities) > 1:
                return [found for identity in identities for found in await self._callers([identity])]
            connection = self._links.get(identities[0])
            if connection is not None:
                self._end(connection, not_known(error))
            return []

    async def _look_again(self, connection: Connection, caller: Caller | None) -> None:
        connection.read_at = asyncio.get_running_loop().time()
        if caller is None:
            connection.close(POLICY, "the station was removed from the register")
            return
        connection.station = handshake.as_received(caller.station, connection.admitted.entry)
        try:
            refused = await self._guard.objection(connection, caller)
        except Exception as error:  # of one link; the others have to be looked at all the same
            refused = not_known(error)
        if refused is not None:
            self._end(connection, refused)

    def _end(self, connection: Connection, refused: Refused) -> None:
        """What a link was opened for no longer holds (A00.FR.002)."""
        if connection.closed_for is None:
            reason = refused.detail or refused.reason
            note = Note(
                kind=Kind.LINK_CLOSED, reason=reason, station=connection.station.identity, address=connection.address
            )
            self._notes.note(note)
            connection.close(POLICY, refused.reason)

    # The end

    async def drain(self) -> None:
        """Let open exchanges finish, then close every link with 1001."""
        self._is_draining = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._config.drain_seconds
        while self._links and loop.time() < deadline:
            for connection in list(self._links.values()):
                if connection.session.is_quiet:
                    connection.close(GOING_AWAY, "the system stops")
            await asyncio.sleep(0.02)
        for connection in list(self._links.values()):
            connection.close(GOING_AWAY, "the system stops")

    # Inside

    def _record(self, connection: Connection) -> None:
        """Put a link on record. Tried again by the wheel when the database does not take it."""
        connection.recorded_at = asyncio.get_running_loop().time()

        def work(services: Services) -> Caller | None:
            services.presence.open(
                connection.station,
                connection.link_id,
                node=self._node,
                address=connection.address,
                subprotocol=connection.subprotocol,
                security=_security_of(connection),
            )
            evidence = connection.admitted.certificate.evidence
            if evidence is not None and connection.admitted.entry.profile is SecurityProfile.TLS_CERTIFICATE:
                services.trust.hold(connection.station, Use.CHARGE_POINT, evidence.leaf, How.PRESENTED)
            return services.admissions.find(connection.station.identity)

        def done(outcome: Outcome[Caller | None]) -> None:
            if outcome.error is not None:
                connection.recorded_at = None
            else:
                self._recorded(connection, outcome.result)
            _logged(outcome)

        self._office.submit(connection.station.key, work, done)

    def _recorded(self, connection: Connection, caller: Caller | None) -> None:
        """It is on record from now on that the station is here: whoever changes what it may come with rings for it, and
        what was changed between the decision and now is seen here."""
        policy = self._guard.trusting.policy
        refused = handshake.objection(connection.admitted, caller, policy, is_opening=True)
        if refused is not None:
            self._end(connection, refused)
        self._tell(connection.station.identity)


def _looking(identities: list[str], services: Services) -> list[tuple[str, Caller | None]]:
    return [(identity, services.admissions.find(identity)) for identity in identities]


def _is_shaken(connection: Connection, trusting: Trusting) -> bool:
    evidence = connection.admitted.certificate.evidence
    return evidence is not None and not still_holds(evidence, trusting)


def _is_unavailable(error: Exception) -> bool:
    return isinstance(error, DomainError) and error.kind is Fault.UNAVAILABLE


def _security_of(connection: Connection) -> LinkSecurity:
    admitted = connection.admitted
    channel, leaf = admitted.knock.channel, admitted.certificate.leaf
    return LinkSecurity(
        profile=admitted.entry.profile,
        listener=channel.listener,
        is_tls=channel.is_tls,
        tls_version=channel.tls_version,
        cipher=channel.cipher,
        via_proxy=channel.via_proxy,
        fingerprint=None if leaf is None else leaf.fingerprint,
        certificate_ends_at=None if leaf is None else leaf.not_after,
        is_onboarding=admitted.entry.is_onboarding,
    )


def _closing(connection: Connection) -> Callable[[Services], None]:
    return lambda services: services.presence.close(connection.station, connection.link_id)


def _noting(contacts: list[tuple[StationKey, datetime]]) -> Callable[[Services], None]:
    return lambda services: services.provisioning.record_contacts(contacts)


def _pruning(services: Services) -> None:
    services.authorization.prune_strangers()
    services.security_log.prune()
    services.alarms.prune()
    services.audit.prune()
    services.sessions.prune()


def _logged(outcome: Outcome[object]) -> None:
    if outcome.error is not None:
        _log.warning("record_not_kept", error=repr(outcome.error)[:300])
