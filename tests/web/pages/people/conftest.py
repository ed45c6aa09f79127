"""The pages as they are behind TLS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.door import Building


@pytest.fixture
def building_behind_tls(building: Building) -> Iterator[Building]:
    with building.changed(is_secure=True, console_url="https://forecourt"):
        yield building
