"""The command line over a workspace in memory: what it prints, and how it ends."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from forecourt.cli.main import Announce
from forecourt.domain.authorization.model import IdToken
from forecourt.domain.evse import EvseId
from forecourt.domain.provisioning.model import StationDraft
from forecourt.domain.transactions.model import StartReport
from forecourt.settings import ConfigError
from tests.cli.shell import Shell
from tests.support.clock import NOON


def test_serve_demo_and_roles_open_their_doors(shell: Shell) -> None:
    assert shell.read("serve") == "serving\n"
    assert shell.read("demo") == "demonstrating\n"
    shell.read("role", "gateway")
    shell.read("role", "console")
    assert shell.roles == ["gateway", "console"]


def test_help_lists_the_commands_but_not_the_internal_ones(shell: Shell) -> None:
    page = shell.read("--help")
    for command in ("serve", "demo", "station", "tag", "token", "transactions", "op", "errand", "batch"):
        assert f"\n  {command} " in page
    assert "role" not in page.split()


def test_a_station_is_added_shown_set_and_removed(shell: Shell) -> None:
    shell.read("station", "add", "CP1", "--description", "north", "--heartbeat-interval", "60")
    shown = json.loads(shell.read("station", "show", "CP1", "--json"))
    assert (shown["id"], shown["registration"], shown["heartbeatInterval"]) == ("CP1", "Accepted", 60)
    shell.read("station", "set", "CP1", "--registration", "pending")
    shown = json.loads(shell.read("station", "show", "CP1", "--json"))
    assert (shown["registration"], shown["description"], shown["heartbeatInterval"]) == ("Pending", "north", 60)
    shell.read("station", "set", "CP1", "--default-heartbeat", "--description", "")
    shown = json.loads(shell.read("station", "show", "CP1", "--json"))
    assert (shown["description"], shown["heartbeatInterval"]) == ("", None)
    shell.read("station", "remove", "CP1", "--yes")
    assert shell.refuse("station", "show", "CP1") == (3, "forecourt: No station 'CP1' is registered.\n")


def test_an_id_tag_is_added_shown_set_and_removed(shell: Shell) -> None:
    expires = "2030-01-01T00:00:00Z"
    shell.read("tag", "add", "Abc", "--parent", "G", "--expires", expires, "--max-active", "2", "--note", "lent")
    shell.read("tag", "set", "ABC", "--block")
    assert json.loads(shell.read("tag", "show", "abc", "--json")) == {
        "idTag": "Abc",
        "parentIdTag": "G",
        "expiryDate": expires,
        "blocked": True,
        "maxActiveTransactions": 2,
        "note": "lent",
        "driver": None,
    }
    shell.read("tag", "set", "ABC", "--unblock", "--no-parent", "--no-expiry", "--no-limit", "--note", "")
    assert shell.services.authorization.get("abc") == IdToken(id_token="Abc", max_active_transactions=None)
    shell.read("tag", "remove", "aBC", "--yes")
    assert shell.refuse("tag", "remove", "abc", "--yes")[0] == 3


def test_a_tag_may_run_one_transaction_unless_told_otherwise(shell: Shell) -> None:
    shell.read("tag", "add", "A")
    shell.read("tag", "add", "B", "--no-limit")
    assert shell.services.authorization.get("A").max_active_transactions == 1
    assert shell.services.authorization.get("B").max_active_transactions is None


def test_a_new_token_alone_is_on_stdout(shell: Shell) -> None:
    result = shell.type("token", "create", "backend")
    secret = result.stdout.removesuffix("\n")
    assert result.exit_code == 0
    found = shell.services.access.find_token(secret)
    assert found is not None
    assert found.name == "backend"
    assert secret not in result.stderr
    assert secret not in shell.read("token", "list")
    shell.read("token", "revoke", "backend", "--yes")
    assert shell.services.access.find_token(secret) is None


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["station", "add", "a/b"], 2, "URL"),
        (["station", "add", "A", "--heartbeat-interval", "0"], 2, "heartbeat"),
        (["station", "set", "CP1", "--heartbeat-interval", "5", "--default-heartbeat"], 2, "either"),
        (["station", "show", "CP404"], 3, "CP404"),
        (["station", "remove", "CP404", "--yes"], 3, "CP404"),
        (["station", "add", "CP1"], 4, "already"),
        (["tag", "add", "A", "--expires", "tomorrow"], 2, "--expires"),
        (["tag", "add", "A", "--expires", "2030-01-01T00:00:00"], 2, "offset"),
        (["tag", "add", "A", "--max-active", "1", "--no-limit"], 2, "either"),
        (["tag", "set", "T404"], 3, "T404"),
        (["token", "create", "a/b"], 2, "name"),
        (["token", "create", "taken"], 4, "taken"),
        (["token", "revoke", "none", "--yes"], 3, "none"),
        (["transactions", "show", "7"], 3, "7"),
        (["transactions", "list", "--from", "x"], 2, "--from"),
    ],
)
def test_a_refusal_is_one_line_and_an_exit_code(shell: Shell, words: list[str], code: int, says: str) -> None:
    shell.services.provisioning.add(StationDraft(identity="CP1"))
    shell.services.access.create_token("taken")
    ended, line = shell.refuse(*words)
    assert ended == code
    assert line.startswith("forecourt: ")
    assert says in line


@pytest.mark.parametrize(
    "words",
    [["nonsense"], ["station", "add"], ["station", "list", "--json", "--csv"], ["transactions", "show", "0"]],
)
def test_a_usage_error_ends_with_2(shell: Shell, words: list[str]) -> None:
    result = shell.type(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error" in result.stderr


def test_an_unavailable_database_ends_with_5(shell: Shell) -> None:
    shell.workspace.is_available = False
    assert shell.refuse("station", "list")[0] == 5
    assert shell.refuse("token", "create", "x")[0] == 5


def test_mistakes_in_the_settings_are_bad_input(shell: Shell) -> None:
    def serve(_announce: Announce) -> None:
        raise ConfigError(["FORECOURT_CONSOLE: no port", "FORECOURT_DATA: empty"])

    shell.serve = serve
    code, line = shell.refuse("serve")
    assert code == 2
    assert "FORECOURT_CONSOLE" in line
    assert "FORECOURT_DATA" in line


def test_an_unexpected_error_is_one_line_without_a_traceback(shell: Shell) -> None:
    def serve(_announce: Announce) -> None:
        raise OSError("disk\non fire")

    shell.serve = serve
    assert shell.refuse("serve") == (1, "forecourt: unexpected error: OSError: disk on fire\n")


def test_of_tasks_of_which_one_failed_its_error_is_told(shell: Shell) -> None:
    def serve(_announce: Announce) -> None:
        raise ExceptionGroup("unhandled errors", [ExceptionGroup("more of them", [OSError("127.0.0.1:21: in use")])])

    shell.serve = serve
    assert shell.refuse("serve") == (1, "forecourt: unexpected error: OSError: 127.0.0.1:21: in use\n")


@pytest.mark.parametrize("words", [["station", "remove", "CP1"], ["tag", "remove", "T"], ["token", "revoke", "t"]])
def test_removal_asks_first(shell: Shell, words: list[str]) -> None:
    shell.services.provisioning.add(StationDraft(identity="CP1"))
    shell.services.authorization.add(IdToken(id_token="T"))
    shell.services.access.create_token("t")
    before = shell.workspace.writes
    for answer in ("n\n", ""):
        assert shell.type(*words, stdin=answer).exit_code == 1
    assert shell.workspace.writes == before
    assert shell.type(*words, stdin="y\n").exit_code == 0
    assert shell.workspace.writes == before + 1


def test_lists_in_a_pipe_are_tab_separated_and_harmless(shell: Shell) -> None:
    shell.services.provisioning.add(StationDraft(identity="CP1", description="\x1b[2Jgone\tfar"))
    heading, line = shell.read("station", "list").splitlines()
    assert heading.split("\t")[:2] == ["id", "registration"]
    assert line.split("\t")[:3] == ["CP1", "Accepted", "false"]
    assert "\x1b" not in line
    assert len(line.split("\t")) == len(heading.split("\t"))


def test_lists_on_a_terminal_are_tables(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forecourt.cli.office.is_for_people", lambda: True)
    shell.services.provisioning.add(StationDraft(identity="CP[red]1", description=":smile:"))
    page = shell.read("station", "list")
    assert "\t" not in page
    assert "CP[red]1" in page


@pytest.mark.parametrize("group", ["station", "tag", "token", "transactions"])
def test_empty_lists_are_empty_in_every_form(shell: Shell, group: str) -> None:
    assert json.loads(shell.read(group, "list", "--json")) == []
    assert len(shell.read(group, "list", "--csv").splitlines()) == 1
    assert len(shell.read(group, "list").splitlines()) == 1


def test_lists_run_over_many_pages_in_json_and_csv(shell: Shell) -> None:
    for n in range(2001):
        shell.services.authorization.add(IdToken(id_token=f"T{n:04}"))
    names = [f"T{n:04}" for n in range(2001)]
    assert [tag["idTag"] for tag in json.loads(shell.read("tag", "list", "--json"))] == names
    assert [row["idTag"] for row in csv.DictReader(io.StringIO(shell.read("tag", "list", "--csv")))] == names
    assert [tag["idTag"] for tag in json.loads(shell.read("tag", "list", "--json", "--search", "t200"))] == names[2000:]


def test_cells_of_csv_are_no_formulas(shell: Shell) -> None:
    shell.services.authorization.add(IdToken(id_token="=1+1", note="-5"))
    (row,) = csv.DictReader(io.StringIO(shell.read("tag", "list", "--csv")))
    assert (row["idTag"], row["note"]) == ("'=1+1", "-5")


def test_transactions_are_listed_filtered_and_shown(shell: Shell) -> None:
    station = shell.services.provisioning.add(StationDraft(identity="CP1")).station
    for n in range(150):
        moment = NOON + timedelta(seconds=n)
        start = StartReport(evse=EvseId(1 + n % 2), id_token="A", started_at=moment, meter_start_wh=0)
        shell.services.transactions.start(station, start)
    listed = shell.type("transactions", "list")
    assert len(listed.stdout.splitlines()) == 101
    assert "--limit" in listed.stderr
    assert len(shell.read("transactions", "list", "--limit", "120").splitlines()) == 121
    assert len(json.loads(shell.read("transactions", "list", "--json"))) == 150
    found = json.loads(shell.read("transactions", "list", "--json", "--connector", "2", "--tag", "a", "--active"))
    assert {item["connectorId"] for item in found} == {2}
    assert json.loads(shell.read("transactions", "list", "--json", "--ended")) == []
    since = datetime(2026, 1, 1, 12, 2, 29, tzinfo=UTC).isoformat()
    assert len(json.loads(shell.read("transactions", "list", "--json", "--from", since))) == 1
    assert json.loads(shell.read("transactions", "show", "3", "--json"))["startTimestamp"] == "2026-01-01T12:00:02Z"
    assert "transactionId\t3" in shell.read("transactions", "show", "3")
