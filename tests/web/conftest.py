"""The pages that every test of them opens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.door import Building, Pages, open_building


@pytest.fixture(scope="session")
def building() -> Iterator[Building]:
    with open_building() as opened:
        yield opened


@pytest.fixture
def pages(building: Building) -> Pages:
    """Signed in as an administrator."""
    return Pages(building)


@pytest.fixture
def stranger(building: Building) -> Pages:
    """Nobody signed in."""
    return Pages(building, role=None)
