"""When the old root goes from a station, and when it stays (M04)."""

from __future__ import annotations

from forecourt.domain.rollovers.model import LOOKED_AT_EVERY, Step
from tests.domain.rollovers.town import CLEANING, DONE, NEW, OLD, SWITCHED, Town

BOTH = [OLD.certificate, NEW.certificate]
LOOK = LOOKED_AT_EVERY.total_seconds()


def test_a_deletion_that_waits_is_taken_back_once_the_former_chain_is_presented(town: Town) -> None:
    shed = town.has("A")
    number = town.plans()
    town.works()
    town.switches(number)
    town.connects("A")
    town.settles(LOOK)
    assert town.step(number) is Step.DELETING
    town.presents(former=True, next=False)
    town.settles(3)
    town.works()
    assert (town.step(number), town.state(number), shed.roots) == (Step.READY, SWITCHED, BOTH)


def test_a_deletion_does_not_wait_for_a_station_that_went(town: Town) -> None:
    shed = town.has("A")
    number = town.plans()
    town.works()
    town.switches(number)
    town.connects("A")
    shed.carrying.leaves()
    town.settles(LOOK)
    assert town.step(number) is Step.READY, "it is off line again"
    shed.carrying.comes()
    town.connects("A")
    town.works()
    assert (town.step(number), shed.roots) == (Step.DONE, [NEW.certificate])


def test_what_connected_while_the_former_chain_was_presented_was_not_seen(town: Town) -> None:
    """However short that was: the old root stays until the station comes back over the new chain."""
    shed = town.has("A")
    number = town.plans()
    town.works()
    town.switches(number)
    town.presents(former=True, next=False)
    town.connects("A")
    town.presents(next=True, former=False)
    town.settles(LOOK)
    assert town.state(number) is SWITCHED
    for _ in range(4):
        town.settles(LOOK)
        town.works()
    assert (town.state(number), town.step(number), shed.roots) == (CLEANING, Step.READY, BOTH)
    town.connects("A")
    town.works()
    assert (town.state(number), shed.roots) == (DONE, [NEW.certificate])


def test_nothing_is_deleted_while_the_former_chain_is_presented_too(town: Town) -> None:
    shed = town.has("A")
    number = town.plans()
    town.works()
    town.switches(number)
    town.presents(former=True)
    town.connects("A")
    for _ in range(4):
        town.settles(LOOK)
        town.works()
    progress = town.progress(number)
    assert (town.state(number), progress.rollover.switched_at, shed.roots) == (SWITCHED, None, BOTH)
    assert "nothing is deleted" in (progress.rollover.reason or "")
