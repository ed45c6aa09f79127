"""Errands and batches on the command line."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.shell import Shell

ACCEPTED = '{"status":"Accepted"}'


@pytest.fixture
def busy(shell: Shell) -> Shell:
    """One answered errand of A, and a batch: one answered of A, one that waits for B."""
    shell.a_station("A", answer=ACCEPTED)
    shell.a_station("B")
    shell.read("op", "ClearCache", "A", "--wait")
    shell.type("op", "TriggerMessage", "A", "B", "--requested-message", "Heartbeat", "--when-online", "--wait", "0.2")
    return shell


def numbers(page: str) -> list[int]:
    return [item["errand"] for item in json.loads(page)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], [3, 2, 1]),
        (["--station", "A"], [2, 1]),
        (["--operation", "ClearCache"], [1]),
        (["--state", "queued"], [3]),
        (["--state", "queued", "--state", "answered"], [3, 2, 1]),
        (["--batch", "1"], [3, 2]),
        (["--asked-by", "nobody"], []),
        (["--to", "2020-01-01T00:00:00Z"], []),
        (["--from", "2020-01-01T00:00:00Z", "--limit", "1"], [3]),
    ],
)
def test_errands_are_listed_and_filtered(busy: Shell, words: list[str], found: list[int]) -> None:
    assert numbers(busy.read("errand", "list", "--json", *words)) == found


def test_an_errand_is_listed_in_every_form(busy: Shell) -> None:
    heading, first, *_ = busy.read("errand", "list").splitlines()
    assert heading.split("\t") == ["errand", "stationId", "operation", "state", "queuedAt", "outcome"]
    assert first.split("\t")[:4] == ["3", "B", "TriggerMessage", "queued"]
    row = list(csv.DictReader(io.StringIO(busy.read("errand", "list", "--csv"))))[-1]
    assert (row["state"], row["response"], row["outcomeUnknown"]) == ("answered", ACCEPTED, "false")


def test_an_errand_is_shown_with_what_was_answered(busy: Shell) -> None:
    shown = json.loads(busy.read("errand", "show", "1", "--json"))
    assert (shown["state"], shown["action"], shown["response"]) == ("answered", "ClearCache", {"status": "Accepted"})
    assert "operation\tClearCache" in busy.read("errand", "show", "1")
    assert busy.refuse("errand", "show", "9")[0] == 3


def test_an_errand_is_shown_on_a_terminal(busy: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forecourt.cli.output.is_for_people", lambda: True)
    page = busy.read("errand", "show", "1")
    assert "ClearCache" in page
    assert "errorCode" not in page


def test_what_was_not_sent_is_taken_back(busy: Shell) -> None:
    assert "state\tcancelled" in busy.read("errand", "cancel", "3")
    assert busy.refuse("errand", "cancel", "3")[0] == 4
    assert busy.refuse("errand", "cancel", "1")[0] == 4
    assert busy.refuse("errand", "cancel", "9")[0] == 3


def test_one_errand_is_watched_until_it_ends(shell: Shell) -> None:
    shell.a_station("A", answer=ACCEPTED)
    shell.read("op", "ClearCache", "A")
    lines = shell.read("errand", "watch", "1").splitlines()
    assert lines[-1].split("\t") == ["1", "A", "ClearCache", "answered", "Accepted"]
    assert shell.refuse("errand", "watch", "9")[0] == 3


def test_an_errand_that_was_not_done_is_watched_to_exit_code_6(busy: Shell) -> None:
    busy.read("errand", "cancel", "3")
    result = busy.type("errand", "watch", "3", "--json")
    assert (result.exit_code, json.loads(result.stdout)["state"]) == (6, "cancelled")


def test_batches_are_listed_shown_and_cancelled(busy: Shell) -> None:
    [batch] = json.loads(busy.read("batch", "list", "--json"))
    assert (batch["batch"], batch["total"], batch["finished"]) == (1, 2, False)
    assert batch["counts"] == {"queued": 1, "answered": 1}
    code, line = busy.refuse("batch", "cancel", "1")
    assert (code, "--yes" in line) == (2, True)
    assert "finished\ttrue" in busy.read("batch", "cancel", "1", "--yes")
    shown = json.loads(busy.read("batch", "show", "1", "--json"))
    assert shown["counts"] == {"answered": 1, "cancelled": 1}
    assert "batch\t1" in busy.read("batch", "show", "1")
    assert busy.refuse("batch", "show", "2")[0] == 3
    assert len(busy.read("batch", "list", "--csv").splitlines()) == 2


@pytest.mark.parametrize(
    "words", [("errand", "cancel"), ("errand", "show"), ("batch", "cancel"), ("transactions", "stop")]
)
@pytest.mark.parametrize("number", ["OFF-1", "0", "9" * 30])
def test_what_is_no_number_is_refused_with_advice(shell: Shell, words: tuple[str, str], number: str) -> None:
    result = shell.type(*words, number)
    assert result.exit_code == 2
    assert "is not the number of" in " ".join(result.stderr.split())
    assert f"{words[0]} list" in " ".join(result.stderr.split())
