"""Who may use a reservation, and how it is used (OCPP 1.6 §5.13)."""

from __future__ import annotations

import pytest

from forecourt.domain.reservation.model import ReservationState
from forecourt.domain.transactions.model import Doubt
from tests.domain.charging import MINUTE, Site
from tests.domain.reservation.reserving import accepted, started, state_of


@pytest.mark.parametrize(
    ("id_token", "is_doubtful"), [("TAG", False), ("tag", False), ("FRIEND", False), ("fleet", False), ("OTHER", True)]
)
def test_the_token_or_its_group_may_use_it(id_token: str, is_doubtful: bool) -> None:
    """OCPP 1.6 §5.13. OCTT 053 starts with the name of the group itself."""
    site = Site()
    site.a_tag("FRIEND", parent="Fleet")
    site.a_tag("OTHER", parent="Others")
    reservation_id = accepted(site, parent="FLEET")

    number = started(site, reservation_id, id_token)

    doubts = site.services.transactions.get(number).doubts
    assert (Doubt.RESERVED_FOR_OTHER in doubts) is is_doubtful
    assert site.services.reservations.get(reservation_id).transaction_id == number


def test_a_number_that_nobody_reserved_is_no_doubt() -> None:
    """Some stations send 0 or -1 for none."""
    site = Site()

    for number in (0, -1, 77):
        assert site.services.transactions.get(started(site, number, minute=number)).doubts <= {Doubt.FROM_THE_FUTURE}


def test_a_reservation_of_another_station_is_none_of_this_start() -> None:
    site = Site()
    other = site.a_station("CP-2")
    site.reserve_answered(5, station=other)

    started(site, 5)

    assert state_of(site, 5) is ReservationState.ACCEPTED


def test_a_reservation_is_used_once() -> None:
    site = Site()
    reservation_id = accepted(site)
    first = started(site, reservation_id)

    started(site, reservation_id, minute=1)

    assert site.services.reservations.get(reservation_id).transaction_id == first


@pytest.mark.parametrize(("minute", "is_used"), [(9, True), (14, True), (16, False)])
def test_a_start_that_is_reported_late_may_have_used_it_in_time(minute: int, is_used: bool) -> None:
    site = Site()
    reservation_id = accepted(site)
    site.passes(10 * MINUTE)
    site.passes(20 * MINUTE)

    started(site, reservation_id, minute=minute)

    assert (state_of(site, reservation_id) is ReservationState.USED) is is_used
