"""What all tests of the courier share."""

from __future__ import annotations

import pytest

from forecourt.courier import courier as module


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.02)
