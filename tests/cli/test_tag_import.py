"""Id tags of a file, by a command."""

from __future__ import annotations

import json
from pathlib import Path

from forecourt.domain.audit.model import AuditFilter
from forecourt.domain.authorization.model import TokenFilter
from forecourt.domain.paging import PageRequest
from tests.cli.shell import Shell


def known(shell: Shell) -> list[str]:
    found = shell.services.authorization.list(TokenFilter(), PageRequest())
    return [token.id_token for token in found.items]


def test_a_file_is_registered_whole_and_written_down_once(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "tags.csv"
    file.write_text("idTag,note\nA,one\nB,two\n")
    assert shell.read("tag", "import", str(file)) == "registered\t2\n"
    assert known(shell) == ["A", "B"]
    entries = shell.services.audit.list(AuditFilter(), PageRequest()).items
    assert [entry.deed.action for entry in entries] == ["tag import"]


def test_the_list_as_csv_is_a_file_that_can_be_imported(shell: Shell, tmp_path: Path) -> None:
    shell.read("tag", "add", "A", "--parent", "G", "--expires", "2030-01-01T00:00:00Z", "--no-limit", "--note", "-x")
    before = json.loads(shell.read("tag", "show", "A", "--json"))
    file = tmp_path / "tags.csv"
    file.write_text(shell.read("tag", "list", "--csv"))
    shell.read("tag", "remove", "A", "--yes")
    shell.read("tag", "import", str(file))
    assert json.loads(shell.read("tag", "show", "A", "--json")) == before


def test_a_file_with_faults_is_not_taken_and_every_line_is_told(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "tags.csv"
    file.write_text("idTag,maxActiveTransactions\nA,1\nB,many\n" + "x" * 30 + ",1\n")
    code, told = shell.refuse("tag", "import", str(file))
    assert code == 2
    assert told.startswith("forecourt: The file has 2 faults, and nothing of it was taken.")
    assert " Line 3: 'many' is no number of transactions. Line 4: An id tag has" in told
    assert known(shell) == []


def test_a_file_that_is_not_there_is_told(shell: Shell) -> None:
    assert "cannot be read" in shell.refuse("tag", "import", "/proc/no/such/file")[1]
