"""A connector only changes its status as OCPP 1.6 §4.9 allows."""

from __future__ import annotations

import pytest

from forecourt_simulator.connector import TRANSITIONS, Connector, ImpossibleTransition, Occurrence

ALLOWED = {
    "Available": "Preparing Charging SuspendedEV SuspendedEVSE Reserved Unavailable Faulted",
    "Preparing": "Available Charging SuspendedEV SuspendedEVSE Finishing Faulted",
    "Charging": "Available SuspendedEV SuspendedEVSE Finishing Unavailable Faulted",
    "SuspendedEV": "Available Charging SuspendedEVSE Finishing Unavailable Faulted",
    "Finishing": "Available Preparing Unavailable Faulted",
    "Reserved": "Available Preparing Unavailable Faulted",
    "Unavailable": "Available Preparing Charging SuspendedEV SuspendedEVSE Faulted",
}
"""The rows of the table in OCPP 1.6 §4.9, B6 from its errata."""


def test_every_transition_stands_in_the_table_of_the_standard() -> None:
    for status, outcomes in TRANSITIONS.items():
        for following in outcomes.values():
            assert following in ALLOWED[status].split(), f"{status} to {following}"


def test_every_status_can_be_reached_and_left() -> None:
    reached = {following for outcomes in TRANSITIONS.values() for following in outcomes.values()}
    assert reached == set(TRANSITIONS)


def test_a_whole_visit() -> None:
    connector = Connector(1)
    seen = []
    for occurrence in (
        Occurrence.PREPARED,
        Occurrence.STARTED,
        Occurrence.EV_PAUSED,
        Occurrence.STOPPED,
        Occurrence.RELEASED,
    ):
        connector.pass_on(occurrence)
        seen.append(connector.status)
    assert seen == ["Preparing", "Charging", "SuspendedEV", "Finishing", "Available"]


def test_what_cannot_happen_is_refused_with_the_status() -> None:
    with pytest.raises(ImpossibleTransition, match="connector 3 is Available"):
        Connector(3).pass_on(Occurrence.STOPPED)
