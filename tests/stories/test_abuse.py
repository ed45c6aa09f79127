"""Thousands of frames that no station should send: the system stays the same processes, clean, and of bounded size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from tests.stories.builders import a_station
from tests.stories.garbage import frames
from tests.stories.wire import Wire
from tests.support.rest import Json
from tests.support.running import RunningSystem

LINKS = 4
BATCH = 40
"""Fewer than the frames in a row that are no messages after which the system gives a link up."""

MAX_GROWTH_BYTES = 100 * 2**20
"""How much all processes together may grow under abuse. Four links that send 10 MB at once need 40 MB and copies."""


class Abuser(Wire):
    """A link that must never be closed for what it sends, as long as WebSocket's own rules are kept."""

    def send_all(self, batch: list[bytes], *, is_text: bool = True) -> int:
        """Returns the number of answers, once the system has dealt with the batch: it answers a last Heartbeat.

        Every frame that comes must be a well-formed answer (OCPP-J 1.6 §4.2).
        """
        for frame in batch:
            if is_text:
                self.send_text(frame)
            else:
                self.send_binary(frame)
        self.send([2, "settle", "Heartbeat", {}])
        answers = 0
        while True:
            answer = self.receive()
            assert_well_formed(answer)
            answers += 1
            if answer[:2] == [3, "settle"]:
                return answers


def assert_well_formed(answer: Json) -> None:
    assert isinstance(answer, list)
    match answer:
        case [3, _, dict()]:
            pass
        case [4, _, str(), str() as description, dict()]:
            assert len(description) <= 255
        case _:
            raise AssertionError(f"This is no answer of OCPP-J: {answer!r}")


def abuse(system: RunningSystem, number: int, seed: int) -> None:
    processes = system.processes()
    identities = [a_station(system.rest) for _ in range(LINKS)]
    before = system.resident_bytes()
    share = number // LINKS

    def one_link(index: int) -> int:
        answers = 0
        with Abuser(system.stations_url, identities[index]) as abuser:
            for batch in batched(frames(share, seed * LINKS + index)):
                answers += abuser.send_all(batch)
        return answers

    with ThreadPoolExecutor(LINKS) as pool:
        answers = sum(pool.map(one_link, range(LINKS)))
    growth = system.resident_bytes() - before
    assert system.processes() == processes, "a process of the system ended or was started again"
    assert growth < MAX_GROWTH_BYTES
    assert answers > number // 2, "most of the garbage has an id that can be read, and is answered"
    for identity in identities:
        with Wire(system.stations_url, identity) as wire:
            wire.assert_alive()
    assert system.is_ready()
    system.assert_clean_log()
    print(f"{number} frames, {answers} answers, {growth / 2**20:+.1f} MiB")


def batched(garbage: Iterator[bytes]) -> Iterator[list[bytes]]:
    while batch := list(islice(garbage, BATCH)):
        yield batch


def test_ten_thousand_bad_frames_do_no_harm(abused_system: RunningSystem) -> None:
    abuse(abused_system, 10_000, seed=1)


@pytest.mark.prove
def test_a_hundred_thousand_bad_frames_do_no_harm(abused_system: RunningSystem) -> None:
    abuse(abused_system, 100_000, seed=2)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=12), inner, max_size=5)
)
FRAMES = ANY_JSON | st.builds(
    lambda kind, call_id, action, payload: [kind, call_id, action, payload],
    st.sampled_from([2, 2, 2, 3, 4]) | ANY_JSON,
    st.text(max_size=40) | ANY_JSON,
    st.sampled_from(["StartTransaction", "MeterValues", "StatusNotification", "Authorize"]) | ANY_JSON,
    ANY_JSON,
)


def test_json_that_nobody_meant_does_no_harm(abused_system: RunningSystem) -> None:
    processes = abused_system.processes()
    identity = a_station(abused_system.rest)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(FRAMES, min_size=5, max_size=30))
    def send(batch: list[Json]) -> None:
        abuser.send_all([json.dumps(frame).encode("utf-8", "surrogatepass") for frame in batch])

    with Abuser(abused_system.stations_url, identity) as abuser:
        send()
    assert abused_system.processes() == processes
    abused_system.assert_clean_log()


def test_binary_frames_do_no_harm(abused_system: RunningSystem) -> None:
    processes = abused_system.processes()
    with Abuser(abused_system.stations_url, a_station(abused_system.rest)) as abuser:
        for batch in batched(frames(200, seed=9)):
            abuser.send_all(batch, is_text=False)
    assert abused_system.processes() == processes
    abused_system.assert_clean_log()


def test_a_station_that_never_reads_does_not_hold_up_another(abused_system: RunningSystem) -> None:
    """Its answers pile up; whatever becomes of its link, the next station is served."""
    deaf, lively = a_station(abused_system.rest), a_station(abused_system.rest)
    frame = json.dumps([2, "deaf", "Nonsense" * 5, {}])
    before = abused_system.resident_bytes()
    shouting = Wire(abused_system.stations_url, deaf)

    def shout() -> int:
        sent = 0
        with suppress(ConnectionClosed, OSError):  # closed for it, or at the end of the test
            while True:
                shouting.send_text(frame)
                sent += 1
        return sent

    with ThreadPoolExecutor(1) as pool:
        shouted = pool.submit(shout)
        try:
            with Wire(abused_system.stations_url, lively) as wire:
                for _ in range(500):
                    wire.assert_alive()
        finally:
            shouting.abort()
        assert shouted.result() > 500
    assert abused_system.resident_bytes() - before < MAX_GROWTH_BYTES
    abused_system.assert_clean_log()
