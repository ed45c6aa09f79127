"""A start that was asked for from here is followed until its transaction begins (OCPP 1.6 §5.11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.errands.intents import StartCharging
from forecourt.domain.errands.model import ErrandState
from forecourt.domain.errors import Kind
from forecourt.domain.evse import EvseId
from forecourt.domain.remote_control.model import PATIENCE, RequestKind, RequestState
from forecourt.domain.smart_charging.model import Period, Profile, ProfileKind, Purpose, RateUnit, Schedule
from forecourt.domain.transactions.model import CLOCK_TOLERANCE
from tests.domain.charging import MINUTE, WHEN_ONLINE, Site
from tests.domain.world import refused
from tests.support.clock import NOON

SECOND = timedelta(seconds=1)

PROFILE = Profile(
    profile_id=7,
    stack_level=0,
    purpose=Purpose.TRANSACTION,
    kind=ProfileKind.RELATIVE,
    schedule=Schedule(unit=RateUnit.AMPERE, periods=(Period(0, 16.0),)),
)


def test_a_start_is_followed_to_its_transaction() -> None:
    """OCTT 010, 011_1."""
    site = Site()
    errand = site.asks_to_start(evse=EvseId(1))
    asked = site.request(errand)
    assert (asked.state, asked.kind, asked.station) == (RequestState.REQUESTED, RequestKind.START, "CP-1")
    assert (asked.evse, asked.id_token, asked.asked_by) == (EvseId(1), "TAG", "token ops")
    assert (asked.requested_at, asked.sent_at, asked.answered_at) == (NOON, None, None)

    site.clock.advance(SECOND)
    site.remote_answered()
    accepted = site.request(errand)
    assert (accepted.state, accepted.status) == (RequestState.ACCEPTED, "Accepted")
    assert (accepted.sent_at, accepted.answered_at, accepted.ended_at) == (NOON + SECOND, NOON + SECOND, None)

    site.clock.advance(SECOND)
    number = site.starts(site.station)
    started = site.request(errand)
    assert (started.state, started.transaction_id) == (RequestState.STARTED, number)
    assert (started.ended_at, started.answered_at) == (NOON + 2 * SECOND, NOON + SECOND)
    assert site.services.transactions.get(number).remote_start == errand.number


def test_a_start_that_nobody_asked_for_comes_from_no_request() -> None:
    site = Site()

    assert site.services.transactions.get(site.starts(site.station)).remote_start is None


def test_a_station_may_refuse_to_start() -> None:
    """OCTT 026."""
    site = Site()
    errand = site.asks_to_start()

    site.remote_answered("Rejected")

    request = site.request(errand)
    assert (request.state, request.status, request.ended_at) == (RequestState.REFUSED, "Rejected", NOON)
    assert site.services.transactions.get(site.starts(site.station)).remote_start is None


def test_a_start_that_cannot_be_sent_has_failed_at_once() -> None:
    site = Site()
    other = site.a_station("CP-2")

    errand = site.asks_to_start(station=other)

    assert errand.state is ErrandState.FAILED
    request = site.request(errand)
    assert (request.state, request.reason, request.ended_at) == (RequestState.FAILED, errand.reason, NOON)
    assert not request.is_outcome_unknown


def test_a_start_that_is_answered_with_an_error_has_failed() -> None:
    site = Site()
    errand = site.asks_to_start()

    site.sends()
    site.fails()

    request = site.request(errand)
    assert (request.state, request.ended_at) == (RequestState.FAILED, NOON)
    assert "InternalError" in (request.reason or "")


def test_a_start_that_is_taken_back_has_failed() -> None:
    site = Site()
    errand = site.asks_to_start()

    site.services.errands.cancel(errand.number)

    assert (site.request(errand).state, site.request(errand).reason) == (RequestState.FAILED, "Cancelled.")


def test_a_start_whose_answer_was_lost_may_have_begun_a_transaction_all_the_same() -> None:
    site = Site()
    errand = site.asks_to_start()
    site.sends()
    site.is_lost()
    lost = site.request(errand)
    assert (lost.state, lost.is_outcome_unknown, lost.ended_at) == (RequestState.FAILED, True, None)

    number = site.starts(site.station)

    request = site.request(errand)
    assert (request.state, request.transaction_id, request.reason) == (RequestState.STARTED, number, None)
    assert not request.is_outcome_unknown


def test_a_start_whose_answer_was_lost_ends_when_nothing_comes_of_it() -> None:
    site = Site()
    errand = site.asks_to_start()
    site.sends()
    site.is_lost()

    site.passes(PATIENCE)

    request = site.request(errand)
    assert (request.state, request.is_outcome_unknown, request.ended_at) == (
        RequestState.FAILED,
        True,
        NOON + PATIENCE,
    )


def test_an_answer_that_comes_after_it_was_given_up_is_taken() -> None:
    site = Site()
    errand = site.asks_to_start()
    site.sends()
    site.is_lost()

    site.hears_of(errand.number)

    assert (site.request(errand).state, site.request(errand).is_outcome_unknown) == (RequestState.ACCEPTED, False)


def test_an_answer_is_taken_even_when_nothing_was_expected_any_more() -> None:
    site = Site()
    accepted, refused_late = site.asks_to_start(), site.asks_to_start()
    for _ in range(2):
        site.sends()
        site.is_lost()
    site.passes(PATIENCE)
    assert site.request(accepted).ended_at == site.request(refused_late).ended_at == NOON + PATIENCE

    site.hears_of(accepted.number)
    site.hears_of(refused_late.number, "Rejected")

    request = site.request(refused_late)
    assert (request.state, request.status, request.is_outcome_unknown) == (RequestState.REFUSED, "Rejected", False)
    number = site.starts(site.station, started_at=site.clock.now())
    assert (site.request(accepted).state, site.request(accepted).transaction_id) == (RequestState.STARTED, number)


def test_a_retry_after_a_lost_answer_has_an_answer_of_its_own() -> None:
    site = Site()
    lost = site.asks_to_start()
    site.sends()
    site.is_lost()
    retry = site.asks_to_start()

    site.remote_answered()

    assert (site.request(lost).state, site.request(lost).status) == (RequestState.FAILED, None)
    assert site.request(retry).state is RequestState.ACCEPTED


def test_a_start_comes_from_what_was_accepted_rather_than_from_what_was_lost() -> None:
    site = Site()
    lost = site.asks_to_start()
    site.sends()
    site.is_lost()
    retry = site.asks_to_start()
    site.remote_answered()

    number = site.starts(site.station)

    assert (site.request(retry).state, site.request(retry).transaction_id) == (RequestState.STARTED, number)
    assert (site.request(lost).state, site.request(lost).transaction_id) == (RequestState.FAILED, None)


def test_an_accepted_start_is_given_up_after_a_while() -> None:
    """OCTT 011_2: nobody plugs in."""
    site = Site()
    errand = site.asks_to_start()
    site.remote_answered()

    site.passes(PATIENCE - SECOND)
    assert site.request(errand).state is RequestState.ACCEPTED
    site.passes(SECOND)

    request = site.request(errand)
    assert (request.state, request.ended_at) == (RequestState.TIMED_OUT, NOON + PATIENCE)
    assert request.reason
    late = site.starts(site.station, started_at=site.clock.now())
    assert site.services.transactions.get(late).remote_start is None


def test_a_start_of_which_nothing_is_heard_any_more_is_given_up() -> None:
    site = Site()
    errand = site.asks_to_start()
    site.sends()

    site.passes(timedelta(hours=1))

    assert (site.request(errand).state, site.request(errand).is_outcome_unknown) == (RequestState.FAILED, True)


def test_a_start_that_is_reported_before_the_answer_is_the_one() -> None:
    site = Site()
    errand = site.asks_to_start()
    site.sends()

    number = site.starts(site.station)

    assert site.request(errand).transaction_id == number
    site.is_answered()
    site.hears_of(errand.number)
    assert site.request(errand).state is RequestState.STARTED


def test_a_start_that_waits_for_its_turn_began_nothing() -> None:
    site = Site()
    errand = site.asks_to_start(order=WHEN_ONLINE)

    number = site.starts(site.station)

    assert site.request(errand).state is RequestState.REQUESTED
    assert site.services.transactions.get(number).remote_start is None


@pytest.mark.parametrize(
    ("before", "is_linked"), [(CLOCK_TOLERANCE, True), (CLOCK_TOLERANCE + SECOND, False), (-MINUTE, True)]
)
def test_a_start_that_was_queued_off_line_comes_from_no_request(before: timedelta, is_linked: bool) -> None:
    """OCPP 1.6 §4.8: it may be hours old when it is reported."""
    site = Site()
    site.asks_to_start()
    site.remote_answered()

    number = site.starts(site.station, started_at=NOON - before)

    assert (site.services.transactions.get(number).remote_start is not None) is is_linked


def test_a_start_told_again_uses_no_second_request() -> None:
    site = Site()
    errands = []
    for _ in range(2):
        errands.append(site.asks_to_start())
        site.remote_answered()

    first, again = site.starts(site.station), site.starts(site.station)

    assert first == again
    assert [site.request(errand).state for errand in errands] == [RequestState.STARTED, RequestState.ACCEPTED]


def test_a_start_may_bring_a_profile_that_names_no_transaction() -> None:
    """OCPP 1.6 §5.11."""
    site = Site()
    site.asks_to_start(profile=replace(PROFILE, transaction_id=9))

    assert site.sends().intent == StartCharging(None, "TAG", PROFILE)


@pytest.mark.parametrize("purpose", [Purpose.STATION, Purpose.TRANSACTION_DEFAULT])
def test_a_start_brings_no_profile_of_another_purpose(purpose: Purpose) -> None:
    site = Site()

    with refused(Kind.INVALID, field="chargingProfile", about=purpose.value):
        site.asks_to_start(profile=replace(PROFILE, purpose=purpose))
