"""The words of errands: states, times until which they may be sent, batches, failures."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from forecourt.domain.errands.intents import INTENTS, ChangeSetting, Intent, UpdateFirmware, UploadLog
from forecourt.domain.errands.model import (
    LONGEST_WAIT,
    Batch,
    BatchNumber,
    Delivery,
    ErrandState,
    Failure,
    Order,
    expiry,
)
from forecourt.domain.errors import Kind
from tests.domain.world import refused
from tests.support.clock import NOON

SECOND = timedelta(seconds=1)


def test_only_what_is_queued_or_sent_may_still_change() -> None:
    assert {state for state in ErrandState if not state.is_final} == {ErrandState.QUEUED, ErrandState.SENT}


def an_order(delivery: Delivery, expires_at: datetime | None) -> Order:
    return Order(asked_by="admin", delivery=delivery, expires_at=expires_at)


@pytest.mark.parametrize(
    ("delivery", "asked", "until"),
    [
        (Delivery.NOW, None, NOON + timedelta(seconds=30)),
        (Delivery.WHEN_ONLINE, None, NOON + timedelta(days=1)),
        (Delivery.NOW, NOON + SECOND, NOON + SECOND),
        (Delivery.WHEN_ONLINE, NOON + LONGEST_WAIT, NOON + LONGEST_WAIT),
    ],
)
def test_an_errand_may_be_sent_until_it_expires(delivery: Delivery, asked: datetime | None, until: datetime) -> None:
    assert expiry(an_order(delivery, asked), NOON) == until


@pytest.mark.parametrize(
    ("asked", "about"),
    [
        (NOON, "has passed"),
        (NOON - SECOND, "has passed"),
        (NOON + LONGEST_WAIT + timedelta(microseconds=1), "366 days at most"),
    ],
)
@pytest.mark.parametrize("delivery", Delivery)
def test_a_time_that_nobody_can_keep_is_refused(delivery: Delivery, asked: datetime, about: str) -> None:
    with refused(Kind.INVALID, field="expiresAt", about=about):
        expiry(an_order(delivery, asked), NOON)


@pytest.mark.parametrize(
    ("counts", "is_finished"),
    [
        ({}, True),
        ({ErrandState.ANSWERED: 2, ErrandState.SENT: 1}, False),
        ({ErrandState.ANSWERED: 2, ErrandState.QUEUED: 1}, False),
        ({ErrandState.ANSWERED: 2, ErrandState.QUEUED: 0}, True),
        ({ErrandState.ANSWERED: 1, ErrandState.REFUSED: 1, ErrandState.FAILED: 1}, True),
        ({ErrandState.EXPIRED: 1, ErrandState.CANCELLED: 2}, True),
    ],
)
@pytest.mark.parametrize("is_written", [True, False])
def test_a_batch_is_finished_when_it_is_written_and_all_of_it_has_ended(
    counts: dict[ErrandState, int], is_finished: bool, is_written: bool
) -> None:
    """As long as errands may be added it is not finished, whatever has become of those that are there."""
    batch = Batch(
        number=BatchNumber(1),
        operation="Reset",
        asked_by="admin",
        asked_at=NOON,
        total=3,
        counts=counts,
        is_written=is_written,
    )
    assert batch.is_finished is (is_finished and is_written)


@pytest.mark.parametrize(
    ("code", "is_unsupported"),
    [("NotImplemented", True), ("NotSupported", True), ("InternalError", False), (None, False)],
)
def test_a_station_may_say_that_it_does_not_do_such_a_thing(code: str | None, is_unsupported: bool) -> None:
    """OCPP-J 1.6 Table 7."""
    assert Failure("why", code).is_unsupported is is_unsupported


@pytest.mark.parametrize(
    ("intent", "secret"),
    [
        (ChangeSetting("AuthorizationKey", "c0ffee"), "c0ffee"),
        (ChangeSetting("vendorPASSWORDforWifi", "c0ffee"), "c0ffee"),
        (UploadLog(1, "ftp://me:c0ffee@logs.example/in?token=c0ffee", "diagnostics"), "c0ffee"),
        (UpdateFirmware(1, "https://me:c0ffee@files.example/fw.bin", NOON), "c0ffee"),
    ],
)
def test_what_stays_of_an_intent_has_no_secret(intent: Intent, secret: str) -> None:
    kept = intent.without_secrets()
    assert type(kept) is type(intent)
    assert secret in repr(intent)
    assert secret not in repr(kept)
    assert kept.without_secrets() == kept


def test_an_intent_without_a_secret_stays_as_it_is() -> None:
    intent = ChangeSetting("HeartbeatInterval", "300")
    assert intent.without_secrets() is intent


def test_every_kind_of_intent_is_known_by_its_name() -> None:
    assert INTENTS
    assert all(name == kind.__name__ for name, kind in INTENTS.items())


def test_no_kind_of_intent_is_derived_from_another() -> None:
    """It would be stored under a name that nobody reads."""
    assert [kind for intent in INTENTS.values() for kind in intent.__subclasses__()] == []
