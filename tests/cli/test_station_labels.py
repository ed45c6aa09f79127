"""Labels of stations on the command line."""

from __future__ import annotations

import json

from tests.cli.shell import Shell


def labels(shell: Shell) -> str:
    return str(json.loads(shell.read("station", "show", "CP1", "--json"))["labels"])


def test_labels_are_given_added_taken_away_and_replaced(shell: Shell) -> None:
    shell.read("station", "add", "CP1", "--label", "roof", "--label", "fast")
    assert labels(shell) == "fast, roof"
    shell.read("station", "set", "CP1", "--description", "other things stay")
    assert labels(shell) == "fast, roof"
    shell.read("station", "set", "CP1", "--add-label", "new", "--remove-label", "roof")
    assert labels(shell) == "fast, new"
    shell.read("station", "set", "CP1", "--label", "alone")
    assert labels(shell) == "alone"


def test_a_label_that_cannot_be_is_refused(shell: Shell) -> None:
    status, sentence = shell.refuse("station", "add", "CP1", "--label", "x" * 51)
    assert status == 2
    assert "A label has at most 50 characters" in sentence
    assert shell.refuse("station", "show", "CP1")[0] == 3


def test_stations_are_listed_by_label(shell: Shell) -> None:
    shell.read("station", "add", "CP1", "--label", "fast")
    shell.read("station", "add", "CP2")
    listed = json.loads(shell.read("station", "list", "--label", "fast", "--json"))
    assert [one["id"] for one in listed] == ["CP1"]
    assert json.loads(shell.read("station", "list", "--faulted", "--json")) == []
