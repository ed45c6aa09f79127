"""What is asked of stations over REST."""

from __future__ import annotations

from forecourt.domain.errands.model import Errand, ErrandFilter
from forecourt.domain.paging import PageRequest
from tests.api.door import Door

RESET = {"type": "Soft"}


def stored(door: Door) -> list[Errand]:
    return list(door.services.errands.list(ErrandFilter(), PageRequest(1000)).items)
