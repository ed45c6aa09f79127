"""The security log and security events on the command line, and the making of a key."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from forecourt.cli.tailing import Growing, follow
from forecourt.domain.errors import DomainError
from forecourt.domain.errors import Kind as ErrorKind
from forecourt.domain.paging import Tail
from forecourt.domain.security.model import SecurityEvent
from forecourt.domain.security_log.model import Kind, Note, NoteFilter, StoredNote
from forecourt.domain.services import Services
from forecourt.pki.sealing import Vault
from tests.cli.shell import Shell
from tests.support.clock import NOON


@pytest.fixture
def noted(shell: Shell) -> Shell:
    shell.services.security_log.note_all(
        [
            Note(kind=Kind.UNKNOWN_STATION, reason="Not registered.", station="=cmd()", address="192.0.2.1"),
            Note(kind=Kind.PROFILE_LOWERED, reason="From 2 to 1.", station="CP-1", asked_by="cli", count=2),
        ]
    )
    station = shell.a_station("CP-1")
    for name in ("TamperDetectionActivated", "DoorOpen"):
        shell.services.security.report(station, SecurityEvent(type=name, occurred_at=NOON, tech_info="lid\x1b[2J"))
    return shell


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], [2, 1]),
        (["--kind", "unknownStation"], [1]),
        (["--kind", "unknownStation", "--kind", "profileLowered"], [2, 1]),
        (["--station", "CP-1"], [2]),
        (["--address", "192.0.2.1"], [1]),
        (["--asked-by", "cli"], [2]),
        (["--to", "2020-01-01T00:00:00Z"], []),
        (["--from", "2020-01-01T00:00:00Z", "--limit", "1"], [2]),
    ],
)
def test_the_log_is_listed_and_filtered(noted: Shell, words: list[str], found: list[int]) -> None:
    page = json.loads(noted.read("security", "log", "--json", *words))
    assert [item["entry"] for item in page] == found


def test_the_log_is_listed_in_every_form(noted: Shell) -> None:
    heading, first, second = noted.read("security", "log").splitlines()
    assert heading.split("\t") == ["timestamp", "kind", "stationId", "address", "reason"]
    assert first.split("\t")[1:] == ["profileLowered", "CP-1", "", "From 2 to 1."]
    assert second.split("\t")[2] == "=cmd()"
    newest, oldest = csv.DictReader(io.StringIO(noted.read("security", "log", "--csv")))
    assert (newest["askedBy"], newest["count"], oldest["stationId"]) == ("cli", "2", "'=cmd()")
    assert noted.type("security", "log", "--kind", "weather").exit_code == 2


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], ["DoorOpen", "TamperDetectionActivated"]),
        (["--critical"], ["TamperDetectionActivated"]),
        (["--not-critical"], ["DoorOpen"]),
        (["--type", "dooropen"], ["DoorOpen"]),
        (["--station", "CP-2"], []),
    ],
)
def test_security_events_are_listed_and_filtered(noted: Shell, words: list[str], found: list[str]) -> None:
    page = json.loads(noted.read("security", "events", "--json", *words))
    assert [item["type"] for item in page] == found


def test_what_stations_tell_does_not_move_the_cursor(noted: Shell) -> None:
    assert "\x1b" not in noted.read("security", "events")
    assert len(list(csv.DictReader(io.StringIO(noted.read("security", "events", "--csv"))))) == 2


# Followed


def a_list_that_grows(shell: Shell) -> Growing[StoredNote]:
    log = shell.services.security_log
    return Growing(
        get_page=lambda _services, page: log.list(NoteFilter(), page),
        get_tail=lambda _services, number, limit: log.after(number, NoteFilter(), limit),
        settled=lambda _services: log.settled(),
        show=lambda stored: {"reason": stored.note.reason, "kind": stored.note.kind.value},
        columns=["reason", "kind"],
        shown=["reason"],
    )


@pytest.mark.parametrize(
    ("as_json", "read"), [(False, str), (True, lambda line: json.loads(line)["reason"])], ids=["plain", "json"]
)
def test_only_what_is_new_is_printed_as_it_comes(
    noted: Shell, capsys: pytest.CaptureFixture[str], as_json: bool, read: Callable[[str], str]
) -> None:
    printed: list[str] = []

    async def watch() -> None:
        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            before = noted.workspace.reads_done
            watching = tasks.create_task(follow(noted.workspace, a_list_that_grows(noted), as_json=as_json))
            while noted.workspace.reads_done < before + 2:
                await asyncio.sleep(0.01)
            for reason in ("one", "two"):
                noted.services.security_log.note(Note(kind=Kind.CSR_REFUSED, reason=reason))
            while len(printed) < 2:
                printed.extend(capsys.readouterr().out.splitlines())
                await asyncio.sleep(0.01)
            watching.cancel()

    asyncio.run(watch())
    assert [read(line) for line in printed] == ["one", "two"]


def test_who_follows_waits_for_a_database_that_is_away_for_a_while(
    noted: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    growing, looks = a_list_that_grows(noted), 0

    def get_tail(services: Services, number: int, limit: int) -> Tail[StoredNote]:
        nonlocal looks
        looks += 1
        if looks == 1:
            noted.services.security_log.note(Note(kind=Kind.CSR_REFUSED, reason="meanwhile"))
            raise DomainError(ErrorKind.UNAVAILABLE, "The database is away.")
        return growing.get_tail(services, number, limit)

    printed: list[str] = []

    async def watch() -> None:
        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            breaking = replace(growing, get_tail=get_tail)
            watching = tasks.create_task(follow(noted.workspace, breaking, as_json=False))
            while not printed:
                printed.extend(capsys.readouterr().out.splitlines())
                await asyncio.sleep(0.01)
            watching.cancel()

    asyncio.run(watch())
    assert printed == ["meanwhile"]


@pytest.mark.parametrize("what", ["log", "events"])
def test_following_ends_with_ctrl_c(noted: Shell, what: str) -> None:
    noted.workspace.reads_left = 3
    result = noted.type("security", what, "--follow")
    assert (result.exit_code, result.stdout) == (130, "")


@pytest.mark.parametrize("words", [["--csv"], ["--limit", "3"]])
def test_what_has_no_end_has_no_limit_either(noted: Shell, words: list[str]) -> None:
    result = noted.type("security", "log", "--follow", *words)
    assert result.exit_code == 2
    assert "--follow" in result.stderr


# The key


def test_every_key_that_is_made_is_another_and_fits(shell: Shell) -> None:
    made = [shell.read("secret-key").strip() for _ in range(3)]
    assert len(set(made)) == 3
    Vault([key.encode() for key in made])
    assert shell.losses == []


def test_a_loss_is_accepted_only_when_it_is_confirmed(shell: Shell) -> None:
    code, line = shell.refuse("secret-key", "--accept-loss")
    assert (code, "add --yes" in line) == (2, True)
    assert shell.losses == []
    assert shell.read("secret-key", "--accept-loss", "--yes") == "It is lost.\n"
    assert shell.losses == ["accepted"]
