"""The notifier with real receivers: everything arrives, slow ones hold up nobody, and a restart loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from forecourt.config import MailTls
from forecourt.domain.events.kinds import Kind
from forecourt.domain.notifications.model import GATHERING, LEASE, Channel, Draft, State, SubscriptionNumber, wait_after
from forecourt.notifier import notifier as room
from forecourt.notifier.mail import Mails, MailServer
from forecourt.notifier.notifier import Notifier
from forecourt.notifier.webhooks import Webhooks
from tests.support.clock import FakeClock
from tests.support.receivers import Received, a_mail_server, a_receiver
from tests.support.workspace import MemoryWorkspace


class Scene:
    """A workspace with a clock, and notifiers on it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.workspace = MemoryWorkspace(clock=self.clock)
        self.services = self.workspace.services

    def a_webhook(self, url: str, name: str = "hook") -> tuple[SubscriptionNumber, str]:
        draft = Draft(name=name, channel=Channel.WEBHOOK, url=url)
        made, secret = self.services.notifications.add(draft, asked_by="tests")
        assert secret is not None
        return made.number, secret

    def tells(self, count: int = 1) -> None:
        for _ in range(count):
            self.services.events.tell_of_station(Kind.STATION_REMOVED, "CP-1", {})

    def a_notifier(self, node: str = "node", mail_port: int = 0) -> Notifier:
        server = MailServer(host="localhost", port=mail_port, tls=MailTls.NONE, sender="forecourt@example.com")
        return Notifier(
            self.workspace,
            webhooks=Webhooks(self.clock, source="urn:forecourt"),
            mails=Mails(server),
            node=node,
            keep=timedelta(days=30),
        )

    @contextlib.asynccontextmanager
    async def running(self, notifier: Notifier | None = None) -> AsyncIterator[Notifier]:
        one = notifier or self.a_notifier()
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(one.run())
            yield one
            task.cancel()


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(room, "AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(room, "SHORTEST_PAUSE", 0.01)
    monkeypatch.setattr(room, "STOP_SECONDS", 0.05)
    return Scene()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def test_everything_arrives_once_and_signed(scene: Scene) -> None:
    async def story() -> None:
        with a_receiver() as receiver:
            number, secret = scene.a_webhook(receiver.url)
            scene.tells(18)
            async with scene.running():
                await until(lambda: scene.services.notifications.get(number).delivered == 18)
                scene.tells()
                await until(lambda: scene.services.notifications.get(number).delivered == 19)
            assert sorted(receiver.ids) == sorted(f"evt_{index}" for index in range(1, 20))
            assert all(got.is_signed_with(secret) for got in receiver.received)

    run(story())


def test_a_receiver_that_hangs_holds_up_nobody_else(scene: Scene) -> None:
    async def story() -> None:
        with a_receiver() as slow, a_receiver() as quick:
            slow.hold = threading.Event()
            first, _ = scene.a_webhook(slow.url, "slow")
            second, _ = scene.a_webhook(quick.url, "quick")
            scene.tells(6)
            async with scene.running():
                await until(lambda: scene.services.notifications.get(second).delivered == 6)
                assert scene.services.notifications.get(first).delivered == 0
                slow.hold.set()
                await until(lambda: scene.services.notifications.get(first).delivered == 6)

    run(story())


def test_a_restart_in_the_middle_loses_nothing_and_repeats_only_with_the_same_id(scene: Scene) -> None:
    async def story() -> None:
        with a_receiver() as receiver:
            receiver.hold = threading.Event()
            number, _ = scene.a_webhook(receiver.url)
            scene.tells(10)
            async with scene.running():
                await until(lambda: len(receiver.received) >= 4)
            before = [*receiver.ids]
            assert scene.services.notifications.get(number).delivered == 0
            receiver.hold.set()
            async with scene.running():
                await until(lambda: scene.services.notifications.get(number).delivered == 10)
            assert set(receiver.ids) == {f"evt_{index}" for index in range(1, 11)}
            assert set(before) <= set(receiver.ids[len(before) :]), "what was not recorded came again"

    run(story())


def test_a_node_that_vanishes_is_replaced_when_its_lease_is_over(scene: Scene) -> None:
    async def story() -> None:
        with a_receiver() as receiver:
            number, _ = scene.a_webhook(receiver.url)
            scene.tells()
            assert scene.services.dispatch.take(number, "vanished") is not None
            async with scene.running() as notifier:
                await notifier.look_around()
                await until(lambda: notifier.is_idle)
                assert receiver.received == []
                scene.clock.advance(LEASE)
                await until(lambda: receiver.ids == ["evt_1"])

    run(story())


def test_two_nodes_send_an_event_once(scene: Scene) -> None:
    async def story() -> None:
        with a_receiver() as receiver:
            number, _ = scene.a_webhook(receiver.url)
            async with scene.running(scene.a_notifier("a")), scene.running(scene.a_notifier("b")):
                for _ in range(3):
                    scene.tells(3)
                    await asyncio.sleep(0.01)
                await until(lambda: scene.services.notifications.get(number).delivered == 9)
            assert len(receiver.ids) == len(set(receiver.ids)) == 9

    run(story())


def test_what_fails_is_tried_again_until_it_arrives(scene: Scene) -> None:
    answers = iter([500, 500, 204])

    def next_answer(_got: Received) -> int:
        return next(answers)

    async def story() -> None:
        with a_receiver() as receiver:
            receiver.status_of = next_answer
            number, _ = scene.a_webhook(receiver.url)
            scene.tells()
            async with scene.running():
                await until(lambda: scene.services.notifications.get(number).failures == 1)
                scene.clock.advance(wait_after(1))
                await until(lambda: scene.services.notifications.get(number).failures == 2)
                scene.clock.advance(wait_after(2))
                await until(lambda: scene.services.notifications.get(number).delivered == 1)
            assert receiver.ids == ["evt_1"] * 3
            assert len({got.headers["webhook-timestamp"] for got in receiver.received}) == 3

    run(story())


def test_410_pauses_a_subscription(scene: Scene) -> None:
    async def story() -> None:
        with a_receiver() as receiver:
            receiver.status = 410
            number, _ = scene.a_webhook(receiver.url)
            scene.tells()
            async with scene.running():
                await until(lambda: scene.services.notifications.get(number).state is State.PAUSED)
            assert len(receiver.received) == 1

    run(story())


def test_several_events_come_in_one_mail(scene: Scene) -> None:
    async def story() -> None:
        with a_mail_server() as box:
            draft = Draft(name="mail", channel=Channel.MAIL, recipients=("a@example.com",))
            scene.services.notifications.add(draft, asked_by="tests")
            scene.tells(3)
            scene.clock.advance(GATHERING)
            async with scene.running(scene.a_notifier(mail_port=box.port)):
                await until(lambda: len(box.raw) == 1)
            assert box.mails[0]["Subject"] == "3 events: A station was taken off the register (3)"

    run(story())


def test_a_database_that_is_away_for_a_while_loses_nothing(scene: Scene) -> None:
    async def story() -> None:
        with a_receiver() as receiver:
            number, _ = scene.a_webhook(receiver.url)
            scene.workspace.is_available = False
            async with scene.running():
                await asyncio.sleep(0.05)
                scene.workspace.is_available = True
                scene.tells()
                await until(lambda: scene.services.notifications.get(number).delivered == 1)
            assert receiver.ids == ["evt_1"]

    run(story())
