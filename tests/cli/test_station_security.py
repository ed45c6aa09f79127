"""What a station may connect with, on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from forecourt.domain.admission.keys import as_text, check_fast
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.errands.model import Delivery, Order
from tests.cli.shell import Shell
from tests.support.workspace import PlainHasher

GROUP = ("station", "security")


@pytest.fixture
def shell() -> Shell:
    shell = Shell()
    shell.a_station()
    return shell


def told(shell: Shell, *words: str, stdin: str = "") -> Any:  # JSON has no narrower type
    return json.loads(shell.read(*GROUP, *words, "--json", stdin=stdin))


def test_what_is_set_is_shown_and_the_rest_stays(shell: Shell) -> None:
    told(shell, "set", "CP-1", "--excuse", "legacyTls", "--serial-number", "SN 1", "--trust", "Maker")
    told(shell, "set", "CP-1", "--profile", "2", "--excuse", "basicOverTls", "--trust", "Other")
    shown = told(shell, "show", "CP-1")
    assert (shown["securityProfile"], shown["acceptedProfiles"]) == (2, ["2"])
    assert shown["leniencies"] == ["basicOverTls", "legacyTls"]
    assert (shown["serialNumber"], shown["trustedOrganisations"]) == ("SN 1", ["Maker", "Other"])
    shown = told(shell, "set", "CP-1", "--insist", "legacyTls", "--serial-number", "", "--distrust", "Maker")
    assert shown["leniencies"] == ["basicOverTls"]
    assert (shown["serialNumber"], shown["trustedOrganisations"]) == (None, ["Other"])
    assert json.loads(shell.read("station", "show", "CP-1", "--json"))["securityProfile"] == 2


def test_lowering_needs_a_word_of_its_own(shell: Shell) -> None:
    told(shell, "set", "CP-1", "--profile", "2")
    code, line = shell.refuse(*GROUP, "set", "CP-1", "--profile", "1")
    assert (code, "lowered" in line) == (4, True)
    assert told(shell, "set", "CP-1", "--profile", "1", "--lower", "--yes")["securityProfile"] == 1


def test_what_takes_something_away_is_asked_about_on_a_terminal(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forecourt.cli.consent.is_somebody_there", lambda: True)
    told(shell, "set", "CP-1", "--profile", "2")
    assert shell.type(*GROUP, "set", "CP-1", "--profile", "1", "--lower", stdin="n\n").exit_code == 1
    assert shell.type(*GROUP, "password", "CP-1", stdin="n\n").exit_code == 1
    assert shell.type(*GROUP, "set", "CP-1", "--new-device", stdin="n\n").exit_code == 1
    shown = told(shell, "show", "CP-1")
    assert (shown["securityProfile"], shown["passwords"]) == (2, [])
    assert shell.type(*GROUP, "set", "CP-1", "--profile", "1", "--lower", stdin="y\n").exit_code == 0
    assert shell.type(*GROUP, "password", "CP-1", stdin="y\n").exit_code == 0
    assert shell.type(*GROUP, "drop", "CP-1", "1", stdin="n\n").exit_code == 1


@pytest.mark.parametrize(
    "words",
    [
        ("password", "CP-1", "--file", "-"),
        ("set", "CP-1", "--new-device"),
        ("keep", "CP-1", "1"),
        ("drop", "CP-1", "1"),
        ("give-up-upgrade", "CP-1"),
    ],
)
def test_where_nobody_can_be_asked_the_way_to_confirm_is_told(shell: Shell, words: tuple[str, ...]) -> None:
    result = shell.type(*GROUP, *words, stdin="a password of 20 by\n")
    assert result.exit_code == 2
    assert "add --yes" in result.stderr


def test_lowering_to_nothing_is_refused(shell: Shell) -> None:
    assert "--profile" in shell.refuse(*GROUP, "set", "CP-1", "--lower", "--yes")[1]


def test_raised_by_hand_what_is_missing_is_told(shell: Shell) -> None:
    result = shell.type(*GROUP, "set", "CP-1", "--profile", "1")
    assert result.exit_code == 0
    assert "A05.FR.02" in result.stderr


def test_another_device_stands_there(shell: Shell) -> None:
    """A00.FR.405, 406."""
    told(shell, "set", "CP-1", "--serial-number", "SN 1")
    assert told(shell, "set", "CP-1", "--new-device", "--yes")["serialNumber"] is None
    assert told(shell, "set", "CP-1", "--new-device", "--yes", "--serial-number", "SN 2")["serialNumber"] == "SN 2"


def test_a_password_is_made_and_shown_once(shell: Shell) -> None:
    made = told(shell, "password", "CP-1", "--yes")
    access = shell.services.admissions.access(shell.services.provisioning.get_station("CP-1"))
    assert check_fast(access.passwords[0].hashed, made["password"].encode())
    assert bytes.fromhex(made["authorizationKey"]).decode() == made["password"]
    shown = shell.read(*GROUP, "show", "CP-1")
    assert made["password"] not in shown
    assert access.passwords[0].hashed not in shown


@pytest.mark.parametrize(
    ("content", "options", "secret"),
    [
        ("a good long password\n", (), b"a good long password"),
        ("a good long password\r\n", (), b"a good long password"),
        ("30313233343536373839414243444546\n", ("--hex",), b"0123456789ABCDEF"),
    ],
)
def test_a_password_is_read_from_a_file_and_not_shown(
    shell: Shell, tmp_path: Path, content: str, options: tuple[str, ...], secret: bytes
) -> None:
    file = tmp_path / "password"
    file.write_bytes(content.encode())
    assert told(shell, "password", "CP-1", "--yes", "--file", str(file), *options) == {"number": 1}
    assert told(shell, "password", "CP-1", "--yes", "--file", "-", *options, stdin=content) == {"number": 2}
    access = shell.services.admissions.access(shell.services.provisioning.get_station("CP-1"))
    assert all(PlainHasher().is_match(one.hashed, as_text(secret)) for one in access.passwords)


def test_what_is_no_password_is_refused(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2")
    code, line = shell.refuse(*GROUP, "password", "CP-1", "--yes", "--file", str(file), "--hex")
    assert "hexadecimal" in line
    assert "hunter2" not in line
    assert shell.refuse(*GROUP, "password", "CP-1", "--yes", "--hex")[0] == code
    assert "cannot be read" in shell.refuse(*GROUP, "password", "CP-1", "--yes", "--file", str(tmp_path / "none"))[1]


def test_a_short_one_is_warned_of(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("short")
    result = shell.type(*GROUP, "password", "CP-1", "--yes", "--file", str(file))
    assert result.exit_code == 0
    assert "A00.FR.205" in result.stderr


def test_passwords_are_kept_and_dropped(shell: Shell) -> None:
    for _ in range(2):
        shell.read(*GROUP, "password", "CP-1", "--yes")
    kept = told(shell, "keep", "CP-1", "1", "--yes")
    assert [(one["number"], one["state"]) for one in kept["passwords"]] == [(1, "current"), (2, "former")]
    assert [one["number"] for one in told(shell, "drop", "CP-1", "2", "--yes")["passwords"]] == [1]
    assert shell.refuse(*GROUP, "drop", "CP-1", "2", "--yes")[0] == 3


def test_an_upgrade_is_shown_and_given_up(shell: Shell) -> None:
    station = shell.services.provisioning.get_station("CP-1")
    order = Order(asked_by="ada", delivery=Delivery.WHEN_ONLINE)
    errand = shell.services.profile_upgrades.upgrade(station, SecurityProfile.BASIC, order, despite=True)
    shown = told(shell, "show", "CP-1")
    assert (shown["upgrade"], shown["upgradeErrand"]) == ("offered", errand.number)
    assert shown["acceptedProfiles"] == ["1", "0"]
    assert told(shell, "give-up-upgrade", "CP-1", "--yes")["upgrade"] is None


def test_what_is_missing_is_listed(shell: Shell) -> None:
    listed = json.loads(shell.read(*GROUP, "preconditions", "CP-1", "2", "--json"))
    assert [(one["name"], one["met"]) for one in listed] == [("key", False), ("root", False), ("listener", None)]


def test_stations_are_registered_and_listed_by_their_profile(shell: Shell) -> None:
    shell.read("station", "add", "CP-2", "--security-profile", "2")
    listed = json.loads(shell.read("station", "list", "--security-profile", "2", "--json"))
    assert [one["id"] for one in listed] == ["CP-2"]


def test_who_did_it_is_noted(shell: Shell) -> None:
    shell.read(*GROUP, "set", "CP-1", "--profile", "1")
    assert "command line" in shell.read("security", "log", "--json")
