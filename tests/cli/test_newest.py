"""Lists that grow: in a table the newest hundred, and whoever reads it is told that there are more."""

from __future__ import annotations

import json

import pytest

from forecourt.domain.jobs.model import JobDraft, JobKind
from tests.cli.shell import Shell

HINT = "These are the newest 100; --limit shows more."


@pytest.fixture
def shell() -> Shell:
    shell = Shell()
    draft = JobDraft(kind=JobKind.SECURITY_LOG, operation="CollectLog", asked_by="admin", location="https://here/")
    station = shell.a_station()
    for _ in range(101):
        shell.services.jobs.give_up(shell.services.jobs.add(station, draft), "admin")
    return shell


@pytest.mark.parametrize(("options", "listed"), [([], 100), (["--limit", "101"], 101), (["--limit", "7"], 7)])
def test_a_table_is_cut_and_says_so_unless_it_was_asked_for(shell: Shell, options: list[str], listed: int) -> None:
    result = shell.type("job", "list", *options)
    assert len(result.stdout.splitlines()) == 1 + listed
    assert (HINT in result.stderr) is (not options)


def test_what_programs_read_is_whole(shell: Shell) -> None:
    result = shell.type("job", "list", "--json")
    assert len(json.loads(result.stdout)) == 101
    assert result.stderr == ""
