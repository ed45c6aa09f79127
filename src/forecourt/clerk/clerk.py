"""Carries requests for certificates to authorities, and what they answer back to the database.

Nothing waits for anybody: a request is a row, the clerk takes it on for a while, has it signed in a thread, and records
what came of it in one unit of work. A process that ends in the middle leaves the row to be taken on again.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections import Counter
from collections.abc import Callable
from typing import Final

import structlog

from forecourt.clerk.work import ChosenSigner, Signers
from forecourt.domain.authorities.model import OWN
from forecourt.domain.errors import DomainError
from forecourt.domain.services import Services, Workspace
from forecourt.domain.signing.model import (
    LEASE,
    Assignment,
    Outage,
    Signer,
    SigningNumber,
    SigningRefused,
    SigningUnavailable,
)
from forecourt.threads import in_thread
from forecourt.waiting import wait_at_most

AGAIN_SECONDS: Final = 1.0
"""Between two looks at what waits and was not rung for, and before something is recorded again that the database did
not take."""

OWN_AT_ONCE: Final = 16
OUTSIDE_AT_ONCE: Final = 2
"""Requests that are at one authority at a time: one that hangs cannot hold up those to others."""

LONGEST_WORK_SECONDS: Final = 120.0
"""A signer has time-outs of its own; one that takes longer than this is left behind."""

READY_SECONDS: Final = 60.0
"""For what signing needs, such as keys in a device, before the requests are put off."""

STOP_SECONDS: Final = 2.0
"""For what is being signed when the process is asked to stop."""

_log = structlog.get_logger(__name__)

Ending = Callable[[Services], bool]
"""Records what became of a request; False when it is not this node's any more."""


