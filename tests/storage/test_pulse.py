"""How far tables have come, on each database."""

from __future__ import annotations

import pytest

from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.pulse.model import Mark
from forecourt.storage.pulse import ENDS
from tests.support.workspace import MemoryWorkspace


def test_an_empty_database_has_every_mark() -> None:
    assert MemoryWorkspace().services.pulse.marks() == dict.fromkeys(Mark, 0)


def test_what_is_new_moves_its_mark_and_what_tells_of_it() -> None:
    services = MemoryWorkspace().services
    services.alarms.raise_(Topic.AUTHORITY, "acme", Level.WARNING, "It is silent.")
    marks = services.pulse.marks()
    assert {mark for mark, end in marks.items() if end} == {Mark.ALARM, Mark.EVENT}


@pytest.mark.parametrize("mark", Mark)
def test_no_table_is_read_as_a_whole(mark: Mark) -> None:
    """SQLite says SEARCH where it goes to the end of an index, and SCAN where it reads all."""
    unit = MemoryWorkspace().unit
    plan = unit.all(f"EXPLAIN QUERY PLAN SELECT {ENDS[mark]}")
    assert [row[3] for row in plan if not row[3].startswith("SEARCH")] == []
