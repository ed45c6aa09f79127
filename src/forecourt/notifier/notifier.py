"""Carries events to whoever subscribed to them, and what became of it back to the database.

Nothing waits for anybody: an event is a row, the notifier takes a subscription on for a while, sends in threads, and
records what came of it in one unit of work. A process that ends in the middle leaves it to be taken on again.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from forecourt.domain.errors import DomainError
from forecourt.domain.notifications.model import LEASE, Channel, Round, SubscriptionNumber, Trial
from forecourt.domain.services import Services, Workspace
from forecourt.notifier.mail import Mails
from forecourt.notifier.webhooks import Webhooks
from forecourt.threads import in_thread
from forecourt.waiting import wait_at_most

AGAIN_SECONDS: Final = 1.0
"""Between two looks at what waits and was not rung for, and before something is recorded again that the database did
not take."""

SHORTEST_PAUSE: Final = 0.1
"""Between two looks, however often the bell is rung."""

REQUESTS_AT_ONCE: Final = 4
"""To one receiver; one that is slow holds up only what is meant for it."""

REQUEST_SECONDS: Final = 20.0
MAIL_SECONDS: Final = 60.0
"""What takes longer is left behind, and counts as not delivered."""

TIDY_SECONDS: Final = 600.0
STOP_SECONDS: Final = 2.0
"""For what is being sent when the process is asked to stop."""

_log = structlog.get_logger(__name__)


class Notifier:
    """The notifier of one node."""

    def __init__(self, workspace: Workspace, *, webhooks: Webhooks, mails: Mails, node: str, keep: timedelta) -> None:
        self._workspace = workspace
        self._webhooks = webhooks
        self._mails = mails
        self._node = node
        self._keep = keep
        self._work: dict[SubscriptionNumber, asyncio.Task[None]] = {}
        self._looks_now = asyncio.Event()
        self._tidied_at: float | None = None

    @property
    def is_idle(self) -> bool:
        return not self._work

    def rung(self, _about: str | None = None) -> None:
        """There may be something to tell."""
        self._looks_now.set()

    async def run(self) -> None:
        """Go on, for ever, with what the process before this one was at, and with all that comes."""
        await self._recover()
        try:
            while True:
                await self.look_around()
                await self._tidy()
                await asyncio.sleep(SHORTEST_PAUSE)
                await wait_at_most(self._looks_now, AGAIN_SECONDS)
                self._looks_now.clear()
        finally:
            await self.close()

    async def close(self) -> None:
        """Let what is nearly done be recorded; the rest is taken on again by the next process."""
        tasks = [*self._work.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in tasks:
            task.cancel()
        with contextlib.suppress(DomainError):  # its leases run out
            await self._workspace.write(lambda services: services.dispatch.release(self._node))

    async def look_around(self) -> None:
        """Begin to deliver what waits."""
        try:
            numbers = await self._workspace.read(lambda services: services.dispatch.at_work())
        except Exception as error:  # mostly a database that is out of reach; this must go on until it is back
            _log.warning("subscriptions_not_read", reason=str(error))
            return
        for number in numbers:
            if number not in self._work:
                work = self._see_to(number)
                task = asyncio.get_running_loop().create_task(work, name=f"subscription-{number}")
                self._work[number] = task
                task.add_done_callback(functools.partial(self._seen_to, number))

    def _seen_to(self, number: SubscriptionNumber, _task: asyncio.Task[None]) -> None:
        del self._work[number]
        self._looks_now.set()

    async def _recover(self) -> None:
        try:
            left = await self._workspace.write(lambda services: services.dispatch.release(self._node))
        except DomainError as error:
            _log.warning("subscriptions_not_released", reason=str(error))  # their leases run out
        else:
            if left:
                _log.info("subscriptions_continued", count=left)

    async def _see_to(self, number: SubscriptionNumber) -> None:
        """Deliver to one, as long as that goes well and there is more."""
        try:
            is_more = True
            while is_more:
                leased_until = asyncio.get_running_loop().time() + LEASE.total_seconds()
                taken = await self._workspace.write(functools.partial(_take, number, self._node))
                if taken is None:
                    return
                trials = await self._tried(taken)
                await self._record(taken, trials, leased_until)
                is_more = taken.subscription.channel is Channel.WEBHOOK and all(one.error is None for one in trials)
        except Exception as error:  # mostly a database that is out of reach; it is taken on again
            _log.warning("subscription_failed", subscription=number, reason=str(error), error=type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _tried(self, taken: Round) -> list[Trial]:
        if taken.subscription.channel is Channel.MAIL:
            return await self._mailed(taken)
        places = asyncio.Semaphore(REQUESTS_AT_ONCE)

        async def send(index: int) -> Trial:
            event = taken.events[index]
            async with places:
                work = in_thread(
                    f"webhook-{taken.subscription.number}",
                    lambda: self._webhooks.send(taken.subscription, taken.secrets, event),
                )
                try:
                    async with asyncio.timeout(REQUEST_SECONDS):
                        return await work
                except TimeoutError:
                    return Trial(event, f"The receiver took longer than {REQUEST_SECONDS:.0f} seconds.")
                except Exception as error:  # a mistake of ours with one event must not keep the others
                    _log.exception("webhook_failed", event_number=event.number, error=type(error).__name__)
                    return Trial(event, "It could not be sent by a mistake of this system; its log says more.")

        return list(await asyncio.gather(*(send(index) for index in range(len(taken.events)))))

    async def _mailed(self, taken: Round) -> list[Trial]:
        subscription, events = taken.subscription, taken.events
        work = in_thread(f"mail-{subscription.number}", lambda: self._mails.send(subscription, events))
        try:
            async with asyncio.timeout(MAIL_SECONDS):
                return await work
        except TimeoutError:
            reason = f"The mail server took longer than {MAIL_SECONDS:.0f} seconds."
        except Exception as error:  # as above
            _log.exception("mail_failed", subscription=subscription.number, error=type(error).__name__)
            reason = "It could not be sent by a mistake of this system; its log says more."
        return [Trial(event, reason) for event in events]

    async def _record(self, taken: Round, trials: Sequence[Trial], leased_until: float) -> None:
        """After the end of the lease nothing is recorded: somebody else may be at it."""
        for trial in trials:
            if trial.error is not None:
                _log.warning(
                    "event_not_delivered",
                    subscription=taken.subscription.number,
                    event_number=trial.event.number,
                    reason=trial.error,
                )
        while asyncio.get_running_loop().time() < leased_until:
            try:
                await self._workspace.write(functools.partial(_settle, taken, self._node, trials))
            except DomainError as error:  # what was delivered must be recorded, though the database is away for a while
                _log.warning("delivery_not_recorded", subscription=taken.subscription.number, reason=str(error))
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                return

    async def _tidy(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._tidied_at is not None and now - self._tidied_at < TIDY_SECONDS:
            return
        self._tidied_at = now
        try:
            await self._workspace.write(lambda services: services.dispatch.tidy(self._keep))
        except Exception as error:  # as above
            _log.warning("events_not_tidied", reason=str(error))


def _take(number: SubscriptionNumber, node: str, services: Services) -> Round | None:
    return services.dispatch.take(number, node)


def _settle(taken: Round, node: str, trials: Sequence[Trial], services: Services) -> bool:
    return services.dispatch.settle(taken, node, trials)
