"""Plans that do not go on by themselves, and what is told of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.alarms.model import Level
from forecourt.domain.errors import Kind
from forecourt.domain.rollovers.model import LOOKED_AT_EVERY, STRAGGLES_AFTER, Step, Wanted
from tests.domain.rollovers.town import NEW, READY, SWITCHED, Town
from tests.domain.world import refused
from tests.support.authority import Authority, Validity
from tests.support.clock import NOON

LOOK = LOOKED_AT_EVERY.total_seconds()
DAY = timedelta(days=1).total_seconds()
SHORT = Validity(timedelta(days=-1), timedelta(days=20))


def test_stragglers_are_told_of(town: Town) -> None:
    town.has("A")
    town.has("B", is_online=False)
    number = town.plans()
    town.works()
    assert town.alarms() == []
    town.settles(STRAGGLES_AFTER.total_seconds())
    town.works()
    [alarm] = town.alarms()
    assert (alarm.level, alarm.subject) == (Level.WARNING, str(number))
    assert "It waits for 'B'." in alarm.sentence
    town.sheds["B"].carrying.comes()
    town.works()
    town.settles(LOOKED_AT_EVERY.total_seconds())
    assert town.alarms() == []


def test_an_old_root_that_ends_soon_is_urgent(town: Town) -> None:
    short = Authority.root("Short", now=NOON, validity=Validity(timedelta(days=-1), timedelta(days=20)))
    town.trusts(short.certificate)
    town.has("A", is_online=False)
    town.plans(old_root=short.certificate.fingerprint)
    town.settles()
    [alarm] = town.alarms()
    assert (alarm.level, "expires on" in alarm.sentence) == (Level.CRITICAL, True)


def test_a_station_that_is_left_holds_nothing_back(town: Town) -> None:
    town.has("A")
    late = town.has("B", is_online=False)
    number = town.plans()
    town.works()
    step = town.services.rollovers.leave(number, "B", "ada")
    assert (step.step, "ada" in (step.reason or "")) == (Step.LEFT, True)
    town.works()
    assert (town.state(number), town.progress(number).ready) == (READY, 1)
    late.carrying.comes()
    assert late.carrying.is_idle(), "what waited for it was taken back"
    with refused(Kind.CONFLICT, about="nothing waits for it"):
        town.services.rollovers.leave(number, "B", "ada")
    assert town.services.rollovers.retry_station(number, "B", "ada").step is Step.PENDING
    town.works()
    assert town.progress(number).ready == 2
    with refused(Kind.CONFLICT, about="failed or was left"):
        town.services.rollovers.retry_station(number, "B", "ada")
    with refused(Kind.NOT_FOUND, about="not in the plan"):
        town.services.rollovers.leave(number, "Q", "ada")


@pytest.mark.parametrize("state", ["paused", "preparing"])
def test_a_plan_that_stands_still_is_told_of_too(town: Town, state: str) -> None:
    short = Authority.root("Short", now=NOON, validity=SHORT)
    town.trusts(short.certificate)
    town.has("A", is_online=False)
    old, new = short.certificate.fingerprint, NEW.certificate.fingerprint
    rollovers = town.services.rollovers
    if state == "paused":
        rollovers.pause(town.plans(old_root=old), "ada")
    else:
        rollovers.add_stations(rollovers.plan(Wanted(old_root=old, new_root=new), "ada").number, ["A"])
    town.settles(DAY)
    [alarm] = town.alarms()
    assert (alarm.level, "expires on" in alarm.sentence) == (Level.CRITICAL, True)


def test_a_paused_plan_that_is_forgotten_is_told_of(town: Town) -> None:
    town.has("A", is_online=False)
    town.services.rollovers.pause(town.plans(), "ada")
    town.settles(STRAGGLES_AFTER.total_seconds())
    [alarm] = town.alarms()
    assert "and paused for a week" in alarm.sentence


def test_listeners_that_lock_stations_out_are_urgent(town: Town) -> None:
    """Whoever switched them, such as an authority that renews by itself."""
    late = town.has("A", is_online=False)
    number = town.plans(server_certificates=())
    town.settles()
    town.serves(NEW, "former")
    town.settles(LOOK)
    town.settles(LOOK)
    [alarm] = town.alarms()
    assert (town.state(number), alarm.level, "'A'" in alarm.sentence) == (SWITCHED, Level.CRITICAL, True)
    late.carrying.comes()
    town.works()
    assert town.alarms() == []
