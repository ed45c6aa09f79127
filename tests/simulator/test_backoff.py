"""Waits between tries to connect double three times and are spread by chance."""

from __future__ import annotations

import random

from forecourt_simulator.backoff import BackOff


def test_the_wait_doubles_three_times_and_then_stays() -> None:
    backoff = BackOff(minimum_seconds=3.0, random_seconds=0.0, repeat_times=3)
    assert [backoff.next_wait() for _ in range(6)] == [3.0, 6.0, 12.0, 24.0, 24.0, 24.0]


def test_a_connection_starts_it_over() -> None:
    backoff = BackOff(minimum_seconds=3.0, random_seconds=0.0)
    backoff.next_wait()
    backoff.next_wait()
    backoff.reset()
    assert backoff.next_wait() == 3.0


def test_the_first_wait_is_three_seconds_and_up_to_ten_more() -> None:
    waits = [BackOff(random=random.Random(seed)).next_wait() for seed in range(200)]
    assert 3.0 <= min(waits) < 4.0
    assert 12.0 < max(waits) <= 13.0
