"""What is doubted of a start and of a stop, and what energy a transaction has (OCPP 1.6 §4.8, §4.10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from forecourt.domain.authorization.model import AuthorizationStatus, Verdict
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.transactions.model import (
    CLOCK_TOLERANCE,
    Doubt,
    Stop,
    StopReport,
    Transaction,
    doubts_of_start,
    doubts_of_stop,
    is_repetition,
)
from tests.domain.world import a_start, a_stop
from tests.support.clock import NOON

A_MOMENT = timedelta(microseconds=1)
ALMOST_FUTURE = NOON + CLOCK_TOLERANCE
FUTURE = ALMOST_FUTURE + A_MOMENT

RUNNING = Transaction(
    transaction_id=1,
    station="CP-1",
    evse=EvseId(1),
    id_token="TAG",
    parent="FLEET",
    status=AuthorizationStatus.ACCEPTED,
    started_at=NOON,
    meter_start_wh=1000,
    reservation_id=None,
    start_received_at=NOON,
    stop=None,
    doubts=frozenset(),
)


def of_group(parent: str | None) -> Verdict:
    return Verdict(AuthorizationStatus.ACCEPTED, None, parent)


def a_known_stop(*, stopped_at: datetime = NOON, meter_stop_wh: int = 2000) -> Stop:
    return Stop(stopped_at=stopped_at, meter_stop_wh=meter_stop_wh, reason="Local", id_token=None, received_at=NOON)


def test_a_start_of_long_ago_is_not_doubted() -> None:
    """Queued reports may be days old."""
    assert doubts_of_start(a_start(started_at=NOON - timedelta(days=30)), NOON) == frozenset()


def test_a_start_may_be_as_far_ahead_as_clocks_are_tolerated() -> None:
    assert doubts_of_start(a_start(started_at=ALMOST_FUTURE), NOON) == frozenset()
    assert doubts_of_start(a_start(started_at=FUTURE), NOON) == {Doubt.FROM_THE_FUTURE}


def test_a_start_at_the_station_itself_is_doubted() -> None:
    """OCPP 1.6 §6.45."""
    assert doubts_of_start(a_start(evse=WHOLE_STATION), NOON) == {Doubt.NO_EVSE}


def test_a_start_may_have_several_doubts() -> None:
    report = a_start(evse=WHOLE_STATION, started_at=FUTURE)

    assert doubts_of_start(report, NOON) == {Doubt.NO_EVSE, Doubt.FROM_THE_FUTURE}


STOPS = [
    # report, verdict on its token, doubts
    (a_stop(1), None, set()),
    (a_stop(1, meter_stop_wh=1000), None, set()),
    (a_stop(1, meter_stop_wh=999), None, {Doubt.METER_DECREASED}),
    (a_stop(1, stopped_at=NOON), None, set()),
    (a_stop(1, stopped_at=NOON - A_MOMENT), None, {Doubt.STOP_BEFORE_START}),
    (a_stop(1, stopped_at=ALMOST_FUTURE), None, set()),
    (a_stop(1, stopped_at=FUTURE), None, {Doubt.FROM_THE_FUTURE}),
    (a_stop(1, id_token="TAG"), of_group(None), set()),
    (a_stop(1, id_token="tag"), of_group(None), set()),
    (a_stop(1, id_token="OTHER"), of_group("FLEET"), set()),
    (a_stop(1, id_token="OTHER"), of_group("fleet"), set()),
    (a_stop(1, id_token="OTHER"), of_group("STRANGERS"), {Doubt.OTHER_TOKEN}),
    (a_stop(1, id_token="OTHER"), of_group(None), {Doubt.OTHER_TOKEN}),
    (a_stop(1, id_token="FLEET"), Verdict(AuthorizationStatus.INVALID), {Doubt.OTHER_TOKEN}),
    (
        a_stop(1, id_token="OTHER", meter_stop_wh=0, stopped_at=NOON - timedelta(days=1)),
        of_group(None),
        {Doubt.OTHER_TOKEN, Doubt.METER_DECREASED, Doubt.STOP_BEFORE_START},
    ),
]


@pytest.mark.parametrize(("report", "stopper", "doubts"), STOPS)
def test_what_cannot_be_true_of_a_stop(report: StopReport, stopper: Verdict | None, doubts: set[Doubt]) -> None:
    assert doubts_of_stop(RUNNING, report, stopper, NOON) == doubts


def test_a_token_without_a_group_stops_no_other_one_without_a_group() -> None:
    """OCPP 1.6 §3.10."""
    alone = replace(RUNNING, parent=None)

    assert doubts_of_stop(alone, a_stop(1, id_token="OTHER"), of_group(None), NOON) == {Doubt.OTHER_TOKEN}


@pytest.mark.parametrize(
    ("report", "is_same"),
    [
        (a_stop(1), True),
        (a_stop(1, reason="Reboot", id_token="OTHER"), True),
        (a_stop(1, meter_stop_wh=2001), False),
        (a_stop(1, stopped_at=NOON + A_MOMENT), False),
    ],
)
def test_the_same_time_and_register_are_the_same_stop(report: StopReport, is_same: bool) -> None:
    assert is_repetition(a_known_stop(), report) is is_same


def test_a_transaction_runs_until_it_has_a_stop() -> None:
    assert RUNNING.is_active
    assert not replace(RUNNING, stop=a_known_stop()).is_active


@pytest.mark.parametrize(("meter_stop_wh", "energy_wh"), [(1000, 0), (2500, 1500), (999, None), (-5, None)])
def test_energy_is_known_when_the_registers_can_be_true(meter_stop_wh: int, energy_wh: int | None) -> None:
    assert replace(RUNNING, stop=a_known_stop(meter_stop_wh=meter_stop_wh)).energy_wh == energy_wh


def test_a_running_transaction_has_no_energy_yet() -> None:
    assert RUNNING.energy_wh is None
