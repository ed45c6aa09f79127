"""What is asked of a station is written down, and every state has its events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.errands.intents import ReadSettings
from forecourt.domain.errands.model import (
    Claim,
    Delivery,
    Draft,
    ErrandFilter,
    ErrandState,
    Failure,
    Order,
    Priority,
)
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.provisioning.model import Registration
from tests.domain.errands.errands import INTENT, ErrandWorld, an_order
from tests.domain.errands.happenings import expire, lose_repeatable, put_back, send_it
from tests.domain.world import ALL, refused
from tests.support.clock import NOON


@pytest.fixture
def world() -> ErrandWorld:
    return ErrandWorld()


# Asking


def test_what_was_asked_for_is_written_down_and_rung_for(world: ErrandWorld) -> None:
    batch = world.errands.add_batch("Set", "admin", 1)
    draft = Draft(operation="Set", intent=INTENT, shown='{"key":"Interval"}', warnings=("It looks odd.", "Twice."))
    order = Order(asked_by="ada", delivery=Delivery.WHEN_ONLINE, priority=Priority.HIGH, batch=batch)

    errand = world.errands.ask(world.station, draft, order)

    assert (errand.station, errand.operation, errand.request) == ("CP-1", "Set", '{"key":"Interval"}')
    assert (errand.state, errand.attempts, errand.action, errand.reason) == (ErrandState.QUEUED, 0, None, None)
    assert (errand.asked_by, errand.delivery, errand.priority, errand.batch) == (
        "ada",
        Delivery.WHEN_ONLINE,
        Priority.HIGH,
        batch,
    )
    assert (errand.queued_at, errand.changed_at, errand.expires_at) == (NOON, NOON, NOON + timedelta(days=1))
    assert (errand.sent_at, errand.ended_at, errand.response, errand.code) == (None, None, None, None)
    assert errand.warnings == ("It looks odd.", "Twice.")
    assert errand.is_outcome_unknown is False
    assert world.changes.errands == ["CP-1"]
    assert world.told == []


def test_numbers_rise_and_are_never_used_again(world: ErrandWorld) -> None:
    numbers = [world.asked().number for _ in range(3)]
    assert numbers == [1, 2, 3]


def test_what_is_wanted_now_of_a_station_that_is_off_line_fails_at_once(world: ErrandWorld) -> None:
    world.goes_away()

    errand = world.asked(order=an_order(delivery=Delivery.NOW))

    assert (errand.state, errand.ended_at) == (ErrandState.FAILED, NOON)
    assert errand.reason == "The station is not connected. Ask for delivery when it is on line, or try again later."
    assert not errand.is_outcome_unknown
    assert world.changes.errands == [], "nobody has to send it"
    assert [told[1:] for told in world.told] == [(errand.number, INTENT, Failure(errand.reason))]


def test_what_may_wait_is_queued_for_a_station_that_is_off_line(world: ErrandWorld) -> None:
    world.goes_away()
    assert world.asked(order=an_order(delivery=Delivery.WHEN_ONLINE)).state is ErrandState.QUEUED


def test_a_station_that_never_was_on_line_is_not_connected(world: ErrandWorld) -> None:
    errand = world.asked(order=an_order(delivery=Delivery.NOW), station=world.a_station("CP-2"))
    assert errand.state is ErrandState.FAILED


@pytest.mark.parametrize("delivery", Delivery)
def test_a_rejected_station_is_sent_nothing(world: ErrandWorld, delivery: Delivery) -> None:
    """OCPP 1.6 §4.2."""
    rejected = replace(world.station, registration=Registration.REJECTED)

    errand = world.asked(order=an_order(delivery=delivery), station=rejected)

    assert errand.state is ErrandState.FAILED
    assert errand.reason is not None
    assert "Rejected" in errand.reason
    assert "accept it first" in errand.reason


def test_a_pending_station_may_be_asked(world: ErrandWorld) -> None:
    """It may be configured before it is accepted (OCPP 1.6 §4.2)."""
    pending = replace(world.station, registration=Registration.PENDING)
    assert world.asked(station=pending).state is ErrandState.QUEUED


def test_an_order_that_nobody_could_carry_is_refused(world: ErrandWorld) -> None:
    order = replace(an_order(), expires_at=NOON)
    with refused(Kind.INVALID, field="expiresAt"):
        world.asked(order=order)
    assert list(world.errands.list(ErrandFilter(), ALL).items) == []


def lose(world: ErrandWorld, claim: Claim) -> None:
    world.errands.lost(claim, "The link ended.", is_repeatable=False)


def cancel(world: ErrandWorld, claim: Claim) -> None:
    try:
        world.errands.cancel(claim.number)
    except DomainError as error:
        assert error.kind is Kind.CONFLICT  # noqa: PT017  # the state afterwards tells whether it was taken back


EVENTS: dict[str, tuple[Callable[[ErrandWorld, Claim], object], ErrandState | None, ErrandState | None]] = {
    "send": (send_it, ErrandState.SENT, None),
    "refuse to send": (
        lambda world, claim: world.errands.refuse_to_send(claim, "It cannot be said."),
        ErrandState.FAILED,
        None,
    ),
    "cancel": (cancel, ErrandState.CANCELLED, None),
    "answer": (
        lambda world, claim: world.errands.answered(claim, response="{}", refusal=None),
        None,
        ErrandState.ANSWERED,
    ),
    "refuse": (
        lambda world, claim: world.errands.answered(claim, response="{}", refusal="Rejected"),
        None,
        ErrandState.REFUSED,
    ),
    "fail": (lambda world, claim: world.errands.failed(claim, Failure("Why.")), None, ErrandState.FAILED),
    "lose": (lose, None, ErrandState.FAILED),
    "lose what is safe to repeat": (lose_repeatable, None, ErrandState.QUEUED),
    "put back": (put_back, None, ErrandState.QUEUED),
    "a day passes": (expire, ErrandState.EXPIRED, ErrandState.FAILED),
}

"""What happens → the state that a queued errand has then, and a sent one; None when it stays as it is."""


# Every state, and what may happen to an errand in it


@pytest.mark.parametrize("state", ErrandState)
@pytest.mark.parametrize("event", EVENTS)
def test_every_event_in_every_state(world: ErrandWorld, state: ErrandState, event: str) -> None:
    """An errand that has ended stays as it is, whatever comes late."""
    happen, when_queued, when_sent = EVENTS[event]
    number = world.in_state(state)
    before = world.errands.get(number)
    told = len(world.told)

    happen(world, Claim(number, world.station.key, "Set", INTENT, before.attempts))

    expected = {ErrandState.QUEUED: when_queued, ErrandState.SENT: when_sent}.get(state) or state
    after = world.errands.get(number)
    assert after.state is expected
    if expected is state:
        assert after == before
    assert (after.ended_at is not None) is expected.is_final
    has_failed = expected in (ErrandState.FAILED, ErrandState.EXPIRED, ErrandState.CANCELLED) and expected is not state
    assert len(world.told) - told == has_failed


# Who is told


def test_a_room_is_told_of_its_own_kind_only(world: ErrandWorld) -> None:
    number = world.asked(ReadSettings()).number
    world.errands.cancel(number)
    assert world.told == []


def test_whoever_waits_for_an_errand_is_rung_for_each_change(world: ErrandWorld) -> None:
    claim = world.sent()
    world.errands.answered(claim, response="{}", refusal=None)
    assert [ring for ring in world.unit.rings if ring.startswith("result ")] == [f"result {claim.number}"] * 2
