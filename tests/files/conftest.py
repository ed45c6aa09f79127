"""Doors for tests of files do not linger: neither when they close, nor with who signs in wrongly."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forecourt.files.door.LINGER_SECONDS", 0.3)
    monkeypatch.setattr("forecourt.files.ftp.POLL_SECONDS", 0.02)
    monkeypatch.setattr("forecourt.files.ftp_session.FAILED_SIGN_IN_SECONDS", 0.05)
