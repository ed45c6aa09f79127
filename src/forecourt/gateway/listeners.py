"""All addresses where stations connect: when they listen, and with which TLS context."""

from __future__ import annotations

import asyncio
import functools
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import structlog

from forecourt.clock import Clock
from forecourt.config import ListenerConfig, Tls
from forecourt.domain.security_log.model import Kind, Note
from forecourt.domain.trust.model import ServerCertificate, Unusable
from forecourt.gateway import tls
from forecourt.gateway.accepting import Acceptor, bind, listen
from forecourt.gateway.greeting import Entrance, Greeter
from forecourt.gateway.notes import Notes
from forecourt.gateway.trust import Trusting
from forecourt.settings import Address

CHOOSE_SECONDS: Final = 30.0

_TIME: Final = "%Y-%m-%d %H:%M UTC"

_log = structlog.get_logger(__name__)


class Listeners:
    """All listeners of this process."""

    def __init__(self, settings: Sequence[ListenerConfig], *, greeter: Greeter, notes: Notes, clock: Clock) -> None:
        self._greeter = greeter
        self._notes = notes
        self._unusable: tuple[Unusable, ...] = ()
        self._following = asyncio.Lock()
        self._listeners = [Listener(one, greeter=greeter, notes=notes, clock=clock) for one in settings]

    async def start(self, trusting: Trusting) -> dict[str, Address]:
        """Take every address, and listen. A listener with TLS needs a server certificate; without one its address is
        taken and nobody can connect, until :meth:`follow` is told of one.

        Returns the addresses in use, by name. Raises OSError, and then none is held.
        """
        try:
            addresses = {listener.name: await listener.start() for listener in self._listeners}
        except OSError:
            self.stop_accepting()
            raise
        await self.follow(trusting)
        return addresses

    async def follow(self, trusting: Trusting) -> None:
        """Present and ask for what the store says now, from the next handshake on. Listeners alike share a context."""
        async with self._following:
            await self._follow(trusting)

    async def run(self, current: Callable[[], Trusting]) -> None:
        """Choose anew now and then, for ever: certificates become valid and expire while the store stays as it is."""
        while True:
            await asyncio.sleep(CHOOSE_SECONDS)
            await self.follow(current())

    async def _follow(self, trusting: Trusting) -> None:
        made: dict[tls.Plan, tls.Made] = {}
        for one in trusting.unusable:
            if one not in self._unusable:
                self._notes.note(Note(kind=Kind.LISTENER_FAILED, reason=f"{one.name} cannot be used: {one.reason}"))
        self._unusable = trusting.unusable
        for listener in self._listeners:
            try:
                await listener.follow(trusting, made)
            except Exception:  # noqa: BLE001  # the others must follow all the same
                _log.exception("listener_failed", listener=listener.name)

    def stop_accepting(self) -> None:
        """Take no more connections. Those that wait for their handshake are sent away."""
        for listener in self._listeners:
            listener.stop_accepting()
        self._greeter.stop()


