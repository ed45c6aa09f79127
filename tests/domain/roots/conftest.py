"""The world in which every test of roots happens."""

from __future__ import annotations

import pytest

from tests.domain.roots.yard import Yard


@pytest.fixture
def yard() -> Yard:
    return Yard()
