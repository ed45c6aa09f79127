"""Every misbehaviour has a name that fits a command line, a line that describes it, and a test."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from forecourt_simulator.__main__ import app
from forecourt_simulator.misbehaviour import Misbehaviour, other_serial_number


def test_names_and_descriptions_are_fit_to_be_read() -> None:
    for one in Misbehaviour:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.value)
        assert one.value == one.name.lower().replace("_", "-")
        assert one.description.endswith(".")
        assert "\n" not in one.description
    assert len({one.description for one in Misbehaviour}) == len(Misbehaviour)


def test_every_misbehaviour_is_tried_in_a_test() -> None:
    texts = "".join(path.read_text() for path in Path(__file__).parent.rglob("test_*.py"))
    assert [one.name for one in Misbehaviour if f"Misbehaviour.{one.name}" not in texts] == []


def test_the_command_line_lists_them() -> None:
    output = CliRunner().invoke(app, ["misbehaviours"]).output
    assert [line.split()[0] for line in output.splitlines()] == [one.value for one in Misbehaviour]


def test_the_documents_describe_them_in_the_same_words() -> None:
    text = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
    rows = [f"| `{one.value}` | {one.description} |" for one in Misbehaviour]
    assert "\n".join(rows) in text


def test_another_serial_number_is_never_the_same_and_fits_the_message() -> None:
    """CiString25 in BootNotification (OCPP 1.6 §6.3)."""
    for serial_number in ("1", "N" * 25):
        other = other_serial_number(serial_number)
        assert other != serial_number
        assert len(other) <= 25
