"""Which identities a station may have, and how intervals are spread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.domain.errors import Kind
from forecourt.domain.provisioning.model import Registration, Station, StationKey, check_identity, spread_interval
from tests.domain.world import refused

GOOD = ["A", "CP-1", "RDAM 123", "x" * 255, "ä" * 255, "a.b_c~d", "100%", "CP?1#2", "EVB-P\\17", "+", "站"]
BAD = ["", "x" * 256, " CP", "CP ", "\tCP", "CP\n", "C\x00P", "C\x7fP", "C\u2028P", "C\ud800P", "A/B", "A:B", "/", ":"]


@pytest.mark.parametrize("identity", GOOD)
def test_an_identity_that_fits_a_url_and_a_user_name_is_taken(identity: str) -> None:
    """OCPP-J 1.6 sets no alphabet."""
    assert check_identity(identity) == identity


@pytest.mark.parametrize("identity", BAD)
def test_any_other_identity_is_refused(identity: str) -> None:
    with refused(Kind.INVALID, field="id"):
        check_identity(identity)


@pytest.mark.parametrize(
    ("registration", "is_accepted"),
    [(Registration.ACCEPTED, True), (Registration.PENDING, False), (Registration.REJECTED, False)],
)
def test_only_the_decision_accepted_is_one(registration: Registration, is_accepted: bool) -> None:
    assert Station(StationKey(1), "CP-1", registration, None).is_accepted is is_accepted


@given(seconds=st.integers(1, 86_400), identity=st.text("CP-0123456789ä", min_size=1), spread=st.floats(0, 1))
def test_an_interval_is_shorter_by_at_most_its_spread_and_never_0(seconds: int, identity: str, spread: float) -> None:
    interval = spread_interval(seconds, identity, spread)

    assert max(1, round(seconds * (1 - spread))) <= interval <= seconds
    assert spread_interval(seconds, identity, spread) == interval


def test_without_a_spread_the_interval_is_as_given() -> None:
    assert spread_interval(900, "CP-1", 0) == 900


def test_stations_are_spread_over_the_whole_range() -> None:
    intervals = {spread_interval(900, f"CP-{n}", 0.1) for n in range(1000)}

    assert len(intervals) > 60
    assert min(intervals) < 820
    assert max(intervals) > 890