class Listener:
    """One address."""

    def __init__(self, settings: ListenerConfig, *, greeter: Greeter, notes: Notes, clock: Clock) -> None:
        self.name = settings.name
        self._settings = settings
        self._address = settings.address
        self._entrance = Entrance(settings)
        self._took = functools.partial(greeter.greet, self._entrance)
        self._notes = notes
        self._clock = clock
        self._held: list[socket.socket] = []
        """Bound, and not listening."""
        self._acceptor: Acceptor | None = None
        self._is_stopped = False
        self._plan: tls.Plan | None = None
        self._is_waiting = False
        """It was told that a server certificate is missing."""
        self._version = -1
        self._refused: list[tuple[ServerCertificate, str]] = []
        """What OpenSSL does not take of this version of the store, and why."""
        self._left_out: Sequence[str] = ()
        self._cannot_listen: str | None = None
        self._complained: frozenset[str] = frozenset()
        """What is noted and still so."""

    async def start(self) -> Address:
        """Take the address, and listen if there is no TLS. Raises OSError."""
        await self._hold()
        if self._settings.tls is Tls.NONE:
            self._listen()
            if not self._address.is_local and not self._settings.proxy_protocol:
                _log.warning(
                    "listens_without_tls",
                    listener=self.name,
                    address=str(self._address),
                    advice="only for networks that are trusted by other means",
                )
        return self._address

    async def follow(self, trusting: Trusting, made: dict[tls.Plan, tls.Made]) -> None:
        """Use what the store says now. What cannot be used is noted, and of its family of keys the last one that could
        be stays in use.

        ``made`` has the contexts that were made for this version already.
        """
        if self._settings.tls is Tls.NONE or self._is_stopped:
            return
        if trusting.version != self._version:
            self._version, self._refused = trusting.version, []
        plan = await self._choose(trusting, made)
        if plan is None:
            await self._shut()
        elif plan != self._plan or self._acceptor is None:
            await self._use(plan, made[plan])
        self._complain(trusting)

    async def _choose(self, trusting: Trusting, made: dict[tls.Plan, tls.Made]) -> tls.Plan | None:
        """The plan that OpenSSL takes, made unless it is in use; whatever it does not take is not tried again before
        the store has changed."""
        last = () if self._plan is None else self._plan.presented
        while True:
            refused = [one for one, _ in self._refused]
            plan = tls.plan(trusting, self._settings, self._clock.now(), last=last, refused=refused)
            if plan is None or (plan == self._plan and self._acceptor is not None):
                return plan
            if plan not in made:
                made[plan] = await asyncio.to_thread(tls.make_context, plan)
            if not made[plan].refused:
                return plan
            self._refused += made[plan].refused

    async def _use(self, plan: tls.Plan, made: tls.Made) -> None:
        self._entrance.context, self._plan, self._left_out = made.context, plan, made.left_out
        self._cannot_listen = None
        try:
            if self._acceptor is None:
                await self._open()
        except OSError as error:
            self._cannot_listen = f"it cannot listen: {error}. It tries again."
            return
        names = [one.name for one in plan.presented]
        _log.info("tls_renewed", listener=self.name, presents=names, trusts=len(plan.trusted))

    # What is not as it should be

    def _complain(self, trusting: Trusting) -> None:
        """Note what is new of it."""
        found = dict.fromkeys(self._complaints(trusting))
        for sentence in found:
            if sentence not in self._complained:
                self._notes.note(Note(kind=Kind.LISTENER_FAILED, reason=f"The listener {self.name}: {sentence}"))
        self._complained = frozenset(found)

    def _complaints(self, trusting: Trusting) -> Iterator[str]:
        presented = () if self._plan is None else self._plan.presented
        by_family = {tls.family_of(one): one for one in presented}
        for one, why in self._refused:
            kept = by_family.get(tls.family_of(one))
            instead = f"It presents {kept.name!r} instead" if kept else "There is no other one to present"
            yield f"The server certificate {one.name!r} cannot be used: {why}. {instead} for {tls.family_of(one)} keys."
        lost = {one.name for one in trusting.unusable}
        now = self._clock.now()
        for one in presented:
            if one.name in lost:
                yield f"It goes on with {one.name!r} as it was before. Restarted, it could not."
            if not tls.is_valid(one, now):
                leaf = one.chain[0]
                is_over = now > leaf.not_after
                when = f"expired at {leaf.not_after:{_TIME}}" if is_over else f"is valid from {leaf.not_before:{_TIME}}"
                family = tls.family_of(one)
                yield f"It presents {one.name!r}, which {when}, because there is no better one for {family} keys."
        if self._plan is None and (self._refused or trusting.unusable):
            yield "There is no server certificate that it could present, so that nobody can connect."
        yield from self._left_out
        if self._cannot_listen is not None:
            yield self._cannot_listen

    # The socket

    async def _hold(self) -> None:
        self._held = await bind(self._address)
        self._address = replace(self._address, port=self._held[0].getsockname()[1])

    async def _open(self) -> None:
        if not self._held:
            await self._hold()
        if self._is_stopped:  # meanwhile
            self.stop_accepting()
            return
        self._is_waiting = False
        self._listen()

    def _listen(self) -> None:
        held, self._held = self._held, []
        self._acceptor = listen(held, self._took)
        _log.info("listening", listener=self.name, address=str(self._address), tls=self._settings.tls.value)

    async def _shut(self) -> None:
        """There is nothing to present: who connects is refused by the machine and need not wait for a time limit."""
        self._entrance.context = self._plan = self._cannot_listen = None
        self._left_out = ()
        if self._acceptor is not None:
            self._acceptor.stop()
            self._acceptor = None
            await self._hold()
        if not self._is_waiting:
            self._is_waiting = True
            _log.warning("no_server_certificate", listener=self.name, advice="it listens as soon as there is one")

    def stop_accepting(self) -> None:
        self._is_stopped = True
        for one in self._held:
            one.close()
        self._held = []
        if self._acceptor is not None:
            self._acceptor.stop()
            self._acceptor = None
