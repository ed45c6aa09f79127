"""Alarms on the command line."""

from __future__ import annotations

import json

import pytest

from forecourt.domain.alarms.model import Level, Topic
from tests.cli.shell import Shell


@pytest.fixture
def alarmed(shell: Shell) -> Shell:
    shell.services.alarms.raise_(Topic.AUTHORITY, "=acme", Level.WARNING, "It is silent.\x1b[2J")
    shell.services.alarms.raise_(Topic.CERTIFICATE_EXPIRES, "CP-1", Level.CRITICAL, "It expires tomorrow.")
    shell.services.alarms.raise_(Topic.FILES, "shelf", Level.WARNING, "The disk is full.")
    shell.services.alarms.end(Topic.FILES, "shelf")
    return shell


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], [2, 1]),
        (["--all"], [3, 2, 1]),
        (["--topic", "authority"], [1]),
        (["--subject", "CP-1"], [2]),
        (["--level", "warning"], [1]),
        (["--acknowledged"], []),
        (["--to", "2020-01-01T00:00:00Z"], []),
        (["--all", "--from", "2020-01-01T00:00:00Z", "--limit", "1"], [3]),
    ],
)
def test_open_alarms_are_listed_and_filtered(alarmed: Shell, words: list[str], found: list[int]) -> None:
    assert [item["alarm"] for item in json.loads(alarmed.read("alarm", "list", "--json", *words))] == found


def test_alarms_are_listed_in_every_form(alarmed: Shell) -> None:
    heading, first, second = alarmed.read("alarm", "list").splitlines()
    assert heading.split("\t") == ["alarm", "level", "topic", "subject", "raisedAt", "acknowledgedBy", "sentence"]
    assert first.split("\t")[:4] == ["2", "critical", "certificateExpires", "CP-1"]
    assert "\x1b" not in second
    assert "'=acme" in alarmed.read("alarm", "list", "--csv")


def test_an_alarm_is_acknowledged_by_whoever_types(alarmed: Shell) -> None:
    assert "acknowledgedBy\tcommand line (" in alarmed.read("alarm", "acknowledge", "1")
    assert json.loads(alarmed.read("alarm", "show", "1", "--json"))["acknowledgedBy"].startswith("command line")
    code, line = alarmed.refuse("alarm", "acknowledge", "1")
    assert (code, "acknowledged already" in line) == (4, True)
    assert alarmed.refuse("alarm", "show", "9")[0] == 3
