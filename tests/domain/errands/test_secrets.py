"""Of a secret that was to be sent, nothing stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from forecourt.domain.errands.intents import ChangeSetting, Intent, Say, UpdateFirmware, UploadLog
from forecourt.domain.errands.model import (
    Delivery,
    ErrandNumber,
)
from tests.domain.errands.errands import ErrandWorld, a_draft, an_order
from tests.domain.errands.happenings import expire, send_it
from tests.support.clock import NOON


@pytest.fixture
def world() -> ErrandWorld:
    return ErrandWorld()


SECRETS: list[Intent] = [
    ChangeSetting("AuthorizationKey", "c0ffee"),
    Say("ChangeConfiguration", '{"key":"AuthorizationKey","value":"c0ffee"}'),
    UploadLog(1, "ftp://me:c0ffee@logs.example/in", "diagnostics"),
    UpdateFirmware(1, "https://files.example/fw.bin?sig=c0ffee", NOON),
]


ENDS: dict[str, Callable[[ErrandWorld, ErrandNumber], object]] = {
    "sent": lambda world, _number: send_it(world, world.claimed()),
    "cancelled": lambda world, number: world.errands.cancel(number),
    "expired": lambda world, number: expire(world, world.claimed()),
    "refused to be sent": lambda world, _number: world.errands.refuse_to_send(world.claimed(), "Why."),
}


@pytest.mark.parametrize("intent", SECRETS, ids=lambda intent: type(intent).__name__)
@pytest.mark.parametrize("end", ENDS)
def test_no_secret_stays_in_the_database(world: ErrandWorld, intent: Intent, end: str) -> None:
    number = world.asked(intent).number
    assert "c0ffee" in world.database_text(), "until it is sent it has to be known"

    ENDS[end](world, number)

    assert "c0ffee" not in world.database_text()


@pytest.mark.parametrize("intent", SECRETS, ids=lambda intent: type(intent).__name__)
def test_no_secret_stays_of_what_fails_at_once(world: ErrandWorld, intent: Intent) -> None:
    world.goes_away()
    world.errands.ask(world.station, a_draft(intent), an_order(delivery=Delivery.NOW))
    assert "c0ffee" not in world.database_text()


@pytest.mark.parametrize("intent", SECRETS, ids=lambda intent: type(intent).__name__)
def test_no_secret_stays_of_a_batch_that_is_taken_back(world: ErrandWorld, intent: Intent) -> None:
    batch = world.errands.add_batch("Set", "ada", 1)
    world.asked(intent, an_order(batch=batch))
    world.errands.cancel_some(batch)
    assert "c0ffee" not in world.database_text()
