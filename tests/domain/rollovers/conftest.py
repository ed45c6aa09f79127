"""The world in which every test of plans to replace a root happens."""

from __future__ import annotations

import pytest

from tests.domain.rollovers.town import Town


@pytest.fixture
def town() -> Town:
    return Town()
