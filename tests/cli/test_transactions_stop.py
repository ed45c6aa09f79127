"""The command that records a stop for a station that is gone."""

from __future__ import annotations

import json

import pytest

from forecourt.domain.evse import EvseId
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import Station, StationDraft
from forecourt.domain.transactions.model import StartReport
from tests.cli.shell import Shell
from tests.support.clock import NOON


def running(shell: Shell) -> tuple[Station, int]:
    station = shell.services.provisioning.add(StationDraft(identity="CP1")).station
    start = StartReport(evse=EvseId(1), id_token="A", started_at=NOON, meter_start_wh=1000)
    return station, shell.services.transactions.start(station, start).transaction_id


def shown(shell: Shell, number: int) -> dict[str, object]:
    facts: dict[str, object] = json.loads(shell.read("transactions", "show", str(number), "--json"))
    return facts


def test_a_transaction_is_stopped_with_the_figures_that_are_given() -> None:
    shell = Shell()
    _, number = running(shell)

    words = ("--meter-stop", "1500", "--stopped-at", "2026-01-01T12:00:00Z", "--reason", "gone", "--yes")
    shell.read("transactions", "stop", str(number), *words)

    facts = shown(shell, number)
    assert (facts["meterStop"], facts["reason"], facts["active"]) == (1500, "gone", False)
    assert str(facts["stoppedBy"]).startswith("command line (")
    assert (facts["operatorStoppedBy"], facts["operatorMeterStop"]) == (facts["stoppedBy"], 1500)
    header = shell.read("transactions", "list", "--csv").splitlines()[0].split(",")
    assert header == list(facts)


def test_a_stop_is_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forecourt.cli.consent.is_somebody_there", lambda: True)
    shell = Shell()
    _, number = running(shell)

    result = shell.type("transactions", "stop", str(number), stdin="n\n")

    assert result.exit_code != 0
    assert shown(shell, number)["active"] is True


def test_without_a_terminal_a_stop_needs_to_be_confirmed_beforehand() -> None:
    shell = Shell()
    _, number = running(shell)

    code, line = shell.refuse("transactions", "stop", str(number))

    assert (code, "--yes" in line) == (2, True)
    assert shown(shell, number)["active"] is True


def test_a_connected_station_is_asked_instead_unless_it_is_forced() -> None:
    shell = Shell()
    station, number = running(shell)
    shell.services.presence.open(station, LinkId(1), node="n", address="::1", subprotocol="ocpp1.6")

    code, line = shell.refuse("transactions", "stop", str(number), "--yes")
    assert code != 0
    assert "StopCharging" in line
    shell.read("transactions", "stop", str(number), "--yes", "--force")

    assert shown(shell, number)["active"] is False
