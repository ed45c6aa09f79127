"""Doors for tests of files do not linger."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forecourt.files.door.LINGER_SECONDS", 0.3)
