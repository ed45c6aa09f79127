"""A stop that was asked for from here is followed until its transaction ends (OCPP 1.6 §5.12)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.errors import Kind
from forecourt.domain.evse import EvseId
from forecourt.domain.remote_control.model import PATIENCE, RequestKind, RequestState
from tests.domain.charging import Site
from tests.domain.world import a_stop, refused
from tests.support.clock import NOON

SECOND = timedelta(seconds=1)


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
