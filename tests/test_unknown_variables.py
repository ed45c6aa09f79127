"""Variables that are named as settings are, and are none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from forecourt.loading import unknown_variables


@pytest.mark.parametrize("name", ["FORECOURT_CONFIG", "FORECOURT_DATA", "FORECOURT_FILES_HTTP", "FORECOURT_LOG_JSON"])
def test_settings_are_known(name: str) -> None:
    assert unknown_variables({name: "x"}) == []


def test_what_is_no_setting_is_told_and_what_is_of_others_is_not() -> None:
    given = {"FORECOURT_FILES": "x", "FORECOURT_FILES_FTP_TLS_ONYL": "x", "PATH": "x", "FORECOURT_LISTENERS": "x"}
    assert unknown_variables(given) == ["FORECOURT_FILES", "FORECOURT_FILES_FTP_TLS_ONYL", "FORECOURT_LISTENERS"]


def test_a_start_warns_of_them_without_their_values() -> None:
    command = [sys.executable, "-c", "from forecourt.app import node; node._load()"]
    environment = {"PATH": "", "FORECOURT_SECRET_KEYS": "c0ffee"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    [line] = (run.stdout + run.stderr).splitlines()
    assert "no_such_setting" in line
    assert "FORECOURT_SECRET_KEYS" in line
    assert "c0ffee" not in line
