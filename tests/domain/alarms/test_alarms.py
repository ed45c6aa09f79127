"""Tests of alarms: raised once, told once, over when it is over."""

from __future__ import annotations

from datetime import timedelta

from forecourt.domain.alarms.model import MAX_SENTENCE, Alarm, AlarmFilter, AlarmNumber, Level, Topic
from forecourt.domain.alarms.service import KEPT
from forecourt.domain.errors import Kind
from forecourt.domain.paging import PageRequest
from tests.domain.world import World, refused
from tests.support.clock import NOON

MINUTE = timedelta(minutes=1)
ALL = PageRequest(1000)


def alarms(world: World) -> list[Alarm]:
    return list(world.services.alarms.list(AlarmFilter(), ALL).items)


def rings(world: World) -> int:
    return world.unit.rings.count("security")


def test_the_same_alarm_is_open_once_however_often_it_is_raised() -> None:
    world = World()
    for _ in range(3):
        world.services.alarms.raise_(Topic.AUTHORITY, "acme", Level.WARNING, "It is silent.")
        world.clock.advance(MINUTE)
    assert [(one.topic, one.subject, one.raised_at, one.changed_at) for one in alarms(world)] == [
        (Topic.AUTHORITY, "acme", NOON, NOON)
    ]
    assert rings(world) == 1, "only what is new is told"


def test_another_sentence_changes_the_open_alarm() -> None:
    world = World()
    world.services.alarms.raise_(Topic.AUTHORITY, "acme", Level.WARNING, "It is silent.")
    world.clock.advance(MINUTE)
    world.services.alarms.raise_(Topic.AUTHORITY, "acme", Level.WARNING, "It refuses.")
    (alarm,) = alarms(world)
    assert (alarm.sentence, alarm.raised_at, alarm.changed_at) == ("It refuses.", NOON, NOON + MINUTE)
    assert rings(world) == 2


def test_subjects_and_topics_have_alarms_of_their_own() -> None:
    world = World()
    world.services.alarms.raise_(Topic.AUTHORITY, "acme", Level.WARNING, "Silent.")
    world.services.alarms.raise_(Topic.AUTHORITY, "est", Level.WARNING, "Silent.")
    world.services.alarms.raise_(Topic.OWN_CA, "est", Level.CRITICAL, "Ends.")
    world.services.alarms.end(Topic.AUTHORITY, "est")
    assert {(one.topic, one.subject) for one in alarms(world) if one.is_open} == {
        (Topic.AUTHORITY, "acme"),
        (Topic.OWN_CA, "est"),
    }
    counts = world.services.alarms.open_counts()
    assert (counts.total, counts.by_level, counts.unacknowledged) == (2, {Level.WARNING: 1, Level.CRITICAL: 1}, 2)


def test_what_comes_again_after_its_end_is_a_new_alarm() -> None:
    world = World()
    for _ in range(2):
        world.services.alarms.raise_(Topic.FILES, "shelf", Level.CRITICAL, "The disk is full.")
        world.services.alarms.end(Topic.FILES, "shelf")
        world.services.alarms.end(Topic.FILES, "shelf")
    assert [one.is_open for one in alarms(world)] == [False, False]
    assert rings(world) == 4


def test_an_acknowledged_alarm_stays_open_and_has_to_be_seen_again_when_it_becomes_critical() -> None:
    world = World()
    service = world.services.alarms
    service.raise_(Topic.CERTIFICATE_EXPIRES, "CP-1", Level.WARNING, "30 days.")
    number = alarms(world)[0].number
    assert service.acknowledge(number, asked_by="token ops").acknowledged_by == "token ops"
    service.raise_(Topic.CERTIFICATE_EXPIRES, "CP-1", Level.WARNING, "7 days.")
    assert alarms(world)[0].acknowledged_by == "token ops"
    assert service.open_counts().unacknowledged == 0
    service.raise_(Topic.CERTIFICATE_EXPIRES, "CP-1", Level.CRITICAL, "1 day.")
    assert (alarms(world)[0].acknowledged_by, alarms(world)[0].acknowledged_at) == (None, None)
    service.acknowledge(number, asked_by="token ops")
    service.raise_(Topic.CERTIFICATE_EXPIRES, "CP-1", Level.CRITICAL, "Expired.")
    assert alarms(world)[0].acknowledged_by == "token ops", "it was critical before"


def test_what_has_ended_or_is_acknowledged_cannot_be_acknowledged() -> None:
    world = World()
    service = world.services.alarms
    service.raise_(Topic.FILES, "shelf", Level.WARNING, "Nearly full.")
    number = alarms(world)[0].number
    service.acknowledge(number, asked_by="token ops")
    with refused(Kind.CONFLICT, about="token ops"):
        service.acknowledge(number, asked_by="token others")
    service.end(Topic.FILES, "shelf")
    with refused(Kind.CONFLICT, about="has ended"):
        service.acknowledge(number, asked_by="token ops")
    with refused(Kind.NOT_FOUND):
        service.acknowledge(AlarmNumber(99), asked_by="token ops")


def test_texts_of_strangers_are_cut_and_cleaned() -> None:
    world = World()
    for _ in range(2):
        world.services.alarms.raise_(Topic.AUTHORITY, "a\x00b" * 200, Level.WARNING, "x\ud800" * MAX_SENTENCE)
    (alarm,) = alarms(world)
    assert len(alarm.sentence) == MAX_SENTENCE
    assert "\x00" not in alarm.subject
    world.services.alarms.end(Topic.AUTHORITY, "a\x00b" * 200)
    assert not alarms(world)[0].is_open


def test_an_ended_alarm_is_forgotten_after_a_year_and_an_open_one_never() -> None:
    world = World()
    world.services.alarms.raise_(Topic.FILES, "shelf", Level.WARNING, "Nearly full.")
    world.services.alarms.raise_(Topic.FILES, "door", Level.WARNING, "Slow.")
    world.services.alarms.end(Topic.FILES, "shelf")
    world.clock.advance(KEPT)
    world.services.alarms.prune()
    assert len(alarms(world)) == 2
    world.clock.advance(MINUTE)
    world.services.alarms.prune()
    assert [one.subject for one in alarms(world)] == ["door"]
