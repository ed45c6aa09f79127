"""Newcomers are admitted at a rate, and no station may send more than its share."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.gateway.pace import Allowance, Pace
from forecourt.gateway.sources import EVERYBODY


def test_the_first_newcomer_does_not_wait() -> None:
    assert Pace(10, 100).wait(1000.0, EVERYBODY) == 0


def test_newcomers_of_one_moment_wait_one_gap_more_each() -> None:
    pace = Pace(10, 100)

    assert [pace.wait(1000.0, EVERYBODY) for _ in range(4)] == pytest.approx([0, 0.1, 0.2, 0.3])


def test_newcomers_within_the_rate_do_not_wait() -> None:
    pace = Pace(10, 100)

    assert [pace.wait(1000.0 + n * 0.125, EVERYBODY) for n in range(20)] == [0] * 20


def test_a_pause_is_not_saved_up() -> None:
    pace = Pace(10, 100)
    pace.wait(1000.0, EVERYBODY)

    assert [pace.wait(2000.0, EVERYBODY) for _ in range(2)] == pytest.approx([0, 0.1])


def test_above_the_number_that_may_wait_newcomers_are_sent_away() -> None:
    pace = Pace(1, 3)

    assert [pace.wait(1000.0, EVERYBODY) for _ in range(6)] == [0, 1, 2, 3, None, None]


def test_who_was_sent_away_takes_no_place() -> None:
    pace = Pace(1, 1)
    waits = [pace.wait(1000.0, EVERYBODY) for _ in range(10)]

    assert waits[2:] == [None] * 8
    assert pace.wait(1001.0, EVERYBODY) == 1
    assert pace.wait(1003.0, EVERYBODY) == 0


def test_when_nobody_may_wait_only_the_rate_is_admitted() -> None:
    pace = Pace(2, 0)

    assert [pace.wait(now, EVERYBODY) for now in (1000.0, 1000.0, 1000.25, 1000.5)] == [0, None, None, 0]


@given(
    per_second=st.sampled_from([0.5, 1.0, 7.0, 200.0]),
    waiting=st.integers(0, 20),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=60),
)
def test_admissions_keep_the_gap_and_no_wait_is_longer_than_allowed(
    per_second: float, waiting: int, pauses: list[float]
) -> None:
    pace = Pace(per_second, waiting)
    now, admitted = 1000.0, []
    for pause in pauses:
        now += pause
        wait = pace.wait(now, EVERYBODY)
        if wait is not None:
            assert 0 <= wait <= waiting / per_second + 1e-6
            admitted.append(now + wait)

    gaps = [later - earlier for earlier, later in itertools.pairwise(admitted)]
    assert all(gap >= 1 / per_second - 1e-6 for gap in gaps)


# Fairness


def test_one_source_waits_with_half_of_the_places_and_the_next_one_with_half_of_the_rest() -> None:
    pace = Pace(1, 8)
    waiting = []
    for source in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        waits = [pace.wait(1000.0, source) for _ in range(20)]
        waiting.append(sum(bool(wait) for wait in waits))

    assert waiting == [4, 2, 1]


def test_an_attacker_who_comes_at_twice_the_rate_keeps_nobody_else_out() -> None:
    pace = Pace(200, 2000)
    attacker, others = [], []
    for number in range(60 * 400):
        now = 1000.0 + number / 400
        attacker.append(pace.wait(now, "192.0.2.66"))
        if number % 397 == 0:
            others.append(pace.wait(now, f"198.51.100.{number % 7}"))

    assert None not in others
    assert max(wait for wait in others if wait is not None) <= 1000 / 200 + 0.1
    assert attacker.count(None) > 10_000
    assert attacker.count(None) < 13_000, "what is left of the rate is his"


def test_what_is_kept_is_bounded_and_goes_with_time() -> None:
    pace = Pace(200, 50)
    for number in range(5_000):
        pace.wait(1000.0, f"192.0.{number % 250}.{number // 250}")
    assert len(pace._turns) <= 50
    assert len(pace._waiting) <= 50

    pace.wait(1010.0, "192.0.2.1")
    assert not pace._turns
    assert not pace._waiting


# The allowance of one station


def test_twice_the_rate_may_come_at_once() -> None:
    allowance = Allowance(5, 1000.0)

    assert [allowance.take(1000.0) for _ in range(10)] == [0] * 10
    assert allowance.take(1000.0) == pytest.approx(0.2)
    assert allowance.take(1000.0) == pytest.approx(0.4)


def test_the_allowance_comes_back_with_time() -> None:
    allowance = Allowance(4, 1000.0)
    for _ in range(9):
        allowance.take(1000.0)

    assert [allowance.take(1000.5) for _ in range(2)] == [0, 0.25]


def test_more_than_twice_the_rate_is_not_saved_up() -> None:
    allowance = Allowance(5, 1000.0)

    waits = [allowance.take(9000.0) for _ in range(11)]
    assert waits[:10] == [0] * 10
    assert waits[10] == pytest.approx(0.2)


def test_a_station_within_its_rate_never_waits() -> None:
    allowance = Allowance(8, 1000.0)

    assert {allowance.take(1000.0 + n / 8) for n in range(500)} == {0.0}


def test_a_station_that_waits_as_told_gets_exactly_its_rate() -> None:
    allowance, now = Allowance(10, 1000.0), 1000.0
    for _ in range(20 + 100):
        now += allowance.take(now)

    assert now - 1000.0 == pytest.approx(10.0)


def test_a_rate_of_0_has_no_limit() -> None:
    allowance = Allowance(0, 1000.0)

    assert {allowance.take(1000.0) for _ in range(10_000)} == {0.0}
