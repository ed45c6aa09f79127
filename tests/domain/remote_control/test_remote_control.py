"""What is asked for from here is followed until its transaction begins or ends (OCPP 1.6 §5.11, §5.12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.errands.intents import StartCharging
from forecourt.domain.errands.model import ErrandNumber, ErrandState
from forecourt.domain.errors import Kind
from forecourt.domain.evse import EvseId
from forecourt.domain.provisioning.model import Registration
from forecourt.domain.remote_control.model import PATIENCE, RemoteRequestFilter, RequestKind, RequestState
from forecourt.domain.smart_charging.model import Period, Profile, ProfileKind, Purpose, RateUnit, Schedule
from forecourt.domain.transactions.model import CLOCK_TOLERANCE
from tests.domain.charging import MINUTE, ORDER, RAW, WHEN_ONLINE, Site
from tests.domain.world import ALL, a_start, a_stop, refused
from tests.support.clock import NOON

SECOND = timedelta(seconds=1)
PROFILE = Profile(
    profile_id=7,
    stack_level=0,
    purpose=Purpose.TRANSACTION,
    kind=ProfileKind.RELATIVE,
    schedule=Schedule(unit=RateUnit.AMPERE, periods=(Period(0, 16.0),)),
)


# Starts


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


@pytest.mark.parametrize(
    ("evse", "id_token", "reported_evse", "reported_token", "is_linked"),
    [
        (None, "TAG", EvseId(2), "TAG", True),
        (None, "TAG", EvseId(1), "tag", True),
        (EvseId(2), "TAG", EvseId(2), "TAG", True),
        (EvseId(2), "TAG", EvseId(1), "TAG", False),
        (None, "TAG", EvseId(1), "TAG2", False),
    ],
)
def test_token_and_evse_say_which_start_it_is(
    evse: EvseId | None, id_token: str, reported_evse: EvseId, reported_token: str, is_linked: bool
) -> None:
    site = Site()
    errand = site.asks_to_start(id_token, evse=evse)
    site.remote_answered()

    number = site.starts(site.station, reported_token, evse=reported_evse)

    assert site.services.transactions.get(number).remote_start == (errand.number if is_linked else None)


def test_the_start_of_another_station_is_none_of_this_request() -> None:
    site = Site()
    errand = site.asks_to_start()
    site.remote_answered()

    site.starts(site.a_station("CP-2"))

    assert site.request(errand).state is RequestState.ACCEPTED


def test_the_oldest_request_comes_first_and_each_has_one_transaction() -> None:
    site = Site()
    errands = []
    for _ in range(2):
        errands.append(site.asks_to_start())
        site.remote_answered()

    numbers = [site.starts(site.station, evse=EvseId(evse)) for evse in (1, 2, 3)]

    assert [site.request(errand).transaction_id for errand in errands] == numbers[:2]
    assert site.services.transactions.get(numbers[2]).remote_start is None


def test_a_start_told_again_uses_no_second_request() -> None:
    site = Site()
    errands = []
    for _ in range(2):
        errands.append(site.asks_to_start())
        site.remote_answered()

    first, again = site.starts(site.station), site.starts(site.station)

    assert first == again
    assert [site.request(errand).state for errand in errands] == [RequestState.STARTED, RequestState.ACCEPTED]


def test_an_answer_belongs_to_the_request_that_was_sent() -> None:
    site = Site()
    first, second = site.asks_to_start(), site.asks_to_start()

    site.remote_answered("Rejected")
    assert [site.request(one).state for one in (first, second)] == [RequestState.REFUSED, RequestState.REQUESTED]
    site.remote_answered()

    assert [site.request(one).state for one in (first, second)] == [RequestState.REFUSED, RequestState.ACCEPTED]


def test_an_answer_to_what_was_sent_raw_is_of_no_interest() -> None:
    site = Site()
    waiting = site.asks_to_start()
    site.sends()

    site.hears_of(RAW, "Rejected")

    assert [request.state for request in site.requests()] == [RequestState.REQUESTED]
    assert site.request(waiting).status is None


@pytest.mark.parametrize("registration", [Registration.PENDING, Registration.REJECTED])
def test_a_station_that_is_not_accepted_is_asked_nothing(registration: Registration) -> None:
    """OCPP 1.6 §4.2."""
    site = Site(registration=registration)
    number = site.starts(site.station)

    with refused(Kind.CONFLICT, about=registration.value):
        site.asks_to_start()
    with refused(Kind.CONFLICT, about=registration.value):
        site.asks_to_stop(number)
    assert site.requests() == []


def test_what_is_wrong_with_the_tag_is_a_warning() -> None:
    site = Site()
    site.a_tag("BLOCKED", is_blocked=True)
    site.a_tag("EXPIRED", expires_at=NOON - SECOND)

    assert site.asks_to_start("tag").warnings == ()
    for id_token, word in (("BLOCKED", "blocked"), ("EXPIRED", "expired"), ("NOBODY", "not registered")):
        [warning] = site.asks_to_start(id_token).warnings
        assert word in warning
        assert id_token in warning
    assert list(site.services.authorization.list_strangers(ALL).items) == []


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


# Stops


def test_a_stop_is_followed_to_the_end_of_its_transaction() -> None:
    """OCTT 012."""
    site = Site()
    number = site.starts(site.station)
    errand = site.asks_to_stop(number)
    asked = site.request(errand)
    assert (asked.kind, asked.state, asked.transaction_id) == (RequestKind.STOP, RequestState.REQUESTED, number)

    site.remote_answered()
    assert site.request(errand).state is RequestState.ACCEPTED
    site.clock.advance(SECOND)
    site.services.transactions.stop(site.station, a_stop(number, reason="Remote"))

    request = site.request(errand)
    assert (request.state, request.ended_at) == (RequestState.STOPPED, NOON + SECOND)
    assert site.services.transactions.get(number).remote_stop == errand.number


def test_a_station_may_refuse_to_stop() -> None:
    """OCTT 028."""
    site = Site()
    number = site.starts(site.station)
    errand = site.asks_to_stop(number)

    site.remote_answered("Rejected")
    site.services.transactions.stop(site.station, a_stop(number))

    assert (site.request(errand).state, site.request(errand).status) == (RequestState.REFUSED, "Rejected")
    assert site.services.transactions.get(number).remote_stop is None


def test_an_accepted_stop_is_given_up_after_a_while() -> None:
    site = Site()
    number = site.starts(site.station)
    errand = site.asks_to_stop(number)
    site.remote_answered()

    site.passes(PATIENCE)

    assert site.request(errand).state is RequestState.TIMED_OUT
    site.services.transactions.stop(site.station, a_stop(number))
    assert site.services.transactions.get(number).remote_stop is None


def test_the_stop_of_another_transaction_is_none_of_this_request() -> None:
    site = Site()
    one, other = site.starts(site.station), site.starts(site.station, evse=EvseId(2))
    errand = site.asks_to_stop(one)
    site.remote_answered()

    site.services.transactions.stop(site.station, a_stop(other))

    assert site.request(errand).state is RequestState.ACCEPTED


@pytest.mark.parametrize(
    ("answers", "linked"),
    [
        (["Accepted", "Accepted"], 0),
        (["Accepted", None], 0),
        ([None, "Accepted", None], 1),
        ([None, None], 1),
        (["Rejected", None], 1),
    ],
)
def test_a_stop_ends_every_request_for_it_that_was_sent(answers: list[str | None], linked: int) -> None:
    """None that was done runs into its time limit; the stop comes from the one that the station accepted."""
    site = Site()
    number = site.starts(site.station)
    errands = []
    for answer in answers:
        errands.append(site.asks_to_stop(number))
        if answer is None:
            site.sends()
            site.is_lost()
        else:
            site.remote_answered(answer)
    waiting = site.asks_to_stop(number)

    for _ in range(2):
        site.services.transactions.stop(site.station, a_stop(number))
    site.passes(PATIENCE)

    assert [site.request(errand).state for errand in errands] == [
        RequestState.REFUSED if answer == "Rejected" else RequestState.STOPPED for answer in answers
    ]
    assert site.services.transactions.get(number).remote_stop == errands[linked].number
    assert site.request(waiting).state is RequestState.REQUESTED


def test_only_a_running_transaction_of_the_station_can_be_stopped() -> None:
    site = Site()
    other = site.starts(site.a_station("CP-2"))
    ended = site.starts(site.station, evse=EvseId(2))
    site.services.transactions.stop(site.station, a_stop(ended))

    for number in (999, other):
        with refused(Kind.INVALID, field="transactionId", about="no such transaction"):
            site.asks_to_stop(number)
    with refused(Kind.CONFLICT, field="transactionId", about="ended"):
        site.asks_to_stop(ended)


# Questions


def test_requests_are_listed_newest_first_and_filtered() -> None:
    site = Site()
    number = site.starts(site.station)
    refused_start = site.asks_to_start()
    site.remote_answered("Rejected")
    stop = site.asks_to_stop(number)
    failed = site.asks_to_start(station=site.a_station("CP-2"))
    for wanted, expected in [
        (RemoteRequestFilter(), [failed, stop, refused_start]),
        (RemoteRequestFilter(station="CP-1"), [stop, refused_start]),
        (RemoteRequestFilter(kind=RequestKind.STOP), [stop]),
        (RemoteRequestFilter(states=frozenset({RequestState.FAILED, RequestState.REFUSED})), [failed, refused_start]),
        (RemoteRequestFilter(station="CP-1", states=frozenset({RequestState.FAILED})), []),
    ]:
        found = site.services.remote_control.list(wanted, ALL).items
        assert [request.errand for request in found] == [errand.number for errand in expected], wanted


def test_what_was_never_asked_is_not_found() -> None:
    with refused(Kind.NOT_FOUND, about="99"):
        Site().services.remote_control.get(ErrandNumber(99))


def test_a_start_for_a_reservation_may_be_asked_from_here_too() -> None:
    site = Site()
    reservation = site.asks_to_reserve()
    claim = site.sends()
    site.is_answered()
    site.reserve_answered(reservation.reservation_id, errand=claim.number)
    errand = site.asks_to_start()
    site.remote_answered()

    report = a_start(reservation_id=reservation.reservation_id)
    number = site.services.transactions.start(site.station, report).transaction_id

    assert site.request(errand).transaction_id == number
    assert site.reservations()[0].transaction_id == number
    assert ORDER.asked_by == site.reservations()[0].asked_by
