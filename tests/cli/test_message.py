"""The log of messages on the command line."""

from __future__ import annotations

import csv
import io

from forecourt.domain.message_log.model import Direction, Exchange
from tests.cli.shell import Shell


def test_messages_are_listed_and_chosen(shell: Shell) -> None:
    station = shell.a_station("CP-1")
    for action, error in (("Heartbeat", None), ("Nonsense", "the action 'Nonsense' is not known")):
        exchange = Exchange(direction=Direction.IN, action=action, message_id="1", request="{}", error=error)
        shell.services.message_log.note(station.key, exchange, since=0.0)
    everything = list(csv.DictReader(io.StringIO(shell.read("message", "list", "--csv"))))
    assert [row["action"] for row in everything] == ["Nonsense", "Heartbeat"]
    failed = list(csv.DictReader(io.StringIO(shell.read("message", "list", "--failed", "--csv"))))
    assert [row["error"] for row in failed] == ["the action 'Nonsense' is not known"]
    assert not list(csv.DictReader(io.StringIO(shell.read("message", "list", "--station", "CP-2", "--csv"))))
