"""Operations on the command line: their options, which stations they are for, and how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from forecourt.domain.errands.model import BatchNumber, Delivery, Errand, ErrandFilter, ErrandState, Priority
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import Registration
from forecourt.operations import asking
from tests.cli.shell import Shell, catalogue

ACCEPTED = '{"status":"Accepted"}'
REJECTED = '{"status":"Rejected"}'


def errands(shell: Shell) -> list[Errand]:
    """Oldest first."""
    return list(reversed(shell.services.errands.list(ErrandFilter(), PageRequest(1000)).items))


def the_request(shell: Shell) -> object:
    """What the only errand will say."""
    [errand] = errands(shell)
    assert errand.request is not None
    return json.loads(errand.request)


def rows(page: str) -> dict[str, list[str]]:
    """Station → the other cells of its line."""
    return {line.split("\t")[0]: line.split("\t")[1:] for line in page.splitlines()[1:]}


# What is offered


def test_every_operation_of_the_catalogue_is_listed_with_its_summary(shell: Shell) -> None:
    page = " ".join(shell.read("op", "--help").split())
    for operation in catalogue().values():
        assert f" {operation.name} " in page
        assert operation.summary in page
        assert f" {operation.group}: " in page


@pytest.mark.parametrize("name", list(catalogue()))
def test_the_help_of_an_operation_describes_every_parameter(shell: Shell, name: str) -> None:
    page = "".join(shell.read("op", name, "--help").split())
    kind = catalogue()[name].params
    for field in msgspec.json.schema_components([kind])[1][kind.__name__]["properties"].values():
        assert "".join(str(field["description"]).split()) in page


def test_an_operation_that_nobody_has_heard_of_is_refused_with_advice(shell: Shell) -> None:
    result = shell.type("op", "reset", "CP-1")
    assert result.exit_code == 2
    assert "Did you mean Reset" in result.stderr


def test_help_loads_neither_the_words_of_ocpp_nor_the_database() -> None:
    program = (
        "import sys; from forecourt.__main__ import main\n"
        "sys.argv = ['forecourt', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "forecourt.cli.op" in loaded
    heavy = {"sqlalchemy", "alembic", "psycopg", "aiohttp", "litestar", "jsonschema_rs", "forecourt.dialect"}
    assert not loaded & heavy


def test_an_action_of_a_new_version_is_a_command_without_a_line_of_code(shell: Shell) -> None:
    shell.a_station()
    page = shell.read("op", "WaterPlants", "--help")
    assert "--plant Fern|Palm" in page
    assert "Where the plants are. [may be repeated]" in " ".join(page.split())
    words = ["--plant", "Fern", "--can.litres", "1.5", "--can.rose", "--rooms", "hall", "--rooms", "attic"]
    words += ["--cans", '[{"litres": 2}]', "--parameter-priority", "2", "--priority", "high", "--when-online"]
    shell.read("op", "WaterPlants", "CP-1", *words)
    assert the_request(shell) == {
        "plant": "Fern",
        "priority": 2,
        "can": {"litres": 1.5, "rose": True},
        "rooms": ["hall", "attic"],
        "cans": [{"litres": 2}],
    }
    assert errands(shell)[0].priority is Priority.HIGH


# Parameters


def test_every_fault_is_told_with_its_path_and_nothing_is_stored(shell: Shell) -> None:
    shell.a_station()
    result = shell.type("op", "WaterPlants", "CP-1", "--plant", "Oak", "--can.litres", "lots", "--no-can.rose")
    assert (result.exit_code, result.stdout) == (2, "")
    heading, *faults = result.stderr.splitlines()
    assert heading == "forecourt: the parameters of WaterPlants cannot be used:"
    assert [fault.split(":")[0].strip() for fault in sorted(faults)] == ["can.litres", "plant"]
    assert errands(shell) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--can", "{"], "can: this is not JSON"),
        (["--can", "3", "--can.litres", "1"], "can was given as a whole"),
        (["--can.litres", "11"], "can.litres"),
        (["--parameter-priority", "4"], "priority"),
        ([], "plant"),
    ],
)
def test_what_cannot_be_used_ends_with_2(shell: Shell, words: list[str], says: str) -> None:
    shell.a_station()
    result = shell.type("op", "WaterPlants", "CP-1", *words)
    assert result.exit_code == 2
    assert says in result.stderr


def test_unknown_options_are_refused(shell: Shell) -> None:
    shell.a_station()
    result = shell.type("op", "WaterPlants", "CP-1", "--plant", "Fern", "--colour", "green")
    assert result.exit_code == 2
    assert "--colour" in result.stderr
    assert errands(shell) == []


def test_the_parameters_come_from_a_file_or_from_a_pipe(shell: Shell, tmp_path: Path) -> None:
    shell.a_station()
    body = '{"plant":"Palm","can":{"litres":3.5}}'
    file = tmp_path / "body.json"
    file.write_text(body)
    for stdin, source in (("", str(file)), (body, "-")):
        shell.read("op", "WaterPlants", "CP-1", "--json", source, "--when-online", stdin=stdin)
    assert [errand.request for errand in errands(shell)] == [body] * 2
    assert shell.refuse("op", "WaterPlants", "CP-1", "--json", str(tmp_path / "none"))[0] == 2
    both = shell.refuse("op", "WaterPlants", "CP-1", "--json", str(file), "--plant", "Palm")
    assert (both[0], "not both" in both[1]) == (2, True)
    assert shell.type("op", "WaterPlants", "CP-1", "--json", "-", stdin="[").exit_code == 2


# One station


def test_the_answer_of_one_station_is_printed_field_by_field(shell: Shell) -> None:
    answer = '{"configurationKey":[{"key":"HeartbeatInterval","readonly":false,"value":"300"}],"unknownKey":["X"]}'
    shell.a_station(answer=answer)
    page = shell.read("op", "GetConfiguration", "CP-1", "--key", "HeartbeatInterval", "--key", "X", "--wait")
    assert "state\tanswered\n" in page
    assert "configurationKey[0]\tkey=HeartbeatInterval, readonly=false, value=300\n" in page
    assert "unknownKey[0]\tX\n" in page


def test_the_answer_of_one_station_is_json_when_asked_for(shell: Shell) -> None:
    shell.a_station(answer=ACCEPTED)
    errand = json.loads(shell.read("op", "ClearCache", "CP-1", "--wait", "5", "--as-json"))
    assert (errand["state"], errand["response"], errand["stationId"]) == ("answered", {"status": "Accepted"}, "CP-1")
    assert errand["askedBy"].startswith("command line (")


def test_without_waiting_it_is_queued_and_done(shell: Shell) -> None:
    shell.a_station(answer=ACCEPTED)
    assert "state\tqueued\n" in shell.read("op", "ClearCache", "CP-1")


@pytest.mark.parametrize(("answer", "state"), [(REJECTED, "refused"), (None, "failed"), ("", "queued")])
def test_a_station_that_does_not_do_it_ends_with_6(shell: Shell, answer: str | None, state: str) -> None:
    shell.a_station(answer=answer)
    result = shell.type("op", "ClearCache", "CP-1", "--wait", "0.2")
    assert result.exit_code == 6
    assert f"state\t{state}\n" in result.stdout
    assert ("forecourt errand show 1" in result.stderr) is (state == "queued")


def test_a_station_that_is_not_registered_is_not_found(shell: Shell) -> None:
    assert shell.refuse("op", "ClearCache", "CP-9") == (3, "forecourt: No station 'CP-9' is registered.\n")


def test_wait_may_stand_before_a_station(shell: Shell) -> None:
    shell.a_station(answer=ACCEPTED)
    assert "state\tanswered\n" in shell.read("op", "ClearCache", "--wait", "CP-1")


def test_what_may_wait_says_until_when(shell: Shell) -> None:
    shell.a_station()
    shell.read("op", "ClearCache", "CP-1", "--when-online", "--until", "2026-01-01T18:00:00Z", "--priority", "low")
    [errand] = errands(shell)
    assert (errand.delivery, errand.priority) == (Delivery.WHEN_ONLINE, Priority.LOW)
    assert errand.expires_at == datetime(2026, 1, 1, 18, tzinfo=UTC)
    assert shell.refuse("op", "ClearCache", "CP-1", "--until", "2020-01-01T00:00:00Z")[0] == 2
    assert shell.refuse("op", "ClearCache", "CP-1", "--until", "soon")[0] == 2
    assert shell.refuse("op", "ClearCache", "CP-1", "--priority", "top")[0] == 2
    assert len(errands(shell)) == 1


def test_whoever_stops_waiting_is_told_where_it_goes_on(shell: Shell) -> None:
    shell.a_station(answer="")
    shell.workspace.reads_left = 3
    result = shell.type("op", "ClearCache", "CP-1", "--wait")
    assert result.exit_code == 130
    assert "state\tqueued" in result.stdout
    assert "forecourt errand show 1" in result.stderr
    assert [errand.state for errand in errands(shell)] == [ErrandState.QUEUED]


# Danger


def test_what_is_dangerous_needs_consent_where_nobody_can_be_asked(shell: Shell) -> None:
    shell.a_station(answer=ACCEPTED)
    code, line = shell.refuse("op", "Reset", "CP-1", "--type", "Hard")
    assert code == 2
    assert "--yes" in line
    assert errands(shell) == []
    assert "answered" in shell.read("op", "Reset", "CP-1", "--type", "Hard", "--yes", "--wait")


def test_what_is_dangerous_is_asked_about_on_a_terminal(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forecourt.cli.consent.is_somebody_there", lambda: True)
    shell.a_station(answer=ACCEPTED)
    assert shell.type("op", "Reset", "CP-1", "--type", "Hard", stdin="n\n").exit_code == 1
    assert errands(shell) == []
    result = shell.type("op", "Reset", "--all", "--type", "Hard", stdin="y\n")
    assert result.exit_code == 0
    assert "'CP-1'" in result.stderr
    assert len(errands(shell)) == 1


# Many stations


def test_each_station_gets_a_line_as_it_ends(shell: Shell) -> None:
    shell.a_station("A", answer=ACCEPTED)
    shell.a_station("B", answer=REJECTED)
    shell.a_station("C")
    result = shell.type("op", "ClearCache", "A", "B", "C", "A", "--wait")
    assert result.exit_code == 6
    told = rows(result.stdout)
    assert {station: (cells[1], cells[2][:8]) for station, cells in told.items()} == {
        "A": ("answered", "Accepted"),
        "B": ("refused", "Rejected"),
        "C": ("failed", "The stat"),
    }
    assert "1 answered, 1 refused, 1 failed" in result.stderr
    assert "forecourt batch show 1" in result.stderr
    assert shell.services.errands.get_batch(BatchNumber(1)).is_finished


def test_when_all_stations_did_it_the_end_is_0(shell: Shell) -> None:
    for identity in "AB":
        shell.a_station(identity, answer=ACCEPTED)
    page = json.loads(shell.read("op", "ClearCache", "--online", "--wait", "--as-json"))
    assert {one["stationId"]: one["state"] for one in page} == {"A": "answered", "B": "answered"}
    assert len(rows(shell.read("op", "ClearCache", "--all"))) == 2


def test_stations_that_are_not_registered_are_told_by_name_and_the_others_are_asked(shell: Shell) -> None:
    shell.a_station("A", answer=ACCEPTED)
    result = shell.type("op", "ClearCache", "A", "X", "Y", "--wait")
    assert result.exit_code == 6
    assert [line for line in result.stderr.splitlines() if "registered" in line] == [
        "forecourt: no station 'X' is registered.",
        "forecourt: no station 'Y' is registered.",
    ]
    assert [errand.state for errand in errands(shell)] == [ErrandState.ANSWERED]
    assert shell.type("op", "ClearCache", "X", "Y").exit_code == 6


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        (["--all"], {"A", "AB", "C"}),
        (["--online"], {"A"}),
        (["--offline", "--search", "b"], {"AB"}),
        (["--search", "a"], {"A", "AB"}),
        (["--registration", "pending"], {"C"}),
        (["C", "A"], {"A", "C"}),
    ],
)
def test_stations_are_named_or_selected(shell: Shell, words: list[str], chosen: set[str]) -> None:
    shell.a_station("A", answer="")
    shell.a_station("AB")
    shell.a_station("C", registration=Registration.PENDING)
    shell.read("op", "ClearCache", *words, "--when-online")
    assert {errand.station for errand in errands(shell)} == chosen


@pytest.mark.parametrize("words", [[], ["A", "--all"], ["--all", "--online"], ["A", "--search", "x"]])
def test_a_selection_that_says_nothing_or_two_things_is_refused(shell: Shell, words: list[str]) -> None:
    shell.a_station("A")
    assert shell.refuse("op", "ClearCache", *words)[0] == 2
    assert errands(shell) == []


def test_a_selection_that_no_station_fits_is_not_found(shell: Shell) -> None:
    assert shell.refuse("op", "ClearCache", "--online")[0] == 3


def test_thousands_of_stations_are_asked_a_part_at_a_time(shell: Shell) -> None:
    for number in range(250):
        shell.a_station(f"S{number:03}", answer=ACCEPTED)
    page = shell.read("op", "ClearCache", "--all", "--wait")
    assert {cells[1] for cells in rows(page).values()} == {"answered"}
    assert len(rows(page)) == 250
    beside = 2  # the batch itself, and its end
    assert shell.workspace.writes == -(-250 // asking.STATIONS_PER_WORK) + beside
    assert shell.services.errands.get_batch(BatchNumber(1)).total == 250


def test_a_bar_is_shown_on_a_terminal_and_then_who_did_not_do_it(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forecourt.cli.telling.is_for_people", lambda: True)
    shell.a_station("GOOD", answer=ACCEPTED)
    shell.a_station("BAD", answer=REJECTED)
    result = shell.type("op", "ClearCache", "--all", "--wait")
    assert result.exit_code == 6
    assert "BAD" in result.stdout
    assert "GOOD" not in result.stdout
    assert "1 answered, 1 refused" in result.stderr


@pytest.mark.parametrize("seconds", ["-3", "3601", "nan", "soon"])
def test_nobody_waits_for_a_time_that_is_none_or_too_long(shell: Shell, seconds: str) -> None:
    shell.a_station("A", answer=ACCEPTED)
    result = shell.type("op", "ClearCache", "A", f"--wait={seconds}")
    assert result.exit_code == 2
    assert "from 0 to 3600" in " ".join(result.stderr.split())
    assert shell.read("errand", "list", "--json").strip() == "[]"
