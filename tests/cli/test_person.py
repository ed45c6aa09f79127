"""People, tokens and the record of who did what, on the command line; and what it may do at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from forecourt.config import SignInRole
from forecourt.domain.access.permissions import EVERYTHING, PERMISSIONS, Permission, Role
from forecourt.domain.audit.model import AuditFilter, Deed
from forecourt.domain.paging import PageRequest
from tests.cli.shell import Shell

LONG = "a long enough password"


def deeds(shell: Shell) -> list[Deed]:
    return [entry.deed for entry in shell.services.audit.list(AuditFilter(), PageRequest()).items][::-1]


def test_somebody_is_added_shown_changed_and_removed(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{LONG}\n")
    shell.read("person", "add", "root", "--role", "admin", "--no-password")
    shell.read("person", "add", "ann", "--role", "operator", "--shown-name", "Ann", "--password-file", str(file))
    credentials = shell.services.accounts.credentials("ann")
    assert credentials is not None
    assert credentials.password_hash == f"plain:{LONG}"
    shell.read("person", "change", "ann", "--role", "securityOfficer", "--disable")
    shown = json.loads(shell.read("person", "show", "ann", "--json"))
    assert (shown["role"], shown["enabled"], shown["shownName"]) == ("securityOfficer", False, "Ann")
    listed = json.loads(shell.read("person", "list", "--json"))
    assert [one["name"] for one in listed] == ["ann", "root"]
    shell.read("person", "password", "ann", "--password-file", "-", stdin=f"{LONG} too\n")
    shell.read("person", "remove", "ann", "--yes")
    assert shell.refuse("person", "show", "ann")[0] == 3
    code, line = shell.refuse("person", "remove", "root", "--yes")
    assert code == 4
    assert "last enabled administrator" in line


def test_a_password_is_asked_for_and_never_shown(shell: Shell) -> None:
    result = shell.type("person", "add", "ann", "--role", "viewer", stdin=f"{LONG}\n{LONG}\n")
    assert result.exit_code == 0, result.output
    assert LONG not in result.output
    code = shell.type("person", "add", "bob", "--role", "viewer", stdin="short\nshort\n").exit_code
    assert code == 2
    assert shell.services.accounts.find("bob") is None


@pytest.mark.parametrize(
    ("words", "scopes"),
    [
        ([], PERMISSIONS[Role.OPERATOR]),
        (["--scope", "view", "--scope", "audit"], {Permission.VIEW, Permission.AUDIT}),
        (["--role", "admin"], EVERYTHING),
    ],
)
def test_a_token_gets_the_scopes_that_are_said(shell: Shell, words: list[str], scopes: set[Permission]) -> None:
    secret = shell.read("token", "create", "ci", *words).strip()
    token = shell.services.access.find_token(secret)
    assert token is not None
    assert token.scopes == scopes
    listed = json.loads(shell.read("token", "list", "--json"))
    assert set(listed[0]["scopes"].split()) == {scope.value for scope in scopes}


def test_a_token_gets_scopes_or_a_role_and_not_both(shell: Shell) -> None:
    assert shell.type("token", "create", "ci", "--scope", "view", "--role", "viewer").exit_code == 2


# What is written down


def test_a_command_is_written_down_with_its_words_and_without_values_that_may_be_secret(
    shell: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(LONG)
    shell.a_station("CP-1")
    shell.read("station", "list")
    shell.read("person", "add", "ann", "--role", "viewer", "--password-file", str(file))
    shell.read("op", "ChangeConfiguration", "CP-1", "--key", "Secret", "--value", "hidden", "--when-online")
    shell.refuse("station", "add", "CP-1")
    first, second = deeds(shell)
    assert first.who.startswith("command line (")
    assert (first.via.value, first.action, first.subject) == ("commandLine", "person add", "ann")
    assert first.detail == "--role viewer --password-file"
    assert (second.action, second.subject) == ("op ChangeConfiguration", "CP-1")
    assert second.detail == "--key --value --when-online"
    listed = json.loads(shell.read("audit", "list", "--subject", "CP-1", "--via", "commandLine", "--json"))
    assert [one["action"] for one in listed] == ["op ChangeConfiguration"]


# What the command line may do


@pytest.mark.parametrize(
    ("role", "words", "lacks"),
    [
        (Role.VIEWER, ["station", "add", "CP-2"], "manage"),
        (Role.VIEWER, ["op", "Reset", "CP-1", "--type", "Soft"], "operate"),
        (Role.OPERATOR, ["op", "ChangePassword", "CP-1", "--yes"], "security"),
        (Role.OPERATOR, ["op", "ChangeConfiguration", "CP-1", "--key", "CpoName", "--value", "x"], "security"),
        (Role.OPERATOR, ["station", "security", "password", "CP-1", "--yes"], "security"),
        (Role.OPERATOR, ["security", "log"], "audit"),
        (Role.OPERATOR, ["audit", "list"], "audit"),
        (Role.OPERATOR, ["token", "list"], "administer"),
        (Role.SECURITY_OFFICER, ["person", "list"], "administer"),
        (Role.SECURITY_OFFICER, ["station", "remove", "CP-1", "--yes"], "manage"),
    ],
)
def test_the_command_line_may_do_what_its_role_may(shell: Shell, role: Role, words: list[str], lacks: str) -> None:
    shell.a_station("CP-1")
    shell.role = role
    before = shell.workspace.writes
    code, line = shell.refuse(*words)
    assert code == 4
    assert f"(it needs {lacks})" in line
    assert shell.workspace.writes == before
    shell.read("station", "show", "CP-1")


def test_the_setting_knows_every_role() -> None:
    assert [one.value for one in SignInRole] == [one.value for one in Role]
