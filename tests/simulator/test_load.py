"""Load is what the plan says, and its latencies count from the intended moment of sending."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from datetime import UTC, datetime

import pytest
import uvloop

from forecourt_simulator import load_words
from forecourt_simulator.credentials import Keys
from forecourt_simulator.load import LoadPlan, NoStations, drive
from forecourt_simulator.load_report import LoadReport
from forecourt_simulator.load_station import LoadStation, Tally, Templates
from forecourt_simulator.tls import client_context
from forecourt_simulator.vocabulary import ACTIONS
from tests.simulator.authority import server_tls, the_root, the_server
from tests.simulator.central_system import CentralSystem, Payload, a_central_system


def a_plan(system: CentralSystem, *, keys: Keys | None = None, **changes: float) -> LoadPlan:
    wanted = {"count": 4, "rate": 400.0, "seconds": 0.5, "warm_up_seconds": 0.1, "drain_seconds": 2.0, **changes}
    return LoadPlan(
        url=system.url,
        count=int(wanted["count"]),
        rate=wanted["rate"],
        seconds=wanted["seconds"],
        warm_up_seconds=wanted["warm_up_seconds"],
        drain_seconds=wanted["drain_seconds"],
        answer_seconds=wanted.get("answer_seconds", 30.0),
        keys=keys or Keys(),
        tls=client_context([the_root().certificate]),
    )


def run_load(
    system: CentralSystem | None = None, *, keys: Keys | None = None, **changes: float
) -> tuple[LoadReport, CentralSystem]:
    """One run against a small central system; ``system`` brings its answers."""
    steered = system or CentralSystem()

    async def story() -> LoadReport:
        await steered.start()
        try:
            return await drive(a_plan(steered, keys=keys, **changes))
        finally:
            await steered.stop()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(story()), steered


def test_every_message_of_the_plan_is_sent_and_only_the_measured_time_counts() -> None:
    report, system = run_load()
    loaded = [action for action in system.actions() if action != "BootNotification"]
    assert len(loaded) == 240
    assert report.latency.count == 200
    assert report.errors == {}
    assert report.unsent == 0
    assert 0 < report.latency.p50_ms <= report.latency.p99_ms <= report.latency.max_ms
    assert report.achieved_rate == pytest.approx(400, rel=0.1)
    assert set(report.by_action) <= {action.name for action in ACTIONS}


def test_load_goes_over_tls_with_passwords() -> None:
    """A00.FR.202, FR.203: with every connection request."""
    system = CentralSystem(tls=server_tls(the_server()))
    report, _ = run_load(system, keys=Keys("00" * 16))
    assert report.errors == {}
    assert report.latency.count == 200
    assert [knock.password for knock in system.knocks] == [bytes(16)] * 4
    assert {knock.tls_version for knock in system.knocks} == {"TLSv1.3"}


def test_the_mix_is_the_promised_one_at_every_station() -> None:
    _, system = run_load(count=2, rate=800.0)
    for name in ("LOAD-0001", "LOAD-0002"):
        seen = Counter(action for station, action, _ in system.received if station == name)
        assert seen["MeterValues"] == pytest.approx(168, abs=4)
        assert seen["StatusNotification"] == pytest.approx(36, abs=4)
        assert seen["Heartbeat"] == pytest.approx(24, abs=3)
        assert seen["StartTransaction"] + seen["StopTransaction"] == pytest.approx(12, abs=2)


def test_sessions_alternate_and_stop_names_the_number_that_start_was_given() -> None:
    _, system = run_load(count=1, rate=400.0)
    sessions = [
        (action, payload) for _, action, payload in system.received if action in {"StartTransaction", "StopTransaction"}
    ]
    assert len(sessions) > 6
    assert [action for action, _ in sessions] == ["StartTransaction", "StopTransaction"] * (len(sessions) // 2) + [
        "StartTransaction"
    ] * (len(sessions) % 2)
    stops = [payload["transactionId"] for action, payload in sessions if action == "StopTransaction"]
    assert stops == list(range(101, 101 + len(stops)))


def test_message_ids_are_never_used_twice() -> None:
    _, first = run_load()
    _, second = run_load()
    ids = first.call_ids + second.call_ids
    assert len(set(ids)) == len(ids)


def test_the_closed_loop_keeps_one_request_in_flight_and_sends_as_fast_as_answers_come() -> None:
    report, system = run_load(rate=0.0, seconds=0.3, warm_up_seconds=0.0)
    assert report.latency.count > 200
    assert report.errors == {}
    assert abs(len(system.received) - 4 - report.latency.count) <= 4


def test_a_silence_of_the_server_is_charged_to_every_message_that_was_due_in_it() -> None:
    """Without this, one slow answer would hide all the messages that it held up (coordinated omission)."""
    clock = HandClock()
    tally = Tally(clock)
    tally.counts_from, tally.ends_at = 0.0, 100.0
    wire = Wire()
    station = a_load_station(tally, wire)
    for second in range(5):
        clock.seconds = float(second)
        station.fall_due(float(second), clock.seconds)
    assert len(wire.sent) == 1
    for _ in range(5):
        station.take_text(wire.answer())
    assert sorted(one for latencies in tally.latencies.values() for one in latencies) == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_callerrors_are_counted_by_action_and_code() -> None:
    system = CentralSystem()
    system.answers["Heartbeat"] = lambda *_: "InternalError"
    report, _ = run_load(system)
    assert list(report.errors) == ["Heartbeat: InternalError"]
    assert "Heartbeat" not in report.by_action
    assert report.latency.count + report.errors["Heartbeat: InternalError"] >= 200


def test_requests_without_an_answer_are_errors_and_what_waits_behind_them_is_told() -> None:
    system = CentralSystem()
    system.answers["MeterValues"] = lambda *_: None
    report, _ = run_load(system, drain_seconds=0.2)
    assert report.errors == {"no answer 0.2 s after the end": 4}
    assert report.unsent > 100


def test_a_lost_connection_is_counted_and_opened_again() -> None:
    system = CentralSystem()
    beats = 0

    def drop_once(station: str, payload: Payload) -> Payload | None:
        nonlocal beats
        beats += 1
        if beats == 5:
            system.drop_all()
            return None
        return {"currentTime": "2026-01-01T10:00:00Z"}

    system.answers["Heartbeat"] = drop_once
    report, _ = run_load(system, seconds=1.5)
    assert system.connections == 8
    assert sum(count for reason, count in report.errors.items() if reason.startswith("connection lost")) == 4
    assert 1 <= report.errors["request lost with its connection"] <= 4
    assert report.unsent == 0
    assert report.latency.max_ms > 100


def test_a_station_that_is_not_admitted_ends_the_run_with_the_reason() -> None:
    system = CentralSystem()
    system.answers["BootNotification"] = lambda *_: {"status": "Rejected", "currentTime": "", "interval": 9}
    with pytest.raises(NoStations, match=r"4 of 4 stations were not admitted.*LOAD-0001.*Rejected"):
        run_load(system)


def test_a_server_that_is_not_there_ends_the_run_with_the_reason() -> None:
    async def story() -> None:
        async with a_central_system() as system:
            plan = a_plan(system)
            await system.stop()
            await drive(plan)

    with pytest.raises(NoStations, match="LOAD-0001 to LOAD-0004 could not connect"):
        asyncio.run(story())


def test_a_server_of_another_protocol_ends_the_run_with_the_reason() -> None:
    system = CentralSystem(subprotocols=("ocpp2.0.1",))
    with pytest.raises(NoStations, match=r"did not choose the subprotocol ocpp1\.6"):
        run_load(system)


def test_meter_values_have_eight_readings_and_about_850_bytes() -> None:
    frame = load_words.meter_values(is_charging=True).fill(
        b"0123456789-1f", now=b"2026-01-01T10:00:00.000Z", energy_wh=123456, transaction_id=77
    )
    kind, call_id, action, payload = json.loads(frame)
    assert (kind, call_id, action, payload["transactionId"]) == (2, "0123456789-1f", "MeterValues", 77)
    assert len(payload["meterValue"][0]["sampledValue"]) == 8
    assert len(frame) == pytest.approx(850, abs=25)


def test_requests_of_the_central_system_are_refused_and_do_not_disturb() -> None:
    wire = Wire()
    tally = Tally(HandClock())
    station = a_load_station(tally, wire)
    station.fall_due(0.0, 0.0)
    station.take_text(b'[2,"q1","Reset",{"type":"Soft"}]')
    assert json.loads(wire.sent[-1])[:3] == [4, "q1", "NotSupported"]
    station.take_text(wire.answer(0))
    assert not station.is_busy
    assert tally.errors == {}


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)


class Wire:
    """Stands where the socket is, and keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send_text(self, text: bytes) -> None:
        self.sent.append(text)

    def close(self) -> None:
        pass

    def answer(self, number: int = -1) -> bytes:
        return json.dumps([3, json.loads(self.sent[number])[1], {}]).encode()


def a_load_station(tally: Tally, wire: Wire) -> LoadStation:
    numbers = iter(range(1000))
    station = LoadStation(
        "LOAD-0001",
        tally=tally,
        templates=Templates.for_tag("LOAD"),
        next_id=lambda: b"id-%d" % next(numbers),
        chance=random.Random(1),
    )
    station.socket = wire
    return station
