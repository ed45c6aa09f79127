"""The door that every test of the REST interface knocks at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.door import Door, House, open_house


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    with open_house() as opened:
        yield opened


@pytest.fixture
def door(house: House) -> Door:
    return Door(house)
