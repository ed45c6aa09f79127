"""The station that the certification tool's cases begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stories.octt.states import a_link, boot
from tests.support.peer import Peer
from tests.support.running import RunningSystem


@pytest.fixture
def peer(system: RunningSystem) -> Iterator[Peer]:
    """A new station that has booted; its connector 1 is free."""
    with a_link(system) as station:
        boot(station)
        yield station
