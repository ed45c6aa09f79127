"""All links of this node: who is connected, who is dead, who must go."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from forecourt.clock import Clock
from forecourt.config import GatewayConfig
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import Station, StationKey, UnknownStation
from forecourt.domain.services import Services, Workspace
from forecourt.gateway.connection import GOING_AWAY, NORMAL, POLICY, Connection, Desk, Outcome

SLICES: Final = 20
"""The wheel visits every link once a second, a slice of them at a time, so that the loop never pauses for all."""

NOTE_SECONDS: Final = 60.0
"""How often it is written down that a station was heard, and how often its record is read again."""

REFRESH_SECONDS: Final = 5.0
"""How often it is asked what others decided, in case the bell was not heard."""

STRANGERS_NOTED: Final = 200
"""Unknown stations noted per second at most; more of them at once is an attack, not a mistake."""

_log = structlog.get_logger(__name__)


class Office(Workspace, Desk, Protocol):
    """Where the gateway has its work done."""


class Links:
    """The register of open links, newest per station."""

    def __init__(self, office: Office, clock: Clock, config: GatewayConfig, node: str) -> None:
        self._office = office
        self._clock = clock
        self._config = config
        self._node = node
        self._links: dict[str, Connection] = {}
        self._slices: list[set[Connection]] = [set() for _ in range(SLICES)]
        self._next_slice = 0
        self._count = 0
        self._strangers: dict[str, UnknownStation] = {}
        self._pruned_at = 0.0
        self._stale: set[str] = set()
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

    def note_stranger(self, identity: str, address: str, subprotocols: Iterable[str]) -> None:
        """An unregistered station knocked."""
        now = self._clock.now()
        known = self._strangers.get(identity)
        if known is None and len(self._strangers) >= STRANGERS_NOTED:
            return
        first, attempts = (now, 0) if known is None else (known.first_seen_at, known.attempts)
        self._strangers[identity] = UnknownStation(
            identity, address, ", ".join(subprotocols)[:200], first, now, attempts + 1
        )

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
                    self._note_strangers()
            except Exception:  # the wheel must go on turning, whatever one link brings
                _log.exception("wheel_failed")

    def _note_strangers(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._strangers:
            strangers, self._strangers = list(self._strangers.values()), {}
            self._office.submit(StationKey(0), _noting_strangers(strangers), _logged)
        if now - self._pruned_at >= NOTE_SECONDS:
            self._pruned_at = now
            self._office.submit(StationKey(0), _pruning_strangers, _logged)

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
                self._stale.add(connection.station.identity)
        if contacts:
            self._office.submit(contacts[0][0], _noting(contacts), _logged)

    # What others decided

    def changed(self, identity: str | None) -> None:
        """The record of a station changed (None: any may have); read it again soon. Called on the event loop."""
        self._stale.update(self._links if identity is None else [identity])
        self._rung.set()

    async def _keep_fresh(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), REFRESH_SECONDS)
            self._rung.clear()
            stale, self._stale = list(self._stale), set()
            try:
                await self._refresh(stale)
            except Exception as error:  # mostly a database that is out of reach; this must go on until it is back
                self._stale.update(stale)
                _log.warning("refresh_failed", reason=str(error))
                await asyncio.sleep(1)

    async def _refresh(self, identities: list[str]) -> None:
        def look(services: Services) -> tuple[list[Station | None], list[tuple[str, LinkId]]]:
            found = [services.provisioning.find_station(identity) for identity in identities]
            return found, services.presence.to_close(self._node)

        stations, ending = await self._office.read(look)
        now = asyncio.get_running_loop().time()
        for identity, station in zip(identities, stations, strict=True):
            connection = self._links.get(identity)
            if connection is None:
                continue
            connection.read_at = now
            if station is None:
                connection.close(POLICY, "the station was removed from the register")
            else:
                connection.station = station
        for identity, link_id in ending:
            connection = self._links.get(identity)
            if connection is not None and connection.link_id == link_id:
                connection.close(NORMAL, "closed by the operator")

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

        def work(services: Services) -> None:
            services.presence.open(
                connection.station,
                connection.link_id,
                node=self._node,
                address=connection.address,
                subprotocol=connection.subprotocol,
            )

        def done(outcome: Outcome[None]) -> None:
            if outcome.error is not None:
                connection.recorded_at = None
            else:
                self._tell(connection.station.identity)
            _logged(outcome)

        self._office.submit(connection.station.key, work, done)


def _closing(connection: Connection) -> Callable[[Services], None]:
    return lambda services: services.presence.close(connection.station, connection.link_id)


def _noting(contacts: list[tuple[StationKey, datetime]]) -> Callable[[Services], None]:
    return lambda services: services.provisioning.record_contacts(contacts)


def _noting_strangers(strangers: list[UnknownStation]) -> Callable[[Services], None]:
    return lambda services: services.provisioning.record_strangers(strangers)


def _pruning_strangers(services: Services) -> None:
    services.authorization.prune_strangers()


def _logged(outcome: Outcome[object]) -> None:
    if outcome.error is not None:
        _log.warning("record_not_kept", error=repr(outcome.error)[:300])
