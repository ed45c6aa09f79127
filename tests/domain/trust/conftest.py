"""The world in which every test of trust happens."""

from __future__ import annotations

import pytest

from tests.domain.trust.trusting import Vicinity


@pytest.fixture
def world() -> Vicinity:
    return Vicinity()
