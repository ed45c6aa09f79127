"""How far tables have come, on each database."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.availability.model import EvseStatus, StatusReport
from forecourt.domain.evse import EvseId
from forecourt.domain.message_log.model import Direction, Exchange
from forecourt.domain.provisioning.model import StationKey
from forecourt.domain.pulse.model import Mark
from forecourt.storage.messages import MessageRecords
from forecourt.storage.pulse import ENDS, PulseRecords
from tests.storage.bench import Bench
from tests.support.clock import NOON
from tests.support.workspace import MemoryWorkspace

STATUS = StatusReport(place=EvseId(1), status="Available", error_code="NoError")
EXCHANGE = Exchange(direction=Direction.IN, action="Heartbeat", message_id="1", request="{}")
GROWING = [mark for mark in Mark if mark is not Mark.TRUST]
"""The version of what is trusted stands in a single row."""


def marks(bench: Bench) -> dict[Mark, int]:
    with bench.reading():
        return dict(PulseRecords(bench.unit).marks())


def report(bench: Bench, key: StationKey) -> None:
    bench.availability.record(key, EvseStatus(STATUS, NOON))


def say(bench: Bench, key: StationKey) -> None:
    MessageRecords(bench.unit).add(key, EXCHANGE, NOON, None)


def test_an_empty_database_has_every_mark(bench: Bench) -> None:
    assert marks(bench) == dict.fromkeys(Mark, 0)


@pytest.mark.parametrize(("happen", "mark"), [(report, Mark.STATUS), (say, Mark.MESSAGE)])
def test_what_is_new_moves_its_mark_alone(
    bench: Bench, happen: Callable[[Bench, StationKey], None], mark: Mark
) -> None:
    key = bench.add_station()
    seen = [marks(bench)]
    for _ in range(2):
        with bench.committed():
            happen(bench, key)
        seen.append(marks(bench))
    assert seen[0][mark] < seen[1][mark] < seen[2][mark]
    assert {one for one in Mark if seen[0][one] != seen[2][one]} == {mark}


def test_what_is_new_moves_its_mark_and_what_tells_of_it() -> None:
    services = MemoryWorkspace().services
    services.alarms.raise_(Topic.AUTHORITY, "acme", Level.WARNING, "It is silent.")
    marks = services.pulse.marks()
    assert {mark for mark, end in marks.items() if end} == {Mark.ALARM, Mark.EVENT}


@pytest.mark.parametrize("mark", GROWING)
def test_sqlite_goes_to_the_end_of_an_index(mark: Mark) -> None:
    """The plan in words is the same where there is no index; the steps of its program are not."""
    steps = MemoryWorkspace().unit.all(f"EXPLAIN SELECT {ENDS[mark]}")
    ways = {str(step[1]) for step in steps}
    assert "Last" in ways
    assert "Rewind" not in ways, "it begins at the beginning"
