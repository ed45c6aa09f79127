"""A place where settings are written down and read."""

from __future__ import annotations

from pathlib import Path

import pytest

from forecourt.config import (
    Config,
)
from forecourt.loading import read
from forecourt.settings import ConfigError

A_PASSWORD = "hunter2-hunter2"
A_URL = f"postgresql://user:{A_PASSWORD}@db.example/forecourt"


def toml_of(name: str, text: str) -> str:
    section, _, key = name.rpartition(".")
    return f"[{section}]\n{key} = {text}\n" if section else f"{key} = {text}\n"


class Desk:
    """A folder with a file of settings."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "settings.toml"

    def reads(self, toml: str = "", **environment: str) -> Config:
        self._file.write_text(toml, "utf-8")
        return read({"FORECOURT_CONFIG": str(self._file), **environment})

    def mistakes(self, toml: str = "", **environment: str) -> list[str]:
        with pytest.raises(ConfigError) as refused:
            self.reads(toml, **environment)
        assert all(mistake in str(refused.value) for mistake in refused.value.mistakes)
        return refused.value.mistakes
