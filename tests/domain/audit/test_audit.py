"""The record of who did what."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import NoReturn

import pytest

from forecourt.domain.audit.model import MAX_DETAIL, MAX_SUBJECT, AuditFilter, Deed, Via
from forecourt.domain.audit.recording import Record, RecordedWorkspace
from forecourt.domain.audit.service import KEPT
from forecourt.domain.provisioning.model import StationDraft
from forecourt.domain.services import Services
from tests.domain.world import ALL, World
from tests.support.workspace import MemoryWorkspace

A_DEED = Deed(who="ann", via=Via.REST, action="addStation", subject="CP1")


def noted(services: Services) -> list[Deed]:
    return [entry.deed for entry in services.audit.list(AuditFilter(), ALL).items]


def test_a_deed_is_written_down_and_cut_where_it_is_too_long() -> None:
    world = World()
    world.services.audit.note(Deed(who="a\x00nn", via=Via.PAGE, action="x", subject="s" * 999, detail="d" * 9999))
    (entry,) = world.services.audit.list(AuditFilter(), ALL).items
    assert entry.at == world.clock.now()
    assert entry.deed.who == "a\ufffdnn"
    assert (len(entry.deed.subject), len(entry.deed.detail)) == (MAX_SUBJECT, MAX_DETAIL)


def test_entries_are_kept_for_as_long_as_the_settings_want() -> None:
    world = World()
    world.services.audit.note(A_DEED)
    world.clock.advance(KEPT)
    world.services.audit.prune()
    assert noted(world.services) == [A_DEED]
    world.clock.advance(timedelta(microseconds=1))
    world.services.audit.prune()
    assert noted(world.services) == []


def add_station(services: Services, identity: str = "CP1") -> None:
    services.provisioning.add(StationDraft(identity=identity))


def test_what_is_changed_is_written_down_with_it_once_for_a_request() -> None:
    workspace = MemoryWorkspace()
    record = Record(A_DEED)

    async def request() -> None:
        works = RecordedWorkspace(workspace, record)
        await works.read(lambda services: services.provisioning.find_station("CP1"))
        assert noted(workspace.services) == []
        record.tell("first")
        record.tell("second")
        for number in range(3):
            await works.write(partial(add_station, identity=f"CP{number}"))

    asyncio.run(request())
    (deed,) = noted(workspace.services)
    assert (deed.who, deed.subject, deed.detail) == ("ann", "CP1", "first; second")


def test_what_is_refused_is_not_written_down() -> None:
    workspace = MemoryWorkspace()
    works = RecordedWorkspace(workspace, Record(A_DEED))

    def fail(services: Services) -> NoReturn:
        add_station(services)
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(works.write(fail))
    assert noted(workspace.services) == []
    asyncio.run(works.write(add_station))
    assert noted(workspace.services) == [A_DEED]
