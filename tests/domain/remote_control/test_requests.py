"""What is asked for from here: what it is told from, what is refused, and how it is listed (OCPP 1.6 §5.11, §5.12)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.errors import Kind
from forecourt.domain.evse import EvseId
from forecourt.domain.provisioning.model import Registration
from forecourt.domain.remote_control.model import RemoteRequestFilter, RequestKind, RequestState
from tests.domain.charging import ORDER, RAW, Site
from tests.domain.world import ALL, a_start, refused
from tests.support.clock import NOON

SECOND = timedelta(seconds=1)

# Starts


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