class Clerk:
    """The clerk of one node."""

    def __init__(self, workspace: Workspace, signers: Signers, *, node: str) -> None:
        self._workspace = workspace
        self._signers = signers
        self._node = node
        self._looks: dict[str, asyncio.Task[None]] = {}
        """One for each authority: what one of them needs cannot hold up the others."""
        self._looks_again: set[str] = set()
        self._work: dict[SigningNumber, asyncio.Task[None]] = {}
        self._busy: Counter[str] = Counter()
        """Requests that are in work, by authority."""
        self._looks_now = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        return not self._looks and not self._work

    def rung(self, _about: str | None = None) -> None:
        """There may be something to sign."""
        self._looks_now.set()

    async def run(self) -> None:
        """Go on, for ever, with what the process before this one was at, and with all that comes."""
        await self._recover()
        while True:
            await self.look_around()
            await wait_at_most(self._looks_now, AGAIN_SECONDS)
            self._looks_now.clear()

    async def close(self) -> None:
        """Let what is nearly done be recorded; the rest is taken on again by the next process."""
        for look in self._looks.values():
            look.cancel()
        tasks = [*self._looks.values(), *self._work.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in tasks:
            task.cancel()
        with contextlib.suppress(DomainError):  # its lease runs out
            await self._workspace.write(lambda services: services.signing.release(self._node))

    async def look_around(self) -> None:
        """Begin to take on what waits, as much as may be in work at once."""
        try:
            asked = await self._workspace.read(lambda services: services.signing.asked())
        except Exception as error:  # mostly a database that is out of reach; this must go on until it is back
            _log.warning("signings_not_claimed", reason=str(error))
            return
        for authority in asked:
            room = (OWN_AT_ONCE if authority == OWN else OUTSIDE_AT_ONCE) - self._busy[authority]
            if authority in self._looks:
                self._looks_again.add(authority)
            elif room > 0:
                task = asyncio.get_running_loop().create_task(self._take_on(authority, room), name=f"claim-{authority}")
                self._looks[authority] = task
                task.add_done_callback(functools.partial(self._looked, authority))

    def _looked(self, authority: str, _task: asyncio.Task[None]) -> None:
        del self._looks[authority]
        if authority in self._looks_again:
            self._looks_again.discard(authority)
            self._looks_now.set()

    async def _recover(self) -> None:
        try:
            left = await self._workspace.write(lambda services: services.signing.release(self._node))
        except DomainError as error:
            _log.warning("signings_not_released", reason=str(error))  # their leases run out
        else:
            if left:
                _log.info("signings_continued", count=left)

    async def _take_on(self, authority: str, room: int) -> None:
        """Nothing is claimed before it can be signed: a lease is as long as the work may take."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                chosen = await self._signers.ready(authority)
        except Exception as error:
            reason = "it took too long" if isinstance(error, TimeoutError) else str(error)
            _log.warning("signers_not_ready", authority=authority, reason=reason)
            chosen = functools.partial(_not_ready, f"What signing needs could not be read: {reason}")
        leased_until = asyncio.get_running_loop().time() + LEASE.total_seconds()
        try:
            claimed = await self._workspace.write(functools.partial(_claim, self._node, room, authority))
        except Exception as error:  # as above
            _log.warning("signings_not_claimed", authority=authority, reason=str(error))
            return
        for assignment in claimed:
            self._begin(assignment, chosen, leased_until)

    def _begin(self, assignment: Assignment, chosen: ChosenSigner, leased_until: float) -> None:
        number, name = assignment.number, assignment.authority.name
        former = self._work.get(number)
        if former is not None:  # its lease was taken away, as when its authority was set up otherwise
            former.cancel()
        work = self._see_to(assignment, chosen, leased_until)
        task = asyncio.get_running_loop().create_task(work, name=f"signing-{number}")
        self._busy[name] += 1
        self._work[number] = task

        def done(task: asyncio.Task[None]) -> None:
            if self._work.get(number) is task:
                del self._work[number]
            self._busy[name] -= 1
            self._looks_now.set()

        task.add_done_callback(done)

    async def _see_to(self, assignment: Assignment, chosen: ChosenSigner, leased_until: float) -> None:
        """After the end of the lease nothing is recorded: somebody else may be at it."""
        ending = await self._signed(assignment, chosen)
        while asyncio.get_running_loop().time() < leased_until:
            try:
                is_taken = await self._workspace.write(ending)
            except Exception as error:  # what was signed must not be lost because the database is away for a while
                _log.warning("signing_not_recorded", signing=assignment.number, reason=str(error))
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                if not is_taken:
                    _log.warning("signing_too_late", signing=assignment.number, authority=assignment.authority.name)
                return

    async def _signed(self, assignment: Assignment, chosen: ChosenSigner) -> Ending:
        number, name = assignment.number, assignment.authority.name
        try:
            signer = chosen(assignment.authority)
            async with asyncio.timeout(LONGEST_WORK_SECONDS):
                result = await in_thread(f"sign-{number}", lambda: signer.sign(assignment))
        except SigningRefused as error:
            _log.warning("signing_refused", signing=number, authority=name, reason=str(error))
            sentence = str(error)
            return lambda services: services.signing.refused(number, self._node, sentence)
        except SigningUnavailable as error:
            _log.warning("signing_put_off", signing=number, authority=name, reason=str(error))
            return self._put_off(assignment, error.outage)
        except TimeoutError:
            _log.warning("signer_left_behind", signing=number, authority=name)
            sentence = f"The authority took longer than {LONGEST_WORK_SECONDS:.0f} seconds."
            return self._put_off(assignment, Outage(sentence))
        except Exception as error:  # a mistake in one signer must not keep the others
            _log.exception("signer_failed", signing=number, authority=name, error=type(error).__name__)
            sentence = "It could not be signed by a mistake of this system; its log says more."
            return self._put_off(assignment, Outage(sentence))
        return lambda services: services.signing.ended(number, self._node, result)

    def _put_off(self, assignment: Assignment, outage: Outage) -> Ending:
        return lambda services: services.signing.unavailable(assignment.number, self._node, outage)


def _claim(node: str, limit: int, authority: str, services: Services) -> list[Assignment]:
    return services.signing.claim(node, limit, authority=authority)


def _not_ready(reason: str, _authority: object) -> Signer:
    raise SigningUnavailable(reason)
